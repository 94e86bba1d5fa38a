"""Who is told of a bulletin, what a terminal is given, and what comes back; nothing is served
without its row in the ledger, and nothing but that holds what a bulletin says."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import astuple, replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.base.errors import Conflict, Forbidden, NotFound
from gridserver.bulletins import clocks, looking, queries, standing
from gridserver.bulletins.models import BulletinCopy
from gridserver.bulletins.queries import Found
from gridserver.delivery.commands import Command
from gridserver.force import service
from gridserver.force.models import Officer, Ownership, Shift
from tests.county import County, centre
from tests.rooms.bulletining import (
    APPROVER,
    AUTHOR,
    NAME,
    NORTH,
    OTHER_ROOM,
    SOUTH,
    SOUTH_CELL,
    again,
    issue,
    say,
    step,
    tags,
    told,
    urgent,
)

HERE = centre(0, 0)
READER, STRANGER = "330824001", "330824007"


def fetch(session: Session, county: County, found: Found, who: str = READER) -> dict[str, Any]:
    return looking.fetch(session, county.principal(who), found.row.id, HERE)


def who_was_told(session: Session, county: County, *names: str) -> set[str]:
    return {name for name in names if told(session, county, name)}


def off_duty(session: Session, county: County, *numbers: str) -> None:
    officers = [county.officers[number] for number in numbers]
    session.execute(sa.delete(Shift).where(Shift.officer_id.in_(officers)))


# --- who is told


def test_the_area_is_told_and_nobody_else(session: Session, county: County) -> None:
    found = issue(session, county)
    assert who_was_told(session, county, *SOUTH, *NORTH, AUTHOR, APPROVER) == set(SOUTH)
    kinds = [told(session, county, READER)[0]]
    reference = {"bulletin": {"id": found.row.id, "version": found.row.version}}
    assert kinds == [("bulletin.issued", reference)]


def test_an_owner_is_told_off_duty_and_others_when_they_come_on(
    session: Session, county: County, clock: SetClock
) -> None:
    """The cell is owned by the first two; the other two own the station's other cell."""
    off_duty(session, county, *SOUTH)
    found = issue(session, county)
    assert who_was_told(session, county, *SOUTH) == set(SOUTH[:2])
    since = clock.now()
    session.add(
        Shift(
            officer_id=county.officers[SOUTH[2]],
            unit_id=county.units["33082401"],
            duty="community",
            during=Range(since, since + dt.timedelta(hours=8)),
        )
    )
    session.flush()
    assert clocks.tell_latecomers(session) == 0, "it was looked at just now"
    clock.advance(clocks.LOOKED_EVERY)
    assert clocks.tell_latecomers(session) == 1
    assert who_was_told(session, county, *SOUTH) == set(SOUTH[:3])
    clock.advance(clocks.LOOKED_EVERY)
    clocks.tell_latecomers(session)
    assert len(told(session, county, SOUTH[2])) == 1
    step(session, county, found, "resolve", reason="已找到")
    clock.advance(clocks.LOOKED_EVERY)
    assert clocks.tell_latecomers(session) == 0


def test_who_stands_in_is_told(session: Session, county: County, clock: SetClock) -> None:
    """The only one of the hour is on leave."""
    absent, stand_in = SOUTH[2:4]
    off_duty(session, county, *SOUTH[:2], stand_in)
    since = clock.now()
    service.set_absence(
        session,
        None,
        officer=session.get_one(Officer, county.officers[absent]),
        reason="leave",
        start=since,
        end=since + dt.timedelta(days=2),
        stand_in=session.get_one(Officer, county.officers[stand_in]),
    )
    found = issue(session, county)
    assert who_was_told(session, county, *SOUTH[2:]) == {stand_in}
    assert fetch(session, county, found, stand_in)


def test_an_auxiliary_is_never_told(session: Session, county: County) -> None:
    session.get_one(Officer, county.officers[READER]).kind = "auxiliary"
    session.flush()
    found = issue(session, county, area={"whole": True, "reason": "去向不明"})
    everyone = set(SOUTH + NORTH)
    assert who_was_told(session, county, *everyone) == everyone - {READER}
    with pytest.raises(NotFound):
        fetch(session, county, found)


# --- what they are given


def test_each_copy_is_written_down_with_device_and_place(session: Session, county: County) -> None:
    found = issue(session, county)
    sheet = fetch(session, county, found)
    assert NAME in sheet["contents"]["fact"]
    assert sheet["version"] == found.row.version
    row = session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == "bulletin:fetch")).one()
    assert (row.actor, row.subject_id, (row.lon, row.lat)) == (READER, str(found.row.id), HERE)
    assert NAME not in repr(row.data)


