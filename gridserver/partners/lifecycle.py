"""The life of a letter as one table."""

from __future__ import annotations

from gridserver.base.lifecycle import Lifecycle

#: ``fail`` is a try that failed with others to come; ``give_up`` is the last one.
LETTER = Lifecycle(
    states=("pending", "sent", "dead"),
    transitions={
        ("pending", "deliver"): "sent",
        ("pending", "fail"): "pending",
        ("pending", "give_up"): "dead",
        ("dead", "retry"): "pending",
    },
)
