"""The verbs of bulletins: write, edit, approve, issue, send at once, renew, validate, withdraw,
resolve; and what the clock does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.attachments import service as attachments
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Forbidden, Invalid
from gridserver.bulletins import cards, ledger, queries, recipients, sightings, telling
from gridserver.bulletins.cards import Card
from gridserver.bulletins.lifecycle import BULLETIN, ENDED, LIVE, OF_EXERCISES
from gridserver.bulletins.models import Bulletin, BulletinContents
from gridserver.bulletins.queries import SUBJECT, Found
from gridserver.bulletins.rules import (
    APPROVED_WITHIN,
    LONGEST_REASON,
    VALIDATED_WITHIN,
    Draft,
    expiry,
    read_draft,
    read_hours,
)
from gridserver.org import queries as org

#: The verbs that a room says, and what each carries.
STEPS: Mapping[str, frozenset[str]] = {
    "approve": frozenset({"version"}),
    "issue": frozenset(),
    "send_at_once": frozenset(),
    "renew": frozenset({"lasts_h"}),
    "validate": frozenset(),
    "withdraw": frozenset({"reason"}),
    "resolve": frozenset({"reason"}),
}


def write(
    session: Session,
    actor: Principal,
    unit_code: str,
    said: Mapping[str, Any],
    *,
    validated_within: dt.timedelta = VALIDATED_WITHIN,
    origins: Sequence[str] = (),
    is_exercise: bool = False,
) -> Found:
    """Write a bulletin in the name of a unit. An urgent one goes out at once, as `step` sends it.

    Parameters
    ----------
    origins, is_exercise
        The name of the message that it came by, then of those before; an exercise is never issued.

    Raises
    ------
    NotFound
        ``unit.unknown``.
    Forbidden
        The actor belongs to no command room of the unit.
    Invalid
        As `gridserver.bulletins.rules.read_draft` and `recipients.reached`.
    """
    unit = org.unit_by_code(session, unit_code)
    require(actor, queries.WRITE, unit.path)
    draft = read_draft(said, now(session))
    row = Bulletin(
        unit_id=unit.id,
        state=BULLETIN.states[0],
        author_id=actor.account_id,
        created_at=now(session),
        is_exercise=is_exercise,
        **_came_by(origins),
        **_columns(session, draft),
    )
    session.add(row)
    session.flush()
    _put_contents(session, actor, row, draft)
    found = Found(row, unit)
    _note(session, actor, row, "write", {})
    if draft.is_urgent:
        return step(session, actor, row.id, "send_at_once", validated_within=validated_within)
    telling.changed(session, found)
    return found


def edit(
    session: Session,
    actor: Principal,
    found: Found,
    said: Mapping[str, Any],
    *,
    origins: Sequence[str] = (),
) -> Found:
    """Change a draft, its row locked (`queries.bulletin_for_change`). Whoever changes it is its
    author from then on, and approves it no more.

    Raises
    ------
    Conflict
        ``bulletin.wrong_state`` with the present `state`: what was approved is never changed.
    Invalid
        As `write`.
    """
    row = found.row
    _after(row, "edit")
    draft = read_draft(said, now(session))
    before = cards.facts(row)
    came_by = _came_by((*origins, row.origin, *row.earlier_origins)) if origins else {}
    for name, value in (_columns(session, draft) | came_by).items():
        setattr(row, name, value)
    row.author_id, row.version = actor.account_id, row.version + 1
    session.flush()
    _put_contents(session, actor, row, draft)
    _note(session, actor, row, "edit", before)
    telling.changed(session, found)
    return found


def step(
    session: Session,
    actor: Principal,
    bulletin_id: int,
    verb: str,
    said: Mapping[str, Any] | None = None,
    *,
    validated_within: dt.timedelta = VALIDATED_WITHIN,
) -> Found:
    """Carry out one of `STEPS`.

    Parameters
    ----------
    validated_within
        How soon its issuer has to say again that it holds.

    Raises
    ------
    NotFound, Forbidden
        As `queries.bulletin_for_change`; ``bulletin.two_persons``: the author approves or renews.
    Conflict
        ``bulletin.wrong_state`` with the present `state`; ``bulletin.changed``: it is another
        version than the one that was read; ``bulletin.exercise``: it is none that is ever issued.
    Invalid
        ``bulletin.unknown_word``, ``bulletin.unknown_field``, ``bulletin.version``,
        ``bulletin.expiry``, ``bulletin.urgent``, ``input.*``.
    """
    given = {name: value for name, value in (said or {}).items() if value is not None}
    _check_step(verb, given)
    found = queries.bulletin_for_change(session, actor, bulletin_id)
    row = found.row
    before, after = cards.facts(row), _after(row, verb)
    if verb in _VALIDATING:
        row.validate_by = now(session) + validated_within
    if do := _DO.get(verb):
        do(session, actor, row, given)
    row.state = after
    _touch(session, actor, row, verb, before)
    _tell(session, found, before["state"])
    return found


def end_by_clock(session: Session, found: Found, verb: str, because: str) -> None:
    """Have the clock end a bulletin, its row locked: ``lapse`` or ``expire``."""
    row = found.row
    before, row.state = cards.facts(row), _after(row, verb)
    row.ended_at = now(session)
    _touch(session, None, row, verb, before, because=because)
    _tell(session, found, before["state"])


def show_again(session: Session, bulletin_id: int) -> None:
    """Have terminals and rooms look again: a photo of it has come."""
    row = queries.locked(session, bulletin_id)
    if row is None or row.state in ENDED:
        return
    row.version += 1
    session.flush()
    (unit,) = org.units_by_id(session, {row.unit_id}).values()
    if row.state in LIVE:
        telling.updated(session, row)
    telling.changed(session, Found(row, unit))


def _columns(session: Session, draft: Draft) -> dict[str, Any]:
    return {
        "kind": draft.kind,
        "role": draft.role,
        "is_urgent": draft.is_urgent,
        **{f"basis_{name}": value for name, value in asdict(draft.basis).items()},
        "area_cells": list(draft.area.cells),
        "area_units": list(draft.area.units),
        "area_whole": draft.area.whole,
        "area_reason": draft.area.reason,
        "reaches": recipients.reached(session, draft.area),
        "lasts_h": draft.lasts_h,
        "updated_at": now(session),
    }


def _came_by(origins: Sequence[str | None]) -> dict[str, Any]:
    named = list(dict.fromkeys(origin for origin in origins if origin))
    return {"origin": named[0], "earlier_origins": named[1:]} if named else {}


def _put_contents(session: Session, actor: Principal, row: Bulletin, draft: Draft) -> None:
    said = asdict(draft.contents)
    photos = said.pop("photos")
    put = insert(BulletinContents).values(bulletin_id=row.id, **said)
    session.execute(put.on_conflict_do_update(constraint="pk_bulletin_contents", set_=said))
    attachments.unlink(session, SUBJECT, row.id)
    attachments.link(session, actor, SUBJECT, row.id, photos)


def _check_step(verb: str, given: Mapping[str, Any]) -> None:
    if verb not in STEPS:
        said = f"verb: give one of {', '.join(STEPS)}."
        raise Invalid("bulletin.unknown_word", said, field="verb")
    if unknown := sorted(given.keys() - STEPS[verb]):
        said = f"{unknown[0]}: {verb} takes no such field."
        raise Invalid("bulletin.unknown_field", said, field=unknown[0])


def _after(row: Bulletin, verb: str) -> str:
    if row.is_exercise and verb not in OF_EXERCISES:
        raise Conflict("bulletin.exercise", "This is an exercise: it is never approved nor issued.")
    after = BULLETIN.after(row.state, verb)
    if after is None:
        raise Conflict(
            "bulletin.wrong_state",
            f"The bulletin is {row.state} by now, so {verb} doesn't fit it.",
            state=row.state,
        )
    return after


# --- what each verb writes beside the state


def _approve(session: Session, actor: Principal, row: Bulletin, given: Mapping[str, Any]) -> None:
    _require_another(actor, row, "approve")
    _require_as_read(row, given.get("version"))
    row.approver_id, row.approved_at = actor.account_id, now(session)
    if row.state == "draft":
        _run(session, row)


def _issue(session: Session, _actor: Principal, row: Bulletin, _: Mapping[str, Any]) -> None:
    _run(session, row)
    row.issued_at = row.looked_at = now(session)


def _send_at_once(
    session: Session, actor: Principal, row: Bulletin, given: Mapping[str, Any]
) -> None:
    if not row.is_urgent:
        raise Invalid(
            "bulletin.urgent",
            "urgent: only an urgent bulletin of a missing person goes out before it is approved.",
            field="urgent",
        )
    _issue(session, actor, row, given)
    row.approve_by = now(session) + APPROVED_WITHIN


def _renew(session: Session, actor: Principal, row: Bulletin, given: Mapping[str, Any]) -> None:
    _require_another(actor, row, "renew")
    row.lasts_h = read_hours(row.kind, given.get("lasts_h"))
    row.renewed_by = actor.account_id
    _run(session, row)


def _end(session: Session, actor: Principal, row: Bulletin, given: Mapping[str, Any]) -> None:
    row.end_reason = reading.text(given.get("reason"), "reason", longest=LONGEST_REASON)
    row.ended_by, row.ended_at = actor.account_id, now(session)


#: With these its issuer says that it holds.
_VALIDATING = frozenset({"issue", "send_at_once", "validate"})
_DO = {
    "approve": _approve,
    "issue": _issue,
    "send_at_once": _send_at_once,
    "renew": _renew,
    "withdraw": _end,
    "resolve": _end,
}


def _run(session: Session, row: Bulletin) -> None:
    row.runs_from = now(session)
    row.expires_at = expiry(row.lasts_h, row.runs_from)


def _require_another(actor: Principal, row: Bulletin, verb: str) -> None:
    if actor.account_id == row.author_id:
        raise Forbidden(
            "bulletin.two_persons",
            f"Who wrote a bulletin doesn't {verb} it: ask another person of the command room.",
            field="approver",
        )


def _require_as_read(row: Bulletin, version: object) -> None:
    if not isinstance(version, int) or isinstance(version, bool):
        said = "version: say which version of the bulletin you read and approve."
        raise Invalid("bulletin.version", said, field="version")
    if version != row.version:
        raise Conflict(
            "bulletin.changed",
            f"version: the bulletin was changed since ({row.version} by now): "
            "read it as it stands, then approve it.",
            field="version",
            bulletin=cards.reference(row),
        )


def _touch(
    session: Session,
    actor: Principal | None,
    row: Bulletin,
    verb: str,
    before: Card,
    **because: str,
) -> None:
    row.updated_at, row.version = now(session), row.version + 1
    session.flush()
    _note(session, actor, row, verb, before, **because)


def _tell(session: Session, found: Found, before: str) -> None:
    row = found.row
    if row.state in ENDED and before in LIVE:
        telling.ended(session, row)
        sightings.drop(session, found)
    elif row.state in LIVE:
        telling.updated(session, row)
        telling.issued(session, row, recipients.add_new(session, row))
    telling.changed(session, found)


def _note(
    session: Session,
    actor: Principal | None,
    row: Bulletin,
    verb: str,
    before: Card,
    **because: str,
) -> None:
    after = cards.facts(row)
    ledger.note(session, actor, row.id, verb, because, before=before, after=after)
