"""What an order may say, when its clock rings, and what answers it: pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridserver.base import reading
from gridserver.base.errors import Invalid

KINDS = ("order", "notice")
URGENCIES = ("routine", "urgent")
#: What the persons are asked for: nothing, that they confirm having read it, one of the given
#: choices, or words of their own.
ASKS = ("none", "read", "choice", "text")
#: What a new order is to the one it refers to. One that renews it closes it.
RELATIONS = ("supplements", "renews")
#: Half of the time to answer, its end, and when terminals let go of the order.
DEADLINES = ("half", "answer_by", "expires")
VERBS = ("read", "answer")

#: How long terminals keep an order after its deadline, or after its issue where it has none.
KEPT = dt.timedelta(days=7)
_LONGEST_TIME = dt.timedelta(days=90)
_LONGEST_TITLE = 80
_LONGEST_TEXT = 2_000
_LONGEST_CHOICE = 30
_FEWEST_CHOICES, _MOST_CHOICES = 2, 6
_LONGEST_ANSWER = 500
LONGEST_REASON = 500


@dataclass(frozen=True)
class Draft:
    """What an order says, before it is sent.

    Attributes
    ----------
    choices
        The answers to choose from, where `asks` is ``choice``.
    answer_by
        Until when the answer is asked; None: until the order's end.
    refers_to, relation
        The order that this one supplements or renews.
    """

    kind: str
    title: str
    text: str
    urgency: str = "routine"
    asks: str = "none"
    choices: Sequence[str] = ()
    answer_by: dt.datetime | None = None
    refers_to: int | None = None
    relation: str | None = None


def checked(draft: Draft, now: dt.datetime) -> Draft:
    """Return the draft without blanks at the ends of its texts and with its moment in UTC.

    Raises
    ------
    Invalid
        ``input.*``; ``order.unknown_word``, ``order.choices``, ``order.deadline``,
        ``order.relation``, naming the field.
    """
    for name, words in (("kind", KINDS), ("urgency", URGENCIES), ("asks", ASKS)):
        _check_word(getattr(draft, name), name, words)
    if (draft.refers_to is None) != (draft.relation is None):
        raise Invalid(
            "order.relation",
            "relation: say what this is to the order it refers to, and give both or neither.",
            field="relation",
        )
    if draft.relation is not None:
        _check_word(draft.relation, "relation", RELATIONS)
    return Draft(
        kind=draft.kind,
        title=reading.text(draft.title, "title", longest=_LONGEST_TITLE),
        text=reading.text(draft.text, "text", longest=_LONGEST_TEXT),
        urgency=draft.urgency,
        asks=draft.asks,
        choices=_choices(draft),
        answer_by=_answer_by(draft, now),
        refers_to=draft.refers_to,
        relation=draft.relation,
    )


def _check_word(value: str, field: str, words: Sequence[str]) -> None:
    if value not in words:
        said = f"{field}: give one of {', '.join(words)}."
        raise Invalid("order.unknown_word", said, field=field)


def _choices(draft: Draft) -> tuple[str, ...]:
    if draft.asks != "choice":
        if draft.choices:
            said = "choices: only where a choice is asked."
            raise Invalid("order.choices", said, field="choices")
        return ()
    chosen = tuple(reading.text(c, "choices", longest=_LONGEST_CHOICE) for c in draft.choices)
    if not _FEWEST_CHOICES <= len(chosen) <= _MOST_CHOICES or len(set(chosen)) < len(chosen):
        raise Invalid(
            "order.choices",
            f"choices: give {_FEWEST_CHOICES} to {_MOST_CHOICES} answers that differ.",
            field="choices",
        )
    return chosen


def _answer_by(draft: Draft, now: dt.datetime) -> dt.datetime | None:
    if draft.answer_by is None:
        return None
    if draft.asks == "none":
        said = "answer_by: nothing is asked; ask for something or leave it out."
        raise Invalid("order.deadline", said, field="answer_by")
    deadline = reading.moment(draft.answer_by, "answer_by")
    if not now < deadline <= now + _LONGEST_TIME:
        said = f"answer_by: give a time from now on, within {_LONGEST_TIME.days} days."
        raise Invalid("order.deadline", said, field="answer_by")
    return deadline


def expires_at(draft: Draft, issued_at: dt.datetime) -> dt.datetime:
    """Return when terminals let go of the order."""
    return (draft.answer_by or issued_at) + KEPT


def deadlines(draft: Draft, issued_at: dt.datetime) -> dict[str, dt.datetime]:
    """Return when the clock rings, by what it rings for."""
    ends = {"expires": expires_at(draft, issued_at)}
    if draft.answer_by is None:
        return ends
    half = issued_at + (draft.answer_by - issued_at) / 2
    return {"half": half, "answer_by": draft.answer_by} | ends


def read_answer(
    asks: str, choices: Sequence[str], verb: str, data: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return what a verb says as an answer, JSON-able; None where it is none.

    Reading answers an order that asks for just that.

    Raises
    ------
    Invalid
        ``order.unknown_verb``; ``order.bad_answer`` or ``input.*`` naming ``data.<field>``.
    """
    if verb not in VERBS:
        said = f"There is no verb {verb!r}: give one of {', '.join(VERBS)}."
        raise Invalid("order.unknown_verb", said, field="verb")
    expected = {asks} & {"choice", "text"} if verb == "answer" else set()
    if unknown := sorted(set(data) - expected):
        raise _bad_answer(unknown[0], f"{verb} takes no such field here.")
    if verb == "read":
        return {} if asks == "read" else None
    if not expected:
        raise Invalid("order.bad_answer", "This order asks for no answer.", field="verb")
    if asks == "text":
        return {"text": reading.text(data.get("text"), "data.text", longest=_LONGEST_ANSWER)}
    if data.get("choice") not in choices:
        raise _bad_answer("choice", f"give one of {', '.join(choices)}.")
    return {"choice": data["choice"]}


def _bad_answer(name: str, said: str) -> Invalid:
    # Any text may be a name, but a refusal is stored, and PostgreSQL takes no U+0000.
    field = f"data.{name if name.isprintable() else ascii(name)}"[:200]
    return Invalid("order.bad_answer", f"{field}: {said}", field=field)
