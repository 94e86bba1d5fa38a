"""The life of a reject as one table."""

from __future__ import annotations

from gridserver.base.lifecycle import Lifecycle

#: ``take``: replayed, and taken; ``dismiss``: an admin says that nothing is to come of it;
#: ``come_again``: the same body was sent once more, and again couldn't
#: be taken.
REJECT = Lifecycle(
    states=("open", "taken", "dismissed"),
    transitions={
        ("open", "take"): "taken",
        ("open", "dismiss"): "dismissed",
        ("open", "come_again"): "open",
        ("taken", "come_again"): "open",
        ("dismissed", "come_again"): "open",
    },
)
