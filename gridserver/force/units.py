"""Field units: patrol cars, armed response and special police, who rides with them, and where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Invalid, OutOfReach
from gridserver.force.models import FieldUnit, Officer, OfficerPosition, UnitCrew
from gridserver.force.people import PersonOfForce, by_number
from gridserver.force.queries import Place, UnitRef
from gridserver.force.recording import refusing_overlap
from gridserver.force.rules import FIELD_UNIT_KINDS
from gridserver.org import queries as org
from gridserver.org.models import Unit
from gridserver.org.queries import within

#: Of a code or a name.
_LONGEST = 100
#: More ride in no vehicle.
MOST_CREW = 20


@dataclass(frozen=True)
class UnitDraft:
    """What an admin lays down of a field unit; `unit` is the code of the unit it belongs to."""

    name: str
    kind: str
    unit: str
    name_en: str | None = None
    in_service: bool = True


@dataclass(frozen=True)
class Standing:
    """A field unit at a moment.

    Attributes
    ----------
    crew, accounts
        Who rides with it, by service number, and their accounts.
    position
        The newest of theirs; None where none of them was ever seen.
    """

    code: str
    name: str
    name_en: str | None
    kind: str
    unit: UnitRef
    in_service: bool
    crew: tuple[PersonOfForce, ...]
    accounts: tuple[int, ...]
    position: Place | None


def standing(session: Session, paths: Iterable[str] | None = None) -> list[Standing]:
    """Return the field units as they stand now, by code. One round trip.

    Parameters
    ----------
    paths
        Only those of units at or below one of these; None: all.
    """
    query = _STANDING.where(sa.true() if paths is None else within(paths))
    units: dict[str, list[sa.Row]] = {}
    for row in session.execute(query, {"now": now(session)}):
        units.setdefault(row.code, []).append(row)
    return [_standing(rows) for rows in units.values()]


def field_units(session: Session, actor: Principal) -> list[Standing]:
    """Return the field units that `actor` may see, by code."""
    require(actor, "force.read")
    return standing(session, actor.paths("force.read"))


def field_unit(session: Session, actor: Principal, code: str) -> Standing:
    """Return one field unit. Raises `NotFound` where there is none in the actor's scope."""
    found = [unit for unit in field_units(session, actor) if unit.code == code]
    if not found:
        raise _unknown(code)
    return found[0]


def add_field_unit(session: Session, actor: Principal | None, code: str, draft: UnitDraft) -> None:
    """Add a field unit.

    Raises
    ------
    Invalid
        ``field_unit.bad_code``, ``field_unit.unknown_kind``, a name that is none.
    NotFound
        ``unit.unknown``: of the unit that it is to belong to.
    Conflict
        ``field_unit.exists``.
    Forbidden
        ``access.forbidden``: the actor is no admin of that unit.
    """
    code = reading.text(code, "code", longest=_LONGEST)
    if not code.replace("-", "").replace("_", "").isalnum() or not code.isascii():
        raise Invalid(
            "field_unit.bad_code", "code takes letters, digits, '-' and '_' only.", field="code"
        )
    if session.scalar(select(FieldUnit.id).where(FieldUnit.code == code)) is not None:
        raise Conflict("field_unit.exists", f"There is a field unit {code} already.", field="code")
    _lay_down(session, actor, FieldUnit(code=code), draft)


def change_field_unit(
    session: Session, actor: Principal | None, code: str, draft: UnitDraft
) -> None:
    """Change what is laid down of a field unit. Raises as `add_field_unit`, and `NotFound` for one
    that there isn't; the actor must be an admin of the unit that it leaves, too."""
    unit, path = _locked(session, code)
    if actor is not None:
        require(actor, "force.edit", path)
    _lay_down(session, actor, unit, draft)


def _lay_down(session: Session, actor: Principal | None, unit: FieldUnit, draft: UnitDraft) -> None:
    before = _told(session, unit) if unit.id else None
    if draft.kind not in FIELD_UNIT_KINDS:
        known = ", ".join(FIELD_UNIT_KINDS)
        raise Invalid("field_unit.unknown_kind", f"kind: one of {known}.", field="kind")
    home = org.unit_by_code(session, draft.unit)
    if actor is not None:
        require(actor, "force.edit", home.path)
    unit.name = reading.text(draft.name, "name", longest=_LONGEST)
    unit.name_en = reading.optional_text(draft.name_en, "name_en", longest=_LONGEST)
    unit.kind, unit.unit_id, unit.in_service = draft.kind, home.id, draft.in_service
    session.add(unit)
    session.flush()
    tag = Tag.FIELD_UNIT_CHANGE if before else Tag.FIELD_UNIT_ADD
    _record(session, actor, tag, unit.code, before, _told(session, unit))


def _told(session: Session, unit: FieldUnit) -> dict[str, object]:
    return {
        "name": unit.name,
        "name_en": unit.name_en,
        "unit": session.get_one(Unit, unit.unit_id).code,
        "kind": unit.kind,
        "in_service": unit.in_service,
    }


def lock_field_unit(session: Session, code: str) -> None:
    """Hold a field unit's row to the end of the transaction. Raises `NotFound`."""
    _locked(session, code)


