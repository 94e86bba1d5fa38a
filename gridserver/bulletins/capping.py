"""Bulletins as CAP messages, out and in, one at a time.

Out goes one live bulletin, by its issuer, with a row of the ledger: `Alert`, after a renewal
`Update`; what has ended is a `Cancel` that says nothing of the person. What comes in is a draft
like any other: it stands on an instrument that is given here, and takes two persons here. An
exercise stays one, and is never issued; the database refuses it too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.base.clock import now, zone
from gridserver.base.errors import Conflict, Invalid, NotFound
from gridserver.bulletins import cap, cards, ledger, looking, queries, service
from gridserver.bulletins.cap import CapMessage, Info
from gridserver.bulletins.cards import Card
from gridserver.bulletins.lifecycle import ENDED, LIVE
from gridserver.bulletins.models import Bulletin
from gridserver.bulletins.queries import Found
from gridserver.bulletins.rules import LONGEST_H
from gridserver.org import queries as org
from gridserver.org.models import Unit

RESTRICTION = "公安机关内部使用，不得外传"
#: kind → CAP's category and, in words, its event.
_EVENTS: Mapping[str, tuple[str, str]] = {
    "missing_person": ("Rescue", "走失人员"),
    "person_at_risk": ("Safety", "处境危险人员"),
    "warrant": ("Security", "依法缉捕人员"),
    "protection_order": ("Safety", "人身安全保护令"),
    "escaped_custody": ("Security", "脱逃人员"),
    "officer_safety": ("Security", "民警安全提示"),
}
_OURS = "gridserver."
_CONTENTS = ("opinion", "last_seen_at", "last_seen_place", "not_to_do")
_HOUR = dt.timedelta(hours=1)
#: Advisory locks: who holds one takes a message for that unit. Any constant.
_MESSAGES = 0x63617031


@dataclass(frozen=True)
class Imported:
    """What became of a message.

    Attributes
    ----------
    made
        The draft; None for a `Cancel`.
    withdrawn
        What a `Cancel` ended here.
    replaces
        What an `Update` is about and is live here: to be withdrawn when the draft is issued.
    """

    type: str
    made: Found | None
    withdrawn: tuple[Found, ...] = ()
    replaces: tuple[Found, ...] = ()


# --- out


def export(session: Session, actor: Principal, bulletin_id: int) -> bytes:
    """Return one bulletin as a CAP message, without its photos; the ledger's row is written first.

    Raises
    ------
    NotFound
        ``bulletin.unknown``.
    Forbidden
        It is another room's.
    Conflict
        ``bulletin.not_live``: it was never issued.
    """
    found = queries.bulletin_for(session, actor, bulletin_id)
    require(actor, queries.WRITE, found.unit.path)
    row = found.row
    live = row.state in LIVE and queries.is_live(row, now(session))
    if row.issued_at is None or (not live and row.state not in ENDED):
        raise Conflict("bulletin.not_live", "Only what was issued goes out.", state=row.state)
    verb = "export" if live else "export_end"
    ledger.note(session, actor, row.id, verb, {"version": row.version})
    message = _live(session, found) if live else _ended(session, found)
    return cap.write(message, RESTRICTION)


def _live(session: Session, found: Found) -> CapMessage:
    alert, updates = _chain(session, found)
    info = _info(session, found, looking.contents_of(session, found.row))
    if not updates:
        return CapMessage(**alert, info=info)
    return CapMessage(**updates[-1], references=(CapMessage(**alert).name,), info=info)


def _ended(session: Session, found: Found) -> CapMessage:
    alert, updates = _chain(session, found)
    row = found.row
    return CapMessage(
        **_head(session, found, "Cancel", "cancel", row.ended_at or row.updated_at),
        references=tuple(CapMessage(**each).name for each in (alert, *updates)),
    )


def _chain(session: Session, found: Found) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the heads of the messages before: of its issue, and of its last renewal."""
    row = found.row
    issued = row.issued_at or row.created_at
    alert = _head(session, found, "Alert", "alert", issued)
    if row.renewed_by is None or row.runs_from is None:
        return alert, []
    nth = f"update-{int(row.runs_from.timestamp())}"
    return alert, [_head(session, found, "Update", nth, row.runs_from)]


def _head(
    session: Session, found: Found, type_: str, which: str, sent: dt.datetime
) -> dict[str, Any]:
    """The same act of the same bulletin has the same name, however often it goes out."""
    bureau = org.bureau(session)
    return {
        "identifier": f"{bureau.code}-{found.unit.code}-{found.row.id}-{which}",
        "sender": f"{bureau.code}.gridserver",
        "sent": sent.astimezone(zone(session)),
        "status": "Actual",
        "type": type_,
    }


def _info(session: Session, found: Found, told: Card) -> Info:
    row, until = found.row, cards.live_until(found.row)
    category, event = _EVENTS[row.kind]
    basis = {f"basis.{name}": value for name, value in cards.basis(row).items()}
    said = {"kind": row.kind, "role": row.role, **basis}
    said |= {name: told[name] for name in _CONTENTS if told[name]}
    return Info(
        category=category,
        event=event,
        urgency="Immediate" if row.is_urgent else "Expected",
        expires=until and until.astimezone(zone(session)),
        sender_name=found.unit.name,
        description=told["fact"],
        instruction=told["to_do"],
        parameters={f"{_OURS}{name}": value for name, value in said.items()},
        area=_area_words(session, row),
        geocodes=(
            *((f"{_OURS}cell", code) for code in row.area_cells),
            *((f"{_OURS}unit", code) for code in row.area_units),
        ),
    )


