"""The life of a task as one table."""

from __future__ import annotations

from gridserver.base.lifecycle import Lifecycle

#: Somebody is at it.
WORKING = ("signed", "en_route", "on_scene")
_OPEN = ("assigned", *WORKING)
_STATES = (*_OPEN, "reported", "closed", "cancelled", "handed_over")

#: Escalating adds an offer and is no state, so it isn't here.
TASK = Lifecycle(
    states=_STATES,
    transitions={
        ("assigned", "sign"): "signed",
        ("signed", "depart"): "en_route",
        ("en_route", "arrive"): "on_scene",
        ("on_scene", "report"): "reported",
        ("reported", "close"): "closed",
        ("reported", "send_back"): "on_scene",
        **{(state, "return"): "assigned" for state in WORKING},
        **{(state, "reassign"): "assigned" for state in (*_OPEN, "reported")},
        **{(state, "cancel"): "cancelled" for state in _OPEN},
        **{(state, "hand_over"): "handed_over" for state in _OPEN},
        ("handed_over", "answer"): "handed_over",
        **{(state, "call_support"): state for state in WORKING},
        **{(state, "link"): state for state in _STATES},
    },
)

#: What the holder of an open offer, the assignee and the command room may do. A verb of two
#: parties may be done by either.
BY_OFFERED = frozenset({"sign"})
BY_ASSIGNEE = frozenset({"depart", "arrive", "report", "return", "call_support"})
BY_COMMAND = frozenset({"close", "send_back", "reassign", "cancel", "hand_over", "answer", "link"})