def _locked(session: Session, code: str) -> tuple[FieldUnit, str]:
    """Return a field unit, its row locked, and the path of the unit it belongs to."""
    row = session.execute(
        select(FieldUnit, Unit.path)
        .join(Unit, Unit.id == FieldUnit.unit_id)
        .where(FieldUnit.code == code)
        .with_for_update(of=FieldUnit)
    ).first()
    if row is None:
        raise _unknown(code)
    return row.FieldUnit, row.path


def set_crew(session: Session, actor: Principal | None, code: str, numbers: Sequence[str]) -> None:
    """Have these officers ride with a field unit from now on, and nobody else.

    Parameters
    ----------
    numbers
        Service numbers; none: the unit stands without a crew.

    Raises
    ------
    NotFound
        ``field_unit.unknown``.
    Invalid
        ``field_unit.crew_too_large``, ``roster.unknown_officer``.
    Conflict
        ``unit_crew.overlaps``: one of them rides with another unit.
    Forbidden
        ``access.forbidden``: the actor may not edit the rosters of its unit.
    """
    if len(numbers) > MOST_CREW:
        message = f"crew: at most {MOST_CREW} ride with a unit."
        raise Invalid("field_unit.crew_too_large", message, field="crew")
    unit, path = _locked(session, code)
    if actor is not None:
        require(actor, "roster.edit", path)
    wanted = by_number(session, numbers, field="crew")
    before = {"crew": _crew(session, unit)}
    riding = _stand_down(session, unit, {officer.id for officer in wanted.values()})
    during = Range(now(session), None)
    for number, officer in sorted(wanted.items()):
        if officer.id in riding:
            continue
        what = f"{number} rides with another unit"
        with refusing_overlap(session, "ex_unit_crew_once", "unit_crew.overlaps", what):
            session.add(UnitCrew(field_unit_id=unit.id, officer_id=officer.id, during=during))
            session.flush()
    _record(session, actor, Tag.FIELD_UNIT_CREW, code, before, {"crew": sorted(wanted)})


def _crew(session: Session, unit: FieldUnit) -> list[str]:
    """Return the service numbers of who rides with a field unit now, in order."""
    riding = select(UnitCrew.officer_id).where(
        UnitCrew.field_unit_id == unit.id, UnitCrew.during.contains(now(session))
    )
    numbers = select(Officer.service_number).where(Officer.id.in_(riding))
    return list(session.scalars(numbers.order_by(Officer.service_number)))


def _stand_down(session: Session, unit: FieldUnit, staying: Collection[int]) -> set[int]:
    """End the ride of who isn't staying; return who stays."""
    moment = now(session)
    rides = session.scalars(
        select(UnitCrew).where(UnitCrew.field_unit_id == unit.id, UnitCrew.during.contains(moment))
    ).all()
    for ride in rides:
        if ride.officer_id not in staying:
            if ride.during.lower == moment:
                session.delete(ride)
            else:
                ride.during = Range(ride.during.lower, moment)
    session.flush()
    return {ride.officer_id for ride in rides if ride.officer_id in staying}


_STANDING = (
    select(
        FieldUnit.code,
        FieldUnit.name,
        FieldUnit.name_en,
        FieldUnit.kind,
        FieldUnit.in_service,
        Unit.code.label("unit_code"),
        Unit.name.label("unit_name"),
        Account.id.label("account_id"),
        Account.username,
        Account.display_name,
        Officer.service_number,
        ST_X(OfficerPosition.point).label("lon"),
        ST_Y(OfficerPosition.point).label("lat"),
        OfficerPosition.at,
    )
    .join(Unit, Unit.id == FieldUnit.unit_id)
    .outerjoin(
        UnitCrew,
        (UnitCrew.field_unit_id == FieldUnit.id)
        & UnitCrew.during.contains(sa.bindparam("now", type_=sa.TIMESTAMP(timezone=True))),
    )
    .outerjoin(Officer, Officer.id == UnitCrew.officer_id)
    .outerjoin(Account, Account.id == Officer.account_id)
    .outerjoin(OfficerPosition, OfficerPosition.officer_id == Officer.id)
    .order_by(FieldUnit.code, Officer.service_number)
)


def _standing(rows: Sequence[sa.Row]) -> Standing:
    first = rows[0]
    crew = [row for row in rows if row.account_id is not None]
    seen = max((row for row in crew if row.at is not None), key=_seen_at, default=None)
    return Standing(
        code=first.code,
        name=first.name,
        name_en=first.name_en,
        kind=first.kind,
        unit=UnitRef(first.unit_code, first.unit_name),
        in_service=first.in_service,
        crew=tuple(
            PersonOfForce(row.username, row.service_number, row.display_name) for row in crew
        ),
        accounts=tuple(row.account_id for row in crew),
        position=None if seen is None else Place(seen.lon, seen.lat, seen.at),
    )


def _seen_at(row: sa.Row) -> dt.datetime:
    at: dt.datetime = row.at
    return at


def _unknown(code: str) -> OutOfReach:
    return OutOfReach("field_unit.unknown", f"There is no field unit {code!r}.", field="code")


def _record(
    session: Session,
    actor: Principal | None,
    tag: Tag,
    code: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
) -> None:
    audit.record(
        session, actor, tag, subject_kind="field_unit", subject_id=code, before=before, after=after
    )
