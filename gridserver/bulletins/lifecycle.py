"""The life of a bulletin."""

from __future__ import annotations

from gridserver.base.lifecycle import Lifecycle

#: Terminals hold it.
LIVE = ("provisional", "active", "renewed")
#: Nobody acts on it any longer; its personal data waits for the purge.
ENDED = ("withdrawn", "expired", "resolved")

#: `provisional` is an urgent one that went out at once and waits for its second person.
#: `lapse` (unapproved in time) and `expire` are the clock's.
BULLETIN = Lifecycle(
    states=("draft", "approved", *LIVE, *ENDED),
    transitions={
        ("draft", "edit"): "draft",
        ("draft", "approve"): "approved",
        ("draft", "send_at_once"): "provisional",
        ("approved", "issue"): "active",
        ("provisional", "approve"): "active",
        **{(state, "lapse"): "withdrawn" for state in ("draft", "provisional")},
        **{(state, "renew"): "renewed" for state in ("active", "renewed")},
        **{(state, "validate"): state for state in ("active", "renewed")},
        **{(state, "resolve"): "resolved" for state in LIVE},
        **{(state, "withdraw"): "withdrawn" for state in ("draft", "approved", *LIVE)},
        **{(state, "expire"): "expired" for state in ("approved", *LIVE)},
    },
)

#: What the clock alone does.
BY_CLOCK = frozenset({"lapse", "expire"})