def _area_words(session: Session, row: Bulletin) -> str:
    codes = [*row.area_cells, *row.area_units]
    return "、".join(codes) if codes else org.bureau(session).name


# --- in


def import_(
    session: Session, actor: Principal, unit_code: str, said: Mapping[str, Any]
) -> Imported:
    """Take a CAP message for a unit: a draft of an `Alert` or `Update`; a `Cancel` withdraws what
    came of those that it names.

    Parameters
    ----------
    said
        ``document``, the message; ``basis``, always given here; and what the message doesn't say or
        is to be said otherwise: ``kind, role, area, lasts_h, contents``.

    Raises
    ------
    NotFound
        ``unit.unknown``; ``cap.unknown_reference``: nothing here came of what a `Cancel` names.
    Forbidden
        The actor belongs to no command room of the unit.
    Conflict
        ``cap.known`` with `bulletin`: the message was taken before, or a later one about it.
    Invalid
        As `cap.read` and `service.write`; ``cap.over``: it has expired.
    """
    unit = org.unit_by_code(session, unit_code)
    require(actor, queries.WRITE, unit.path)
    message = cap.read(said["document"])
    # Whoever sends the same at once, or what is about it, waits.
    session.execute(select(func.pg_advisory_xact_lock(_MESSAGES, func.hashtext(unit.code))))
    before = _known(session, unit, message.references, message)
    if message.type == "Cancel":
        return _cancel(session, actor, message, before)
    if (same := _same(session, unit, message)) is not None:
        raise Conflict(
            "cap.known",
            "This message was taken before, or one that came after it.",
            bulletin=cards.reference(same),
        )
    given, origins = _draft(message, said, now(session)), (message.name, *message.references)
    drafts = [found for found in before if found.row.state == "draft"]
    if drafts:
        locked = queries.bulletin_for_change(session, actor, drafts[0].row.id)
        made = service.edit(session, actor, locked, given, origins=origins)
    else:
        made = service.write(
            session,
            actor,
            unit.code,
            given,
            origins=origins,
            is_exercise=message.status != "Actual",
        )
    _note(session, actor, made, message)
    replaced = tuple(found for found in before if found.row.id != made.row.id)
    return Imported(message.type, made, replaces=replaced)


def _cancel(
    session: Session, actor: Principal, message: CapMessage, before: list[Found]
) -> Imported:
    if not before:
        raise NotFound(
            "cap.unknown_reference", "Nothing of this unit came of the messages that it names."
        )
    reason = {"reason": f"CAP Cancel {message.identifier}"}
    for found in before:
        service.step(session, actor, found.row.id, "withdraw", reason)
        _note(session, actor, found, message)
    return Imported(message.type, None, withdrawn=tuple(before))


def _known(
    session: Session, unit: Unit, names: tuple[str, ...], message: CapMessage
) -> list[Found]:
    """Return what came of messages and isn't over. An exercise says nothing of what is real."""
    query = select(Bulletin).where(
        Bulletin.unit_id == unit.id,
        _came_by_any(names),
        Bulletin.state.not_in(ENDED),
        Bulletin.is_exercise.is_(message.status != "Actual"),
    )
    return [Found(row, unit) for row in session.scalars(query.order_by(Bulletin.id)).all()]


def _same(session: Session, unit: Unit, message: CapMessage) -> Bulletin | None:
    """Return what came of this message, or of one about it: a late one says nothing new."""
    taken = select(Bulletin).where(Bulletin.unit_id == unit.id, _came_by_any((message.name,)))
    return session.scalar(taken.order_by(Bulletin.id.desc()).limit(1))


def _came_by_any(names: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(Bulletin.origin.in_(names), Bulletin.earlier_origins.overlap(list(names)))


def _draft(message: CapMessage, said: Mapping[str, Any], moment: dt.datetime) -> dict[str, Any]:
    """Return a bulletin as a form has it, of a message and of what is given beside it."""
    info = message.info or Info("Other", "")
    ours = {
        name.removeprefix(_OURS): value
        for name, value in info.parameters.items()
        if name.startswith(_OURS) and value
    }
    contents: dict[str, Any] = {"fact": info.description, "to_do": info.instruction}
    contents |= {name: ours.get(name) for name in _CONTENTS}
    contents["last_seen_at"] = _moment(ours.get("last_seen_at"))
    contents |= {name: value for name, value in (said.get("contents") or {}).items() if value}
    kind = said.get("kind") or ours.get("kind")
    return {
        "kind": kind,
        "role": said.get("role") or (None if said.get("kind") else ours.get("role")),
        "basis": said.get("basis"),
        "area": said.get("area") or _area(info),
        "lasts_h": said.get("lasts_h") or _hours(kind, info.expires, moment),
        "contents": contents,
        "urgent": False,
    }


def _area(info: Info) -> dict[str, list[str]]:
    def codes(kind: str) -> list[str]:
        return [code for name, code in info.geocodes if name == f"{_OURS}{kind}"]

    return {"cells": codes("cell"), "units": codes("unit")}


def _hours(kind: object, expires: dt.datetime | None, moment: dt.datetime) -> int | None:
    if expires is None:
        return None
    if expires <= moment:
        raise Invalid("cap.over", "document: expires: the message is over.", field="document")
    longest = LONGEST_H.get(str(kind), min(LONGEST_H.values()))
    return min(longest, max(1, (expires - moment) // _HOUR))


def _moment(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(
            "cap.element", "document: last_seen_at is no time.", field="document"
        ) from error


def _note(session: Session, actor: Principal, found: Found, message: CapMessage) -> None:
    data = {"message": message.name, "type": message.type, "status": message.status}
    ledger.note(session, actor, found.row.id, "import", data)
