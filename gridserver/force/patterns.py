"""Roster patterns as a bureau keeps them, and the months that are made from them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.errors import Invalid, NotFound
from gridserver.force import pattern as rules
from gridserver.force.models import Officer, Post, RosterCrew, RosterPattern
from gridserver.force.pattern import Hours, Pattern
from gridserver.force.people import by_number, post_called, readable, require_roster, unit_called
from gridserver.force.queries import UnitRef
from gridserver.force.rules import check_duty
from gridserver.org.models import Unit

_LONGEST_NAME = 60


@dataclass(frozen=True)
class PatternDraft:
    """A pattern to be kept: whose shifts it makes, for which duty, and how they turn."""

    name: str
    unit: str
    duty: str
    turns: Pattern
    post: str | None = None


@dataclass(frozen=True)
class PatternCard:
    """A pattern as it is kept."""

    id: int
    name: str
    unit: UnitRef
    post: UnitRef | None
    duty: str
    turns: Pattern


def patterns(
    session: Session, actor: Principal | None, *, unit_path: str | None = None
) -> list[PatternCard]:
    """Return the patterns of the units that `actor` may see (None: of all), by unit and name."""
    query = _ROWS if actor is None else _ROWS.where(readable(actor, unit_path))
    rows = query.order_by(Unit.path, RosterPattern.name, RosterPattern.id)
    return _cards(session, session.execute(rows).all())


def pattern(session: Session, actor: Principal, pattern_id: int) -> PatternCard:
    """Return one pattern. Raises `NotFound`, and `Forbidden` for a unit out of scope."""
    row = session.execute(_ROWS.where(RosterPattern.id == pattern_id)).first()
    if row is None:
        raise _unknown(pattern_id)
    require(actor, "force.read", row.Unit.path)
    return _cards(session, [row])[0]


def add_pattern(session: Session, actor: Principal | None, draft: PatternDraft) -> int:
    """Keep a new pattern; it makes no shifts by itself. Returns its id.

    Raises
    ------
    Invalid
        ``pattern.bad`` and what `gridserver.force.pattern.check` refuses; an unknown duty or
        officer; a post of another unit.
    NotFound
        An unknown unit or post.
    Forbidden
        The actor may not edit the rosters of the unit, or of an officer's.
    """
    kept = RosterPattern(**_columns(session, actor, draft))
    session.add(kept)
    session.flush()
    _set_crews(session, actor, kept, draft.turns)
    _record(session, actor, Tag.PATTERN_ADD, kept, after=_told(session, kept))
    return kept.id


def change_pattern(
    session: Session, actor: Principal, pattern_id: int, draft: PatternDraft
) -> None:
    """Change a pattern; shifts that it made stay until their month is made again.

    Raises as `add_pattern` does, and `NotFound`.
    """
    kept = locked(session, actor, pattern_id)
    before = _told(session, kept)
    for name, value in _columns(session, actor, draft).items():
        setattr(kept, name, value)
    _set_crews(session, actor, kept, draft.turns)
    _record(session, actor, Tag.PATTERN_CHANGE, kept, before, _told(session, kept))


def remove_pattern(session: Session, actor: Principal, pattern_id: int) -> None:
    """Forget a pattern; the shifts that it made stay, as if put on by hand."""
    kept = locked(session, actor, pattern_id)
    _record(session, actor, Tag.PATTERN_REMOVE, kept, before=_told(session, kept))
    session.delete(kept)
    session.flush()


def locked(session: Session, actor: Principal | None, pattern_id: int) -> RosterPattern:
    """Return a pattern that the actor may use, with its row locked."""
    kept = session.scalar(
        select(RosterPattern).where(RosterPattern.id == pattern_id).with_for_update()
    )
    if kept is None:
        raise _unknown(pattern_id)
    require_roster(session, actor, kept.unit_id)
    return kept


def turns_of(session: Session, kept: RosterPattern) -> Pattern:
    """Return how a pattern's crews turn."""
    return _turns(kept, _crews(session, [kept.id])[kept.id])


