"""A hit is a lead: an officer writes it, the issuing room answers in time, or it is escalated."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.alarms import queries as alarms
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.bulletins import clocks, hits, looking, purging, rules, service, sightings
from gridserver.bulletins.lifecycle import SIGHTING
from gridserver.bulletins.models import BulletinSighting
from gridserver.bulletins.queries import Found
from gridserver.delivery.commands import Command
from gridserver.delivery.models import FeedEntry
from tests.county import County
from tests.rooms.bulletining import (
    APPROVER,
    AUTHOR,
    NORTH,
    OTHER_ROOM,
    SEEN,
    SEEN_NAME,
    SOUTH,
    again,
    fetch,
    issue,
    say,
    sight,
    step,
    tags,
    told,
    urgent,
)

READER, OTHER_READER, STRANGER = SOUTH[0], SOUTH[1], NORTH[0]
MINUTE = dt.timedelta(minutes=1)
SAID: dict[str, dict[str, Any]] = {"promise": {"minutes": 30}, "confirm": {"text": "家属已确认"}}


def answer(
    session: Session,
    county: County,
    found: Found,
    sighting: int,
    verb: str,
    who: str = AUTHOR,
    **said: Any,
) -> dict[str, Any]:
    given = said or SAID.get(verb, {})
    actor = county.principal(who)
    return sightings.answer(session, actor, found.row.id, sighting, verb, given)


def look(session: Session, county: County, found: Found, who: str = AUTHOR) -> list[dict[str, Any]]:
    return sightings.look(session, county.principal(who), found.row.id)


def news(session: Session, county: County, who: str) -> list[dict[str, Any]]:
    return [data for kind, data in told(session, county, who) if kind == "bulletin.sighting"]


def alarm_keys(session: Session, county: County, who: str) -> list[str]:
    found = alarms.alarms_for(session, county.principal(who))
    return [each.key for each in found if each.kind == "sighting"]


# --- writing one


def test_a_sighting_asks_the_issuing_room(session: Session, county: County) -> None:
    found = issue(session, county)
    head = sight(session, county, found)
    assert (head["state"], head["notice"]) == ("open", hits.NOTICE)
    reference = {
        "bulletin": {"id": found.row.id, "version": found.row.version},
        "sighting": {"id": head["id"], "version": 1},
    }
    assert news(session, county, AUTHOR) == [reference], "the room must answer it"
    assert news(session, county, READER) == [reference], "they may have another terminal"
    assert news(session, county, OTHER_READER) == []
    fed = session.scalars(sa.select(FeedEntry).where(FeedEntry.type == "bulletin.sighting")).one()
    assert (fed.data, fed.unit_path) == (reference, found.unit.path)
    (seen,) = look(session, county, found)
    assert (seen["text"], seen["place"], seen["by"]["username"]) == (
        SEEN["text"],
        SEEN["place"],
        READER,
    )
    assert tags(session, found)[-2:] == ["sight", "look_sightings"]


def test_an_urgent_bulletins_sighting_is_urgent(
    session: Session, county: County, clock: SetClock
) -> None:
    head = sight(session, county, urgent(session, county))
    assert head["answer_by"] == (clock.now() + 10 * MINUTE).astimezone(dt.UTC).isoformat()
    routine = sight(session, county, issue(session, county))
    assert routine["answer_by"] == (clock.now() + 60 * MINUTE).astimezone(dt.UTC).isoformat()


def test_the_same_sighting_is_one(session: Session, county: County) -> None:
    """It may come again from a terminal that was without signal."""
    found = issue(session, county)
    fetch(session, county, found)
    command = Command(uuid.uuid4(), "sight", None, SEEN)
    actor = county.principal(READER)
    answers = [looking.command(session, actor, found.row.id, command) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert [each.replayed for each in answers] == [False, True]
    assert tags(session, found).count("sight") == 1


def test_only_who_was_given_it_writes_one(session: Session, county: County) -> None:
    found = issue(session, county)
    assert say(session, county, READER, found, "sight", **SEEN).body["code"] == "bulletin.not_held"
    assert say(session, county, STRANGER, found, "sight", **SEEN).status == 404
    assert say(session, county, AUTHOR, found, "sight", **SEEN).status == 404
    assert session.scalars(sa.select(BulletinSighting)).all() == []


def test_what_comes_late_is_kept_and_waits_for_nobody(session: Session, county: County) -> None:
    found = issue(session, county)
    fetch(session, county, found)
    step(session, county, found, "withdraw", reason="信息有误")
    late = say(session, county, READER, found, "sight", **SEEN).body["sighting"]
    assert (late["state"], late["answer_by"], late["notice"]) == ("lapsed", None, hits.NOTICE)
    assert [each["text"] for each in look(session, county, found)] == [SEEN["text"]]


# --- answering


@pytest.mark.parametrize(
    ("state", "verb"), list(itertools.product(SIGHTING.states, SIGHTING.verbs)), ids="-".join
)
def test_every_answer_in_every_state(
    session: Session, county: County, clock: SetClock, state: str, verb: str
) -> None:
    found = issue(session, county)
    id_ = sight(session, county, found)["id"]
    row = session.get_one(BulletinSighting, id_)

    def do(verb: str) -> None:
        if verb == "escalate":
            sightings.escalate(session, found, row)
        elif verb == "drop":
            sightings.drop(session, found)
        else:
            answer(session, county, found, id_, verb)

    way = {"promised": "promise", "confirmed": "confirm", "refuted": "refute", "lapsed": "drop"}
    if state != "open":
        do(way.get(state, "escalate"))
    assert session.get_one(BulletinSighting, id_, populate_existing=True).state == state
    version, after = row.version, SIGHTING.after(state, verb)
    if after is None and verb == "drop":
        do(verb)  # it takes those that wait, and there is none
        assert row.version == version
    elif after is None:
        with pytest.raises(Conflict) as refusal:
            do(verb)
        assert refusal.value.extra["state"] == state
    else:
        do(verb)
        row = session.get_one(BulletinSighting, id_, populate_existing=True)
        assert (row.state, row.version) == (after, version + 1)
        assert tags(session, found)[-1] == verb


def test_the_officer_hears_the_outcome(session: Session, county: County) -> None:
    found = issue(session, county)
    id_ = sight(session, county, found)["id"]
    head = answer(session, county, found, id_, "promise", minutes=30)
    assert (head["state"], head["notice"]) == ("promised", hits.NOTICE)
    done = answer(session, county, found, id_, "confirm", who=APPROVER, text="家属已确认")
    assert (done["state"], done["notice"]) == ("confirmed", None)
    assert [each["sighting"]["version"] for each in news(session, county, READER)] == [1, 2, 3]
    (own,) = look(session, county, found, READER)
    assert (own["answer"], own["answered_by"]["username"]) == ("家属已确认", APPROVER)


def test_a_refuted_one_is_still_unconfirmed(session: Session, county: County) -> None:
    found = issue(session, county)
    head = answer(session, county, found, sight(session, county, found)["id"], "refute")
    assert (head["state"], head["notice"]) == ("refuted", hits.NOTICE)


@pytest.mark.parametrize("who", [OTHER_ROOM, STRANGER, READER, "admin", "auditor"])
def test_nobody_else_answers(session: Session, county: County, who: str) -> None:
    found = issue(session, county, area={"units": ["33082401", "33082402"]})
    id_ = sight(session, county, found)["id"]
    with pytest.raises((Forbidden, NotFound)):
        answer(session, county, found, id_, "confirm", who=who)


def test_who_wrote_it_does_not_answer_it(session: Session, county: County) -> None:
    found = issue(session, county)
    id_ = sight(session, county, found)["id"]
    row = session.get_one(BulletinSighting, id_)
    row.account_id = county.accounts[AUTHOR]
    session.flush()
    with pytest.raises(Forbidden) as refusal:
        answer(session, county, found, id_, "confirm")
    assert refusal.value.code == "bulletin.two_persons"
    answer(session, county, found, id_, "confirm", who=APPROVER)


def test_a_sighting_is_found_by_its_own_bulletin_alone(session: Session, county: County) -> None:
    found, other = issue(session, county), issue(session, county)
    id_ = sight(session, county, found)["id"]
    with pytest.raises(NotFound) as refusal:
        answer(session, county, other, id_, "confirm")
    assert refusal.value.code == "bulletin.unknown_sighting"
    with pytest.raises(Invalid, match="minutes"):
        answer(session, county, found, id_, "promise", minutes=0)


# --- who may look


def test_an_officer_sees_their_own_and_the_issuer_all(session: Session, county: County) -> None:
    found = issue(session, county, area={"units": ["33082401", "33082402"]})
    for who in (READER, OTHER_READER):
        sight(session, county, found, who)
    for who, count in ((AUTHOR, 2), (APPROVER, 2), ("auditor", 2), (READER, 1), (SOUTH[2], 0)):
        before = tags(session, found).count("look_sightings")
        assert len(look(session, county, found, who)) == count, who
        assert tags(session, found).count("look_sightings") == before + 1
    with pytest.raises(Forbidden):
        look(session, county, found, OTHER_ROOM)
    with pytest.raises(NotFound):
        look(session, county, found, "admin")


def test_the_ledger_does_not_say_where(session: Session, county: County) -> None:
    """It outlives the bulletin by years: no way of a person is to be read from it."""
    found = issue(session, county)
    sight(session, county, found, lon=118.4, lat=29.1)
    row = session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == "bulletin:sight")).one()
    assert (row.lon, row.lat, row.actor) == (None, None, READER)
    assert set(row.data) == {"sighting", "urgent", "answer_by", "after"}
    assert row.data["after"] == {"state": "open"}


# --- the clock


@pytest.mark.parametrize(("is_urgent", "minutes"), [(True, 10), (False, 60)])
def test_unanswered_in_time_it_is_raised_to_the_bureau(
    session: Session, county: County, clock: SetClock, is_urgent: bool, minutes: int
) -> None:
    found = issue(session, county)
    id_ = sight(session, county, found, urgent=is_urgent)["id"]
    clock.advance(minutes * MINUTE - dt.timedelta(seconds=1))
    assert clocks.escalate_sightings(session) == 0
    assert alarm_keys(session, county, APPROVER) == []
    clock.advance(dt.timedelta(seconds=1))
    assert clocks.escalate_sightings(session) == 1
    assert clocks.escalate_sightings(session) == 0
    assert tags(session, found)[-1] == "escalate"
    for who in (APPROVER, READER):
        assert news(session, county, who)[-1]["sighting"] == {"id": id_, "version": 2}
    for who, shown in ((APPROVER, True), (AUTHOR, True), (OTHER_ROOM, False)):
        assert alarm_keys(session, county, who) == ([f"sighting:{id_}"] if shown else [])
    answer(session, county, found, id_, "confirm", who=APPROVER)
    assert alarm_keys(session, county, APPROVER) == []


def test_a_time_that_was_given_is_a_clock_too(
    session: Session, county: County, clock: SetClock
) -> None:
    found = issue(session, county)
    id_ = sight(session, county, found, urgent=True)["id"]
    clock.advance(9 * MINUTE)
    answer(session, county, found, id_, "promise", minutes=20)
    clock.advance(19 * MINUTE)
    assert clocks.escalate_sightings(session) == 0
    clock.advance(MINUTE)
    assert clocks.escalate_sightings(session) == 1
    answer(session, county, found, id_, "promise", minutes=5)
    assert alarm_keys(session, county, APPROVER) == [], "a new time is given"
    clock.advance(5 * MINUTE)
    assert clocks.escalate_sightings(session) == 1


def test_at_the_bulletins_end_nobody_waits_any_longer(
    session: Session, county: County, clock: SetClock
) -> None:
    found = urgent(session, county)
    id_ = sight(session, county, found)["id"]
    clock.advance(rules.APPROVED_WITHIN)
    clocks.escalate_sightings(session)
    assert clocks.end_due(session) == 1
    assert again(session, found).state == "withdrawn"
    row = session.get_one(BulletinSighting, id_, populate_existing=True)
    assert row.state == "lapsed"
    assert alarm_keys(session, county, APPROVER) == []
    assert clocks.escalate_sightings(session) == 0


# --- where it lies


def test_it_is_purged_with_its_bulletin(session: Session, county: County, clock: SetClock) -> None:
    found = issue(session, county)
    fetch(session, county, found)
    sight(session, county, found)
    step(session, county, found, "resolve", reason="已找到")
    clock.advance(rules.KEPT)
    assert purging.purge(session) == 1
    assert session.scalars(sa.select(BulletinSighting)).all() == []
    assert say(session, county, READER, found, "sight", **SEEN).body["code"] == "bulletin.over"


def test_what_was_seen_lies_in_one_table_only(session: Session, county: County) -> None:
    found = issue(session, county)
    id_ = sight(session, county, found)["id"]
    answer(session, county, found, id_, "confirm", text=SEEN_NAME)
    look(session, county, found)
    service.step(session, county.principal(AUTHOR), found.row.id, "resolve", {"reason": "已找到"})
    run_before_commit(session)
    tables = session.scalars(
        sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    ).all()
    holding = [
        table
        for table in tables
        if session.scalar(
            sa.text(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE :name'),  # noqa: S608
            {"name": f"%{SEEN_NAME}%"},
        )
    ]
    assert holding == ["bulletin_sighting"]


WRONG = {
    "no words": "words = ' '",
    "nowhere": "place = NULL",
    "half a point": "lon = 118",
    "beyond the earth": "lon = 181, lat = 0",
    "answered by nobody": "state = 'confirmed'",
    "by who wrote it": "state = 'confirmed', answered_by = account_id, answered_at = now()",
    "no time to answer": "answer_by = NULL",
    "an unknown state": "state = 'matched'",
    "raised at no time": "state = 'escalated'",
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_the_database_refuses_it_too(session: Session, county: County, change: str) -> None:
    id_ = sight(session, county, issue(session, county))["id"]
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(
            sa.text(f"UPDATE bulletin_sighting SET {change} WHERE id = :id"),  # noqa: S608
            {"id": id_},
        )
