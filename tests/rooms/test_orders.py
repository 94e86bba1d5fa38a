"""Orders: sent, read, answered, ended; told to persons and rooms."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.delivery import service as delivery
from gridserver.delivery.commands import Command
from gridserver.delivery.service import Receipt
from gridserver.force.audiences import Audience
from gridserver.orders import counting, queries, service
from gridserver.orders.models import OrderDeadline
from gridserver.orders.queries import Issued
from gridserver.orders.rules import Draft
from tests.conftest import MORNING
from tests.county import County
from tests.rooms.dispatching import feed, messages
from tests.rooms.ordering import EVERYONE, HOUR, NORTH, SOUTH, issue, rows, say

ROOM = "room-33082401"
CHOICE: dict[str, Any] = {"asks": "choice", "choices": ("能到", "不能到")}


def types(session: Session, county: County, username: str) -> list[str]:
    return [message.type for message in messages(session, county, username)]


def tags(session: Session) -> list[str]:
    ours = AuditEntry.subject_kind == "order"
    return list(session.scalars(sa.select(AuditEntry.tag).where(ours).order_by(AuditEntry.id)))


# --- sending


def test_everyone_in_the_audience_gets_the_whole_order(session: Session, county: County) -> None:
    found = issue(session, county)
    assert sorted(rows(session, county, found)) == SOUTH
    for who, row in rows(session, county, found).items():
        (message,) = messages(session, county, who)
        assert (message.type, message.id) == ("order.issued", row.message_id)
        assert message.expires_at == MORNING + HOUR + dt.timedelta(days=7)
        card = message.data["order"]
        assert (card["id"], card["title"], card["state"]) == (found.order.id, "集结", "issued")
        assert card["unit"] == {"code": "33082401", "name": "南所"}
    assert [types(session, county, who) for who in NORTH] == [[]] * 4
    assert tags(session) == ["order:issue"]


def test_the_number_fits_the_radio(session: Session, county: County) -> None:
    one, two = issue(session, county), issue(session, county)
    assert 101 <= one.order.number <= 999
    assert one.order.number != two.order.number


def test_the_feed_gets_counts_only(session: Session, county: County) -> None:
    found = issue(session, county)
    (entry,) = feed(session)
    counts = {"people": 4, "received": 0, "read": 0, "answered": 0}
    assert (entry.type, entry.unit_path) == ("order.changed", "330824.33082401")
    assert entry.data["order"] == {
        "id": found.order.id,
        "number": found.order.number,
        "state": "issued",
        "progress": counts,
    }


def test_a_preview_tells_who_it_will_be(session: Session, county: County) -> None:
    audience = Audience(units=["33082401"])
    shown = service.preview(session, county.principal(ROOM), "33082401", audience)
    assert (shown.people, shown.on_duty) == (4, 4)
    assert [row["username"] for row in shown.first] == SOUTH
    found = issue(session, county, audience)
    assert sorted(rows(session, county, found)) == SOUTH


def test_the_confirmed_count_must_hold(session: Session, county: County) -> None:
    draft = Draft("notice", "防汛", "今晚有大雨。")
    with pytest.raises(Conflict) as refusal:
        service.issue(session, county.principal(ROOM), "33082401", draft, EVERYONE, expected=3)
    assert (refusal.value.code, refusal.value.extra) == ("order.audience_changed", {"people": 4})


def test_an_order_to_nobody_is_refused(session: Session, county: County, clock: SetClock) -> None:
    clock.advance(dt.timedelta(days=60))
    with pytest.raises(Conflict) as refusal:
        issue(session, county, Audience(everyone=True, on_duty=True))
    assert refusal.value.code == "order.nobody"


@pytest.mark.parametrize("who", ["330824001", "auditor", "gis", "room-33082402"])
def test_only_the_rooms_above_speak_for_a_unit(session: Session, county: County, who: str) -> None:
    with pytest.raises(Forbidden):
        issue(session, county, who=who)
    with pytest.raises(Forbidden):
        service.preview(session, county.principal(who), "33082401", EVERYONE)


@pytest.mark.parametrize("who", ["command", "admin", ROOM])
def test_who_speaks_for_a_unit(session: Session, county: County, who: str) -> None:
    assert issue(session, county, who=who).order.issued_by == county.accounts[who]


# --- reading and answering


def test_reading_answers_an_order_that_asks_for_it(session: Session, county: County) -> None:
    found = issue(session, county)
    outcome = say(session, county, "330824001", found)
    assert outcome.status == 200
    card = outcome.body["order"]
    assert card["read_at"] == card["answered_at"] == MORNING.astimezone(dt.UTC).isoformat()
    assert (card["answer"], card["late"]) == ({}, False)
    assert types(session, county, "330824001") == ["order.issued", "order.updated"]
    assert tags(session) == ["order:issue", "order:read"]


def test_reading_again_changes_nothing(session: Session, county: County, clock: SetClock) -> None:
    found = issue(session, county)
    first = say(session, county, "330824001", found).body
    clock.advance(HOUR * 2)
    assert say(session, county, "330824001", found).body == first
    assert types(session, county, "330824001") == ["order.issued", "order.updated"]


def test_a_choice_is_answered_once(session: Session, county: County) -> None:
    found = issue(session, county, **CHOICE)
    assert say(session, county, "330824001", found).body["order"]["answered_at"] is None
    answered = say(session, county, "330824001", found, "answer", {"choice": "能到"})
    assert answered.body["order"]["answer"] == {"choice": "能到"}
    again = say(session, county, "330824001", found, "answer", {"choice": "不能到"})
    assert (again.status, again.body["code"]) == (409, "order.answered")
    assert again.body["order"]["answer"] == {"choice": "能到"}


def test_a_late_answer_is_kept_as_late(session: Session, county: County, clock: SetClock) -> None:
    found = issue(session, county, **CHOICE)
    clock.advance(HOUR + dt.timedelta(seconds=1))
    answered = say(session, county, "330824001", found, "answer", {"choice": "能到"})
    assert (answered.status, answered.body["order"]["late"]) == (200, True)


@pytest.mark.parametrize("end", ["recall", "close"])
def test_an_answer_after_the_end_is_kept_as_late(
    session: Session, county: County, end: str
) -> None:
    found = issue(session, county)
    _end(session, county, found, end)
    card = say(session, county, "330824001", found).body["order"]
    assert (card["late"], card["answer"]) == (True, {})


@pytest.mark.parametrize("who", ["330824005", ROOM])
def test_who_was_not_sent_it_has_no_say(session: Session, county: County, who: str) -> None:
    found = issue(session, county)
    outcome = say(session, county, who, found)
    assert (outcome.status, outcome.body["code"]) == (404, "order.unknown")


def test_what_the_officers_clock_said_is_kept_and_put_right(
    session: Session, county: County, clock: SetClock
) -> None:
    found = issue(session, county)
    wrong = replace(county.principal("330824001"), clock_offset_s=-90.5)
    read = Command(uuid.uuid4(), "read", MORNING)
    clock.advance(HOUR / 2)
    assert service.command(session, wrong, found.order.id, read).status == 200
    row = rows(session, county, found)["330824001"]
    assert (row.read_said_at, row.answered_at) == (MORNING, MORNING + HOUR / 2)
    (shown,) = queries.recipients(session, found.order.id, only="answered", limit=9)
    assert shown.answered_said_at == MORNING - dt.timedelta(seconds=90.5)


# --- the end


def _end(session: Session, county: County, found: Issued, verb: str) -> Issued:
    actor = county.principal(ROOM)
    if verb == "recall":
        return service.recall(session, actor, found.order.id, "  误发  ")
    return service.close(session, actor, found.order.id)


def test_a_recall_is_told_to_everyone_with_its_reason(session: Session, county: County) -> None:
    found = issue(session, county)
    say(session, county, "330824001", found)
    _end(session, county, found, "recall")
    for who in SOUTH:
        *_, last = messages(session, county, who)
        assert last.type == "order.recalled"
        assert last.data["order"] == {
            "id": found.order.id,
            "state": "recalled",
            "ended_at": MORNING.astimezone(dt.UTC).isoformat(),
            "recall_reason": "误发",
        }
    assert tags(session) == ["order:issue", "order:read", "order:recall"]
    assert feed(session)[-1].data["order"]["state"] == "recalled"


@pytest.mark.parametrize("end", ["recall", "close"])
def test_after_the_end_the_clock_is_silent(session: Session, county: County, end: str) -> None:
    found = issue(session, county)
    _end(session, county, found, end)
    ours = OrderDeadline.order_id == found.order.id
    assert session.scalars(sa.select(OrderDeadline).where(ours)).all() == []


@pytest.mark.parametrize("first", ["recall", "close"])
@pytest.mark.parametrize("second", ["recall", "close", "remind"])
def test_an_order_ends_once(session: Session, county: County, first: str, second: str) -> None:
    found = issue(session, county)
    _end(session, county, found, first)
    with pytest.raises(Conflict) as refusal:
        if second == "remind":
            service.remind(session, county.principal(ROOM), found.order.id)
        else:
            _end(session, county, found, second)
    state = {"recall": "recalled", "close": "closed"}[first]
    assert (refusal.value.code, refusal.value.extra) == ("order.wrong_state", {"state": state})


def test_a_recall_needs_a_reason(session: Session, county: County) -> None:
    found = issue(session, county)
    with pytest.raises(Invalid) as refusal:
        service.recall(session, county.principal(ROOM), found.order.id, " ")
    assert refusal.value.field == "reason"


def test_another_station_neither_sees_nor_ends_it(session: Session, county: County) -> None:
    found = issue(session, county)
    north = county.principal("room-33082402")
    for refused in (
        lambda: queries.order_for(session, north, found.order.id),
        lambda: service.close(session, north, found.order.id),
        lambda: service.remind(session, north, found.order.id),
    ):
        with pytest.raises(Forbidden) as refusal:
            refused()
        assert refusal.value.code == "order.out_of_scope"
    assert queries.page(session, north, is_open=False, limit=9) == []
    with pytest.raises(NotFound):
        queries.order_for(session, north, 10**9)


# --- a new order that refers to an old one


@pytest.mark.parametrize(("relation", "state"), [("supplements", "issued"), ("renews", "closed")])
def test_a_new_order_refers_to_the_old(
    session: Session, county: County, relation: str, state: str
) -> None:
    old = issue(session, county)
    new = issue(session, county, refers_to=old.order.id, relation=relation)
    assert old.order.state == state
    (card,) = [m.data["order"] for m in messages(session, county, "330824001")][1:2]
    named = {"id": old.order.id, "number": old.order.number, "title": "集结"}
    assert card["refers_to"] == named | {"relation": relation}
    shown = queries.detail(session, county.principal(ROOM), old)
    assert [each["id"] for each in shown["followed_by"]] == [new.order.id]


def test_no_order_refers_to_another_stations(session: Session, county: County) -> None:
    north = issue(session, county, unit="33082402", who="command")
    with pytest.raises(Forbidden):
        issue(session, county, refers_to=north.order.id, relation="renews")
    with pytest.raises(NotFound):
        issue(session, county, refers_to=10**9, relation="supplements")


# --- how far it has come


def progress(session: Session, county: County, found: Issued) -> dict[str, int]:
    counting.take_receipts(session)
    counting.count_progress(session)
    return queries.detail(session, county.principal(ROOM), found)["progress"]


def receive(session: Session, county: County, *usernames: str) -> None:
    run_before_commit(session)
    heads = {who: len(messages(session, county, who)) for who in usernames}
    delivery.record_receipts(
        session, [Receipt(county.accounts[who], "phone", heads[who]) for who in usernames]
    )


def test_receipts_are_the_devices(session: Session, county: County, clock: SetClock) -> None:
    found = issue(session, county)
    run_before_commit(session)
    clock.advance(HOUR / 4)
    receive(session, county, "330824001", "330824002")
    assert progress(session, county, found)["received"] == 2
    clock.advance(HOUR / 4)
    receive(session, county, "330824001")
    row = rows(session, county, found)["330824001"]
    assert (row.received_at, row.is_uncounted) == (MORNING + HOUR / 4, False)
    assert counting.take_receipts(session) == 0


def test_progress_counts_what_people_did(session: Session, county: County) -> None:
    found = issue(session, county, **CHOICE)
    run_before_commit(session)
    receive(session, county, "330824001", "330824002")
    say(session, county, "330824001", found, "answer", {"choice": "能到"})
    say(session, county, "330824002", found)
    counts = {"people": 4, "received": 2, "read": 2, "answered": 1}
    assert progress(session, county, found) == counts
    assert feed(session)[-1].data["order"]["progress"] == counts
    before = len(feed(session))
    assert counting.count_progress(session) == 0
    assert len(feed(session)) == before


def test_who_has_not(session: Session, county: County) -> None:
    found = issue(session, county, **CHOICE)
    run_before_commit(session)
    receive(session, county, "330824001")
    say(session, county, "330824001", found, "answer", {"choice": "能到"})
    say(session, county, "330824002", found)
    progress(session, county, found)

    def listed(only: str | None) -> list[str]:
        people = queries.recipients(session, found.order.id, only=only, limit=9)
        return [each.username for each in people]

    assert listed(None) == SOUTH
    assert listed("not_received") == SOUTH[2:]
    assert listed("not_read") == SOUTH[2:]
    assert listed("not_answered") == SOUTH[1:]
    assert listed("answered") == SOUTH[:1]
    assert listed("late") == []
    after = queries.recipients(session, found.order.id, after="330824002", limit=1)
    assert [each.username for each in after] == ["330824003"]


# --- one's own


def test_the_snapshot_has_what_has_not_expired(
    session: Session, county: County, clock: SetClock
) -> None:
    account = county.accounts["330824001"]
    notice = issue(session, county, kind="notice", asks="none")
    order = issue(session, county)
    say(session, county, "330824001", order)

    def held() -> list[int]:
        part = queries.terminal_snapshot_part(session, account)
        return [card["id"] for card in part["orders"]]

    assert held() == [notice.order.id, order.order.id]
    clock.advance(dt.timedelta(days=7))
    assert held() == [order.order.id]
    clock.advance(HOUR)
    assert held() == []
    mine = queries.mine(session, account, limit=9)
    assert [card["id"] for card in mine] == [order.order.id, notice.order.id]
    assert mine[0]["answer"] == {}
