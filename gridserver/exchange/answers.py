"""What an agency answers to a task that was handed over to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridserver.base import reading
from gridserver.base.errors import Invalid, NotFound
from gridserver.dispatch import queries as dispatch_queries
from gridserver.dispatch import service as dispatch
from gridserver.dispatch.dossier import Dossier
from gridserver.partners import service as partners
from gridserver.partners.models import Partner

_FIELDS = frozenset({"task", "text", "answered_at"})
_LONGEST_TEXT = 4000


@dataclass(frozen=True)
class _Answer:
    task_id: int
    text: str
    answered_at: dt.datetime | None


def record(session: Session, partner: Partner, body: object) -> Dossier:
    """Store what `partner` answers: ``{task, text, answered_at?}``. The last answer counts.

    Raises
    ------
    Invalid
        ``exchange.not_an_object``, ``exchange.unknown_field``, ``input.*``: names the field.
    NotFound
        ``exchange.not_yours``: there is no such task, or it was not handed over to `partner`.
    """
    answer = _read(body)
    over = dispatch_queries.hand_over_of(session, answer.task_id)
    if over is None or not partners.goes_by(partner, over.agency):
        raise NotFound(
            "exchange.not_yours",
            f"No task {answer.task_id} was handed over to {partner.code}.",
            field="task",
        )
    actor = partners.principal(session, partner)
    return dispatch.record_answer(
        session, actor, answer.task_id, answer.text, answered_at=answer.answered_at
    )


def _read(body: object) -> _Answer:
    if not isinstance(body, dict):
        raise Invalid("exchange.not_an_object", "The body is no JSON object.")
    if unknown := sorted(body.keys() - _FIELDS):
        raise Invalid(
            "exchange.unknown_field",
            f"{unknown[0][:40]!a}: an answer has task, text and answered_at.",
            field=ascii(unknown[0][:40]),
        )
    task_id = body.get("task")
    if not isinstance(task_id, int) or isinstance(task_id, bool) or not 0 < task_id < 2**63:
        raise Invalid("input.number", "task: give the number of the task.", field="task")
    return _Answer(
        task_id,
        reading.text(body.get("text"), "text", longest=_LONGEST_TEXT),
        _moment(body.get("answered_at")),
    )


def _moment(said: object) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(said) if isinstance(said, str) else said
    except ValueError:
        moment = said  # which is no moment
    return reading.optional_moment(moment, "answered_at")