def _columns(session: Session, actor: Principal | None, draft: PatternDraft) -> dict[str, Any]:
    check_duty(draft.duty)
    rules.check(draft.turns)
    unit = unit_called(session, draft.unit, field="unit")
    require_roster(session, actor, unit.id)
    post = post_called(session, draft.post, field="post") if draft.post else None
    if post is not None and post.unit_id != unit.id:
        raise Invalid("pattern.other_post", f"{post.code} is another unit's post.", field="post")
    return {
        "name": reading.text(draft.name, "name", longest=_LONGEST_NAME),
        "unit_id": unit.id,
        "duty": draft.duty,
        "post_id": post.id if post else None,
        "on_days": draft.turns.on_days,
        "starts_on": draft.turns.starts_on,
        "cycle": [[_hours_json(each) for each in hours] for hours in draft.turns.cycle],
        "crew_step": draft.turns.crew_step,
    }


def _set_crews(
    session: Session, actor: Principal | None, kept: RosterPattern, turns: Pattern
) -> None:
    numbers = [number for crew in turns.crews for number in crew]
    officers = by_number(session, numbers, field="crews")
    require_roster(session, actor, *{officer.unit_id for officer in officers.values()})
    session.execute(sa.delete(RosterCrew).where(RosterCrew.pattern_id == kept.id))
    session.execute(
        sa.insert(RosterCrew),
        [
            {"pattern_id": kept.id, "officer_id": officers[number].id, "crew": index}
            for index, crew in enumerate(turns.crews)
            for number in crew
        ],
    )
    session.flush()


def _crews(session: Session, ids: Iterable[int]) -> dict[int, tuple[tuple[str, ...], ...]]:
    rows = session.execute(
        select(RosterCrew.pattern_id, RosterCrew.crew, Officer.service_number)
        .join(Officer, Officer.id == RosterCrew.officer_id)
        .where(RosterCrew.pattern_id.in_(list(ids)))
        .order_by(RosterCrew.pattern_id, RosterCrew.crew, Officer.service_number)
    )
    crews: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for pattern_id, crew, number in rows:
        crews[pattern_id][crew].append(number)
    return {kept: tuple(tuple(each) for each in crews[kept].values()) for kept in crews}


def _turns(kept: RosterPattern, crews: tuple[tuple[str, ...], ...]) -> Pattern:
    return Pattern(
        cycle=tuple(tuple(_hours(each) for each in hours) for hours in kept.cycle),
        crews=crews,
        starts_on=kept.starts_on,
        crew_step=kept.crew_step,
        on_days=kept.on_days,
    )


def _hours(document: dict[str, str]) -> Hours:
    return Hours(dt.time.fromisoformat(document["start"]), dt.time.fromisoformat(document["end"]))


def _hours_json(hours: Hours) -> dict[str, str]:
    return {
        "start": hours.start.isoformat("minutes"),
        "end": hours.end.isoformat("minutes"),
    }


def _cards(session: Session, rows: Sequence[Any]) -> list[PatternCard]:
    crews = _crews(session, [row.RosterPattern.id for row in rows])
    return [
        PatternCard(
            id=row.RosterPattern.id,
            name=row.RosterPattern.name,
            unit=UnitRef(row.Unit.code, row.Unit.name),
            post=UnitRef(row.Post.code, row.Post.name) if row.Post else None,
            duty=row.RosterPattern.duty,
            turns=_turns(row.RosterPattern, crews[row.RosterPattern.id]),
        )
        for row in rows
    ]


def _told(session: Session, kept: RosterPattern) -> dict[str, Any]:
    """Return what the ledger keeps of a pattern."""
    post = session.get_one(Post, kept.post_id) if kept.post_id else None
    return {
        "name": kept.name,
        "unit": session.get_one(Unit, kept.unit_id).code,
        "post": post.code if post else None,
        "duty": kept.duty,
        "on_days": kept.on_days,
        "starts_on": kept.starts_on.isoformat(),
        "cycle": kept.cycle,
        "crew_step": kept.crew_step,
        "crews": _crews(session, [kept.id])[kept.id],
    }


def _record(
    session: Session,
    actor: Principal | None,
    tag: Tag,
    kept: RosterPattern,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        actor,
        tag,
        subject_kind="roster_pattern",
        subject_id=kept.id,
        before=before,
        after=after,
    )


def _unknown(pattern_id: int) -> NotFound:
    return NotFound("pattern.unknown", f"There is no pattern {pattern_id}.")


_ROWS = (
    select(RosterPattern, Unit, Post)
    .join(Unit, Unit.id == RosterPattern.unit_id)
    .outerjoin(Post, Post.id == RosterPattern.post_id)
)
