"""Bulletins: their life, their two persons, who is told, and what the database itself refuses."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.alarms import queries as alarms
from gridserver.alarms.rules import Alarm
from gridserver.attachments import queries as attachments
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.bulletins import clocks, looking, purging, queries, rules, service, wording
from gridserver.bulletins.lifecycle import BULLETIN, BY_CLOCK, LIVE
from gridserver.bulletins.models import Bulletin, BulletinContents
from gridserver.bulletins.queries import Found
from gridserver.bulletins.rules import KINDS
from tests.conftest import MORNING
from tests.county import County
from tests.rooms.bulletining import (
    APPROVER,
    AUTHOR,
    NAME,
    OTHER_ROOM,
    SOUTH_CELL,
    again,
    detail,
    issue,
    said,
    step,
    tags,
    urgent,
    write,
)

HOUR = dt.timedelta(hours=1)
DATA: dict[str, dict[str, Any]] = {
    "withdraw": {"reason": "信息有误"},
    "resolve": {"reason": "已找到"},
    "renew": {"lasts_h": 24},
}


def in_state(session: Session, county: County, state: str) -> Found:
    """Bring a bulletin into a state by its verbs alone."""
    if state == "draft":
        return write(session, county)
    if state == "approved":
        return step(session, county, write(session, county), "approve")
    if state == "provisional":
        return urgent(session, county)
    found = issue(session, county)
    verbs = {"renewed": "renew", "withdrawn": "withdraw", "resolved": "resolve"}
    if verb := verbs.get(state):
        return step(session, county, found, verb, **DATA[verb])
    if state == "expired":
        service.end_by_clock(session, found, "expire", "expiry")
    return found


def say(session: Session, county: County, found: Found, verb: str) -> Found:
    if verb in BY_CLOCK:
        service.end_by_clock(session, found, verb, "test")
        return found
    if verb == "edit":
        return service.edit(session, county.principal(AUTHOR), found, said())
    return step(session, county, found, verb, **DATA.get(verb, {}))


@pytest.mark.parametrize(
    ("state", "verb"), list(itertools.product(BULLETIN.states, BULLETIN.verbs)), ids="-".join
)
def test_every_verb_in_every_state(session: Session, county: County, state: str, verb: str) -> None:
    found = in_state(session, county, state)
    assert again(session, found).state == state
    before, version = tags(session, found), found.row.version
    after = BULLETIN.after(state, verb)
    if (state, verb) == ("draft", "send_at_once"):  # only what was written as urgent
        with pytest.raises(Invalid, match="urgent"):
            say(session, county, found, verb)
    elif after is None:
        with pytest.raises(Conflict) as refusal:
            say(session, county, found, verb)
        assert refusal.value.code == "bulletin.wrong_state"
        assert refusal.value.extra["state"] == state
        assert tags(session, found) == before
    else:
        say(session, county, found, verb)
        assert again(session, found).state == after
        assert again(session, found).version == version + 1
        assert tags(session, found) == [*before, verb]


# --- two persons


def test_the_author_approves_and_renews_nothing(session: Session, county: County) -> None:
    found = write(session, county)
    with pytest.raises(Forbidden) as refusal:
        step(session, county, found, "approve", who=AUTHOR)
    assert refusal.value.code == "bulletin.two_persons"
    assert "approve" not in detail(session, county, AUTHOR, found)["allowed"]
    assert "approve" in detail(session, county, APPROVER, found)["allowed"]
    live = issue(session, county)
    with pytest.raises(Forbidden, match="another person"):
        step(session, county, live, "renew", who=AUTHOR, lasts_h=5)


def test_who_changes_a_draft_is_its_author(session: Session, county: County) -> None:
    found = write(session, county)
    service.edit(session, county.principal(APPROVER), found, said(lasts_h=5))
    with pytest.raises(Forbidden):
        step(session, county, found, "approve", who=APPROVER)
    step(session, county, found, "approve", who=AUTHOR)


def test_it_is_approved_as_it_was_read(session: Session, county: County) -> None:
    found = write(session, county)
    read = found.row.version
    for version in (None, True, "1"):
        with pytest.raises(Invalid) as unsaid:
            step(session, county, found, "approve", version=version)
        assert (unsaid.value.code, unsaid.value.field) == ("bulletin.version", "version")
    service.edit(session, county.principal(AUTHOR), found, said(lasts_h=5))
    with pytest.raises(Conflict) as refusal:
        step(session, county, found, "approve", version=read)
    assert refusal.value.code == "bulletin.changed"
    assert refusal.value.extra["bulletin"] == {"id": found.row.id, "version": read + 1}
    assert again(session, found).approver_id is None
    step(session, county, found, "approve", version=read + 1)


def test_a_photo_that_comes_is_a_change_to_who_approves(session: Session, county: County) -> None:
    found = urgent(session, county)
    read = found.row.version
    service.show_again(session, found.row.id)
    with pytest.raises(Conflict, match="changed since"):
        step(session, county, found, "approve", version=read)


def test_the_ledger_says_what_was_changed_and_nothing_of_the_person(
    session: Session, county: County
) -> None:
    found = write(session, county)
    changed = said(lasts_h=5, area={"whole": True, "reason": f"{NAME}去向不明"})
    service.edit(session, county.principal(AUTHOR), found, changed)
    step(session, county, found, "approve")
    step(session, county, found, "issue", who=AUTHOR)
    step(session, county, found, "renew", lasts_h=72)
    rows = session.scalars(
        sa.select(AuditEntry.data)
        .where(AuditEntry.tag.startswith("bulletin:"))
        .order_by(AuditEntry.id)
    ).all()
    written, edited, approved, issued, renewed = rows
    assert "before" not in written
    assert (written["after"]["state"], written["after"]["kind"]) == ("draft", "missing_person")
    assert edited["before"] == {
        "version": 1,
        "area_cells": [SOUTH_CELL],
        "area_whole": False,
        "lasts_h": 24,
    }
    assert edited["after"] == {"version": 2, "area_cells": [], "area_whole": True, "lasts_h": 5}
    for row, before, after in (
        (approved, "draft", "approved"),
        (issued, "approved", "active"),
        (renewed, "active", "renewed"),
    ):
        assert (row["before"]["state"], row["after"]["state"]) == (before, after)
    assert approved["after"]["approver_id"] == county.accounts[APPROVER]
    assert renewed["before"]["expires_at"] < renewed["after"]["expires_at"]
    assert NAME not in repr(rows)


@pytest.mark.parametrize("who", [OTHER_ROOM, "330824001", "admin", "gis", "auditor"])
def test_nobody_else_changes_it(session: Session, county: County, who: str) -> None:
    found = write(session, county)
    with pytest.raises((Forbidden, NotFound)):
        step(session, county, found, "approve", who=who)
    with pytest.raises(Forbidden):
        write(session, county, who=who)


# --- what the database refuses, whoever asks

WRONG = {
    "the author as approver": "approver_id = author_id",
    "the author as renewer": "renewed_by = author_id",
    "no ground": "basis_number = ''",
    "a blank authority": "basis_authority = '  '",
    "another's instrument": "basis_type = 'arrest_warrant'",
    "no area": "area_cells = '{}'",
    "all without a reason": "area_whole = true",
    "no expiry": "expires_at = NULL",
    "too long": "expires_at = runs_from + interval '73 hours'",
    "too many hours": "lasts_h = 73",
    "no approver": "approver_id = NULL, approved_at = NULL",
    "an unknown kind": "kind = 'watch'",
    "an unknown state": "state = 'forever'",
    "a wanted child": "role = 'wanted'",
    "an end without its time": "state = 'expired'",
    "provisional again": "state = 'provisional'",
}
NOT_NULL = ("kind", "basis_type", "basis_number", "basis_authority", "basis_date", "lasts_h")


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_the_database_refuses_it_too(session: Session, county: County, change: str) -> None:
    found = issue(session, county)
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(
            sa.text(f"UPDATE bulletin SET {change} WHERE id = :id"),  # noqa: S608 (a constant)
            {"id": found.row.id},
        )


@pytest.mark.parametrize("column", NOT_NULL)
def test_what_must_be_there_is_there(session: Session, county: County, column: str) -> None:
    found = write(session, county)
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(
            sa.text(f"UPDATE bulletin SET {column} = NULL WHERE id = :id"),  # noqa: S608
            {"id": found.row.id},
        )


def test_what_is_refused_is_not_stored(session: Session, county: County) -> None:
    before = session.scalar(sa.select(sa.func.count()).select_from(Bulletin))
    for given in (said() | {"basis": None}, said(area={}), said(area={"cells": ["404"]})):
        with pytest.raises(Invalid), session.begin_nested():
            service.write(session, county.principal(AUTHOR), "33082401", given)
    assert session.scalar(sa.select(sa.func.count()).select_from(Bulletin)) == before


# --- area


def test_an_area_reaches_the_stations_of_its_cells(session: Session, county: County) -> None:
    assert issue(session, county).row.reaches == ["33082401"]
    both = issue(session, county, area={"cells": [SOUTH_CELL], "units": ["33082402"]})
    assert both.row.reaches == ["33082401", "33082402"]


@pytest.mark.parametrize("name", ["cells", "units"])
def test_an_unknown_place_is_named(session: Session, county: County, name: str) -> None:
    with pytest.raises(Invalid, match="nowhere") as refusal:
        write(session, county, area={name: ["nowhere"]})
    assert refusal.value.field == f"area.{name}"


def test_the_whole_bureau_needs_a_reason_by_whatever_name(session: Session, county: County) -> None:
    with pytest.raises(Invalid, match="reason") as refusal:
        write(session, county, area={"units": ["330824"]})
    assert refusal.value.field == "area.units"


# --- the clock


def test_the_urgent_one_is_withdrawn_unless_somebody_approves(
    session: Session, county: County, clock: SetClock
) -> None:
    left, approved = urgent(session, county), urgent(session, county)
    assert left.row.state == "provisional"
    clock.advance(dt.timedelta(minutes=29))
    step(session, county, approved, "approve")
    clock.advance(dt.timedelta(seconds=59))
    assert clocks.end_due(session) == 0
    clock.advance(dt.timedelta(seconds=1))
    assert clocks.end_due(session) == 1
    assert (again(session, left).state, again(session, approved).state) == ("withdrawn", "active")
    assert tags(session, left)[-1] == "lapse"
    assert clocks.end_due(session) == 0


def test_rooms_are_told_that_the_second_person_is_missing(
    session: Session, county: County, clock: SetClock
) -> None:
    left, approved = urgent(session, county), urgent(session, county)
    both = [f"unapproved:{each.row.id}" for each in (left, approved)]
    for who, shown in ((AUTHOR, both), (APPROVER, both), (OTHER_ROOM, [])):
        assert [alarm.key for alarm in unapproved(session, county, who)] == shown
    step(session, county, approved, "approve")
    clock.advance(dt.timedelta(minutes=30))
    clocks.end_due(session)
    (alarm,) = unapproved(session, county, APPROVER)
    assert (alarm.key, alarm.since) == (both[0], clock.now())
    assert alarm.params["withdrawn"] is True
    assert set(alarm.params) == {"bulletin", "until", "withdrawn"}, "nothing that it says"
    clock.advance(HOUR)
    assert unapproved(session, county, APPROVER) == []


def unapproved(session: Session, county: County, who: str) -> list[Alarm]:
    found = alarms.alarms_for(session, county.principal(who))
    return [alarm for alarm in found if alarm.kind == "unapproved"]


def test_one_that_a_room_withdraws_is_no_alarm(session: Session, county: County) -> None:
    found = urgent(session, county)
    step(session, county, found, "withdraw", who=AUTHOR, reason="已找到")
    assert unapproved(session, county, AUTHOR) == []


def test_it_expires(session: Session, county: County, clock: SetClock) -> None:
    found = issue(session, county, lasts_h=2)
    clock.advance(2 * HOUR - dt.timedelta(seconds=1))
    assert clocks.end_due(session) == 0
    step(session, county, found, "renew", lasts_h=3)
    clock.advance(3 * HOUR)
    assert clocks.end_due(session) == 1
    assert again(session, found).state == "expired"


def test_what_was_approved_and_never_issued_expires(
    session: Session, county: County, clock: SetClock
) -> None:
    found = step(session, county, write(session, county, lasts_h=1), "approve")
    clock.advance(HOUR)
    assert clocks.end_due(session) == 1
    assert again(session, found).state == "expired"


def test_who_does_not_validate_loses_it(session: Session, county: County, clock: SetClock) -> None:
    kept, left = (issue(session, county, "warrant", lasts_h=720) for _ in range(2))
    clock.advance(dt.timedelta(days=29))
    for found in (kept, left):
        step(session, county, found, "renew", lasts_h=720)
    step(session, county, kept, "validate", who=AUTHOR)
    clock.advance(dt.timedelta(days=1))
    assert clocks.end_due(session) == 1
    assert (again(session, kept).state, again(session, left).state) == ("renewed", "expired")


def test_an_installation_may_ask_for_it_sooner(
    session: Session, county: County, clock: SetClock
) -> None:
    found = issue(session, county, "warrant", lasts_h=720)
    week = dt.timedelta(days=7)
    actor = county.principal(AUTHOR)
    service.step(session, actor, found.row.id, "validate", validated_within=week)
    assert again(session, found).validate_by == clock.now() + week
    clock.advance(week)
    assert clocks.end_due(session) == 1
    clock.advance(2 * week)
    assert purging.purge(session, kept=2 * week) == 1


def test_a_draft_that_nobody_approves_lapses(
    session: Session, county: County, clock: SetClock
) -> None:
    left = write(session, county)
    clock.advance(rules.DRAFT_KEPT)
    assert clocks.end_due(session) == 1
    assert again(session, left).state == "withdrawn"


def test_after_a_while_only_the_skeleton_stays(
    session: Session, county: County, clock: SetClock
) -> None:
    found = issue(session, county, area={"whole": True, "reason": f"{NAME}去向不明"})
    contents = said()["contents"]
    photographed = issue(session, county, contents={**contents, "photos": ["1" * 64]})
    for each in (found, photographed):
        step(session, county, each, "resolve", reason=f"{NAME}已找到")
    clock.advance(rules.KEPT - dt.timedelta(seconds=1))
    assert purging.purge(session) == 0
    clock.advance(dt.timedelta(seconds=1))
    assert purging.purge(session) == 2
    assert purging.purge(session) == 0
    assert session.scalars(sa.select(BulletinContents)).all() == []
    assert attachments.of_subject(session, "bulletin", photographed.row.id) == []
    card = detail(session, county, AUTHOR, found)
    assert NAME not in repr(card)
    assert (card["purged_at"] is not None, card["basis"]["type"]) == (True, "report")
    assert tags(session, found)[-1] == "purge"
    with pytest.raises(NotFound) as refusal:
        looking.look(session, county.principal(AUTHOR), found.row.id)
    assert refusal.value.code == "bulletin.purged"


# --- who may know of it


def ids(cards: list[dict[str, Any]]) -> set[int]:
    return {card["id"] for card in cards}


def listed(session: Session, county: County, who: str, unit: str | None, **options: Any) -> set:
    options = {"is_open": True, "limit": 50} | options
    return ids(queries.page(session, county.principal(who), unit, **options))


def test_a_unit_sees_its_own_and_what_reaches_it(session: Session, county: County) -> None:
    draft, live = write(session, county), issue(session, county)
    both = issue(session, county, area={"units": ["33082402"]})
    everywhere = issue(session, county, area={"whole": True, "reason": "沿国道离开"})
    own = {draft.row.id, live.row.id, both.row.id, everywhere.row.id}
    assert listed(session, county, AUTHOR, "33082401") == own
    assert listed(session, county, OTHER_ROOM, "33082402") == {both.row.id, everywhere.row.id}
    assert listed(session, county, "auditor", None) == own
    step(session, county, both, "resolve", reason="已找到")
    assert listed(session, county, OTHER_ROOM, "33082402") == {everywhere.row.id}
    assert both.row.id in listed(session, county, AUTHOR, "33082401", is_open=False)


def test_only_the_auditor_lists_across_units(session: Session, county: County) -> None:
    for who in ("command", AUTHOR, "admin", "330824001"):
        with pytest.raises(Forbidden) as refusal:
            listed(session, county, who, None)
        assert refusal.value.code == "bulletin.across_units"
    with pytest.raises(Forbidden):
        listed(session, county, OTHER_ROOM, "33082401")


def test_a_list_says_nothing_of_the_person(session: Session, county: County) -> None:
    found = issue(session, county)
    cards = queries.page(session, county.principal(AUTHOR), "33082401", is_open=True, limit=9)
    assert NAME not in repr(cards)
    assert not {"fact", "contents", "photos"} & set(cards[0])
    assert cards[0]["live_until"] == (MORNING + 24 * HOUR).astimezone(dt.UTC).isoformat()
    assert NAME in session.get_one(BulletinContents, found.row.id).fact


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_live(session: Session, county: County, kind: str) -> None:
    assert issue(session, county, kind).row.state in LIVE


# --- words of arrest, whoever writes them

ARRESTING = [
    "发现后立即抓捕",
    "发现后立即抓 捕",
    "在\u200b逃",
    "在　逃",
    "请Arrest她",
    "do not lose, detain",
]
HARMLESS = [
    "稳住孩子，联系值班室",
    "不逮不捕",
    "restless",
    "拘\n谨，留长发",
    "detainx",
    "",
]


@pytest.mark.parametrize("text", ARRESTING + HARMLESS)
def test_the_database_knows_the_same_words(session: Session, text: str) -> None:
    found = session.scalar(sa.select(sa.func.has_words_of_arrest(text)))
    assert found == (wording.words_of_arrest([text]) is not None) == (text in ARRESTING)


@pytest.mark.parametrize("word", [*wording.CHINESE, *wording.ENGLISH])
def test_the_database_knows_each_word(session: Session, word: str) -> None:
    assert session.scalar(sa.select(sa.func.has_words_of_arrest(f"（{word}）"))) is True


def change(session: Session, statement: str, found: Found) -> None:
    """Do as somebody would who comes past the application, and commit."""
    with session.begin_nested():
        session.execute(sa.text(statement), {"id": found.row.id})
        session.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))


@pytest.mark.parametrize("column", ["fact", "opinion", "to_do", "last_seen_place"])
@pytest.mark.parametrize("kind", ["missing_person", "protection_order"])
def test_who_is_not_wanted_is_not_spoken_of_so(
    session: Session, county: County, kind: str, column: str
) -> None:
    found = write(session, county, kind)
    with pytest.raises(sa.exc.IntegrityError, match="words of arrest"):
        change(
            session,
            f"UPDATE bulletin_contents SET {column} = '立即抓捕' WHERE bulletin_id = :id",  # noqa: S608
            found,
        )
    change(
        session,
        "UPDATE bulletin_contents SET not_to_do = '不得抓捕' WHERE bulletin_id = :id",
        found,
    )


def test_nor_does_their_role_change_under_the_words(session: Session, county: County) -> None:
    contents = said()["contents"] | {"to_do": "立即抓捕"}
    found = write(session, county, "officer_safety", contents=contents)
    with pytest.raises(sa.exc.IntegrityError, match="words of arrest"):
        change(session, "UPDATE bulletin SET role = 'witness' WHERE id = :id", found)


def test_a_draft_may_change_its_role_and_its_words_at_once(
    session: Session, county: County
) -> None:
    wanted = said("officer_safety", contents=said()["contents"] | {"to_do": "立即抓捕"})
    found = write(session, county)
    for given in (wanted, said("person_at_risk"), wanted):
        service.edit(session, county.principal(AUTHOR), found, given)
    session.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
