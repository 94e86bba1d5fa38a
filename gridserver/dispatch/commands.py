"""What a person may say to a task: the verbs, and what each carries. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gridserver.attachments.rules import read_hashes
from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.delivery.commands import Command
from gridserver.dispatch.lifecycle import TASK

#: What a report may count: nobody's name, only how many.
COUNTS = ("suspects", "offences", "persons_helped")
OUTCOMES = ("resolved", "unfounded", "referred", "unresolved")
LINKS = ("duplicate", "follow_up")

_LONGEST_TEXT = 4000
_LONGEST_NAME = 200
#: More than a report can count.
_MOST = 100_000


Reader = Callable[[object, str], Any]


def _text(value: object, name: str) -> str:
    return reading.text(value, name, longest=_LONGEST_TEXT)


def _optional_text(value: object, name: str) -> str | None:
    return reading.optional_text(value, name, longest=_LONGEST_TEXT)


def _optional_count(value: object, name: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        said = f"{name}: give a whole number from 0 to {_MOST}, or leave it out."
        raise Invalid("task.bad_data", said, field=name)
    return value


def _name(value: object, name: str) -> str:
    return reading.text(value, name, longest=_LONGEST_NAME)


def _optional_name(value: object, name: str) -> str | None:
    return None if value is None else _name(value, name)


def _task_id(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise Invalid("task.bad_data", f"{name}: give the id of a task.", field=name)
    return value


def _optional_attachments(value: object, name: str) -> list[str] | None:
    return list(read_hashes(value, name)) or None


def _one_of(*choices: str) -> Reader:
    def read(value: object, name: str) -> str:
        if value not in choices:
            said = f"{name}: give one of {', '.join(choices)}."
            raise Invalid("task.bad_data", said, field=name)
        return str(value)

    return read


#: verb → what it carries. A verb that isn't here carries nothing.
_CARRIES: dict[str, dict[str, Reader]] = {
    "report": {
        "outcome": _one_of(*OUTCOMES),
        "text": _text,
        **dict.fromkeys(COUNTS, _optional_count),
        "attachments": _optional_attachments,
    },
    "return": {"reason": _text},
    "cancel": {"reason": _text},
    "send_back": {"remark": _text},
    "reassign": {"to": _optional_name, "unit": _optional_name},
    "hand_over": {"agency": _name, "text": _text},
    "answer": {"text": _text},
    "call_support": {"text": _optional_text},
    "link": {"to": _task_id, "kind": _one_of(*LINKS)},
}


def read_data(command: Command) -> dict[str, Any]:
    """Return the verb's data, checked, without what was left out.

    Raises
    ------
    Invalid
        ``task.unknown_verb``; ``task.bad_data`` or ``input.*`` naming ``data.<field>``.
    """
    if command.verb not in TASK.verbs:
        raise Invalid(
            "task.unknown_verb",
            f"There is no verb {command.verb!r}: give one of {', '.join(TASK.verbs)}.",
            field="verb",
        )
    carries = _CARRIES.get(command.verb, {})
    if unknown := sorted(set(command.data) - set(carries)):
        # Any text may be a name, but a refusal is stored, and PostgreSQL takes no U+0000.
        name = f"data.{unknown[0] if unknown[0].isprintable() else ascii(unknown[0])}"[:200]
        raise Invalid("task.bad_data", f"{name}: {command.verb} takes no such field.", field=name)
    given = {name: read(command.data.get(name), f"data.{name}") for name, read in carries.items()}
    data = {name: value for name, value in given.items() if value is not None}
    if command.verb == "reassign" and len(data) != 1:
        said = "data.to: give a person (to) or the unit that the task's advice names (unit)."
        raise Invalid("task.bad_data", said, field="data.to")
    return data
