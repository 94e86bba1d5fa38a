"""How the processes of a run talk to each other: small files, replaced whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: A file of this name in the run's folder tells everybody to behave from now on.
CALM = "calm"
#: One of this name tells the callers to report nothing new.
ENOUGH = "enough"


@dataclass(frozen=True)
class Status:
    """How far the handhelds of a process are.

    Attributes
    ----------
    cursors
        The last number of each account.
    received, repeated
        Messages that were news, and those that came once more.
    commands, unanswered
        Commands that were given, and those without an answer.
    """

    cursors: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    received: int = 0
    repeated: int = 0
    commands: int = 0
    unanswered: int = 0

    def write(self, path: Path) -> None:
        """Replace the file."""
        fresh = path.with_suffix(".fresh")
        fresh.write_text(json.dumps(asdict(self)))
        fresh.replace(path)


def read(path: Path) -> Status:
    """Return the last status; an empty one where there is none yet."""
    return Status(**json.loads(path.read_text())) if path.exists() else Status()


def together(statuses: list[Status]) -> Status:
    """Add up."""
    return Status(
        {name: seq for each in statuses for name, seq in each.cursors.items()},
        *(
            sum(getattr(each, name) for each in statuses)
            for name in ("connections", "received", "repeated", "commands", "unanswered")
        ),
    )