def test_each_look_of_a_room_is_written_down(session: Session, county: County) -> None:
    found = issue(session, county)
    for who in (AUTHOR, APPROVER, "auditor"):
        assert NAME in looking.look(session, county.principal(who), found.row.id)["fact"]
    assert tags(session, found).count("look") == 3


@pytest.mark.parametrize("who", [OTHER_ROOM, "admin", "gis", STRANGER, READER])
def test_a_stranger_learns_nothing(session: Session, county: County, who: str) -> None:
    """A terminal takes its copy, which is another door."""
    found = issue(session, county)
    before = tags(session, found)
    with pytest.raises(NotFound):
        looking.look(session, county.principal(who), found.row.id)
    if who != READER:
        with pytest.raises(NotFound):
            fetch(session, county, found, who)
    assert tags(session, found) == before


@pytest.mark.parametrize("way", ["fetch", "look"])
def test_without_the_ledger_nothing_is_served(session: Session, county: County, way: str) -> None:
    """The row is written first: the contents are not even asked for."""
    found = issue(session, county)
    asked: list[str] = []
    session.execute(
        sa.text("ALTER TABLE audit_entry ADD CONSTRAINT no_room CHECK (false) NOT VALID")
    )
    listen = sa.event.listens_for(session.connection().engine, "before_cursor_execute")

    @listen
    def _note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    actor = county.principal(READER if way == "fetch" else AUTHOR)
    place = (HERE,) if way == "fetch" else ()
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        getattr(looking, way)(session, actor, found.row.id, *place)
    sa.event.remove(session.connection().engine, "before_cursor_execute", _note)
    assert not any("bulletin_contents" in statement for statement in asked)
    session.execute(sa.text("ALTER TABLE audit_entry DROP CONSTRAINT no_room"))


# --- what comes back


def test_what_was_read_without_signal_comes_back(session: Session, county: County) -> None:
    found = issue(session, county)
    fetch(session, county, found)
    for _ in range(2):
        assert say(session, county, READER, found).status == 200
    assert tags(session, found).count("read") == 2
    own = queries.held_by(session, county.accounts[READER], found.row.id)
    assert own.read_at is not None


def test_the_same_reading_is_one(session: Session, county: County) -> None:
    found = issue(session, county)
    command = Command(uuid.uuid4(), "read")
    actor = county.principal(READER)
    answers = [looking.command(session, actor, found.row.id, command) for _ in range(2)]
    assert [answer.replayed for answer in answers] == [False, True]
    assert tags(session, found).count("read") == 1


def test_a_verb_that_is_none_is_refused(session: Session, county: County) -> None:
    found = issue(session, county)
    assert say(session, county, READER, found, "share").body["field"] == "verb"
    assert say(session, county, STRANGER, found).body["code"] == "bulletin.unknown"


def test_at_its_end_every_terminal_removes_it_and_says_so(session: Session, county: County) -> None:
    found = issue(session, county)
    fetch(session, county, found)
    step(session, county, found, "resolve", reason="已找到")
    assert [kind for kind, _ in told(session, county, READER)][-1] == "bulletin.ended"
    with pytest.raises(Conflict) as refusal:
        fetch(session, county, found)
    assert refusal.value.code == "bulletin.over"
    assert say(session, county, READER, found, "removed").status == 200
    copy = session.scalars(sa.select(BulletinCopy)).one()
    assert copy.removed_at is not None
    assert tags(session, found)[-1] == "removed"


def test_what_was_removed_before_says_nothing_of_a_newer_copy(
    session: Session, county: County
) -> None:
    """Without signal a terminal let go of the unapproved one by its own clock; it took the approved
    one before its word came."""
    found = urgent(session, county)
    first = fetch(session, county, found)["version"]
    step(session, county, found, "approve")
    second = fetch(session, county, found)["version"]
    assert second > first
    copy = session.scalars(sa.select(BulletinCopy)).one()
    assert say(session, county, READER, found, "removed", version=first).status == 200
    session.refresh(copy)
    assert (copy.removed_at, copy.version) == (None, second)
    assert standing.progress(session, found.row.id).holding == 1
    assert tags(session, found)[-1] == "removed", "that it went is in the ledger all the same"
    assert say(session, county, READER, found, "removed", version=second).status == 200
    session.refresh(copy)
    assert copy.removed_at is not None
    wrong = say(session, county, READER, found, "removed", version="2")
    assert (wrong.status, wrong.body["field"]) == (422, "version")


