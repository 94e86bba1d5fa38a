"""The life of a bulletin, and of a sighting."""

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

#: Somebody still owes the officer an answer.
UNANSWERED = ("open", "promised", "escalated")

#: `promised` is one for which the issuing room said until when it will answer, `escalated` one that
#: wasn't answered in time. `lapsed` was never answered: the bulletin was over first.
SIGHTING = Lifecycle(
    states=(*UNANSWERED, "confirmed", "refuted", "lapsed"),
    transitions={
        **{(state, "confirm"): "confirmed" for state in UNANSWERED},
        **{(state, "refute"): "refuted" for state in UNANSWERED},
        **{(state, "promise"): "promised" for state in UNANSWERED},
        **{(state, "escalate"): "escalated" for state in ("open", "promised")},
        **{(state, "drop"): "lapsed" for state in UNANSWERED},
    },
)

#: What the clock alone does.
BY_CLOCK = frozenset({"lapse", "expire"})
#: All that is ever done to an exercise.
OF_EXERCISES = frozenset({"edit", "withdraw", "lapse"})