def test_over_by_the_clock_is_over_before_the_worker_looks(
    session: Session, county: County, clock: SetClock
) -> None:
    found = urgent(session, county)
    assert (
        fetch(session, county, found)["live_until"]
        == (clock.now() + dt.timedelta(minutes=30)).isoformat()
    )
    clock.advance(dt.timedelta(minutes=30))
    with pytest.raises(Conflict):
        fetch(session, county, found)
    assert again(session, found).state == "provisional"
    part = queries.terminal_snapshot_part(session, county.accounts[READER])
    assert part == {"bulletins": []}


def test_a_snapshot_names_what_is_live(session: Session, county: County) -> None:
    found = issue(session, county)
    part = queries.terminal_snapshot_part(session, county.accounts[READER])
    assert part == {"bulletins": [{"id": found.row.id, "version": found.row.version}]}
    assert queries.terminal_snapshot_part(session, county.accounts[STRANGER]) == {"bulletins": []}


# --- how far it has come


def test_the_room_sees_who_has_it_who_read_it_and_who_removed_it(
    session: Session, county: County
) -> None:
    found = issue(session, county)

    def counts() -> tuple[int, ...]:
        return astuple(standing.progress(session, found.row.id))

    def names(only: str | None = None) -> list[str]:
        actor = county.principal(AUTHOR)
        people = standing.people(session, actor, found.row.id, only=only, limit=9)
        return [each.username for each in people]

    assert (counts(), names("without")) == ((4, 0, 0, 0), SOUTH)
    fetch(session, county, found)
    other = replace(county.principal(READER), device="another")
    looking.fetch(session, other, found.row.id, None)
    say(session, county, READER, found)
    assert (counts(), names("holding")) == ((4, 1, 1, 0), [READER])
    assert names("not_read") == SOUTH[1:]
    step(session, county, found, "resolve", reason="已找到")
    say(session, county, READER, found, "removed")
    assert (counts(), names("removed")) == ((4, 1, 1, 0), []), "the other one still has it"
    looking.command(session, other, found.row.id, Command(uuid.uuid4(), "removed"))
    assert (counts(), names("removed")) == ((4, 0, 1, 1), [READER])
    assert names() == SOUTH


def test_who_has_it_is_for_the_issuer_and_the_auditor(session: Session, county: County) -> None:
    found = issue(session, county, area={"units": ["33082402"]})
    actor = county.principal("auditor")
    assert len(standing.people(session, actor, found.row.id, limit=9)) == 4
    with pytest.raises(Forbidden):
        standing.people(session, county.principal(OTHER_ROOM), found.row.id, limit=9)


def test_the_room_sees_in_which_cells_it_was_read(session: Session, county: County) -> None:
    """Its cell is the first two's; the other two own the station's other cell."""
    found = issue(session, county)

    def counts() -> dict[str | None, tuple[int, ...]]:
        cells = standing.by_cell(session, county.principal(AUTHOR), found.row.id)
        return {code: tuple(numbers) for code, *numbers in map(astuple, cells)}

    own, other = SOUTH_CELL, "330824001001002"
    assert counts() == {own: (2, 0, 0, 2), other: (2, 0, 0, 2)}
    fetch(session, county, found)
    say(session, county, READER, found)
    assert counts()[own] == (2, 1, 1, 1)
    session.execute(sa.delete(Ownership).where(Ownership.officer_id == county.officers[SOUTH[2]]))
    assert counts() == {own: (2, 1, 1, 1), other: (1, 0, 0, 1), None: (1, 0, 0, 1)}
    assert tags(session, found).count("look_cells") == 3


@pytest.mark.parametrize("who", [OTHER_ROOM, "auditor", "admin", READER])
def test_in_which_cells_is_for_the_issuer(session: Session, county: County, who: str) -> None:
    found = issue(session, county, area={"units": ["33082401", "33082402"]})
    with pytest.raises((Forbidden, NotFound)):
        standing.by_cell(session, county.principal(who), found.row.id)
    assert "look_cells" not in tags(session, found)


# --- where it lies


def test_a_planted_name_lies_in_one_table_only(session: Session, county: County) -> None:
    """Inbox, feed, answers to commands, ledger: everything but the contents is searched."""
    found = issue(session, county)
    fetch(session, county, found)
    say(session, county, READER, found)
    looking.look(session, county.principal(AUTHOR), found.row.id)
    run_before_commit(session)
    tables = session.scalars(
        sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    ).all()
    holding = [
        table
        for table in tables
        if session.scalar(
            sa.text(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE :name'),  # noqa: S608
            {"name": f"%{NAME}%"},
        )
    ]
    assert holding == ["bulletin_contents"]
