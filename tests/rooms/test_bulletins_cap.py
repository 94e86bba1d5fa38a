"""A bulletin as a CAP message: one at a time, out by its issuer, in as a draft like any other."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.bulletins import cap, capping, looking, queries, service
from gridserver.bulletins.capping import Imported
from gridserver.bulletins.models import Bulletin
from gridserver.bulletins.queries import Found
from tests.county import County
from tests.rooms.bulletining import (
    APPROVER,
    AUTHOR,
    NAME,
    OTHER_ROOM,
    SOUTH,
    SOUTH_CELL,
    again,
    issue,
    said,
    step,
    tags,
    write,
)

SOUTH_STATION = "33082401"


def export(session: Session, county: County, found: Found, who: str = AUTHOR) -> str:
    return capping.export(session, county.principal(who), found.row.id).decode()


def take(
    session: Session, county: County, document: str, *, who: str = AUTHOR, **given: Any
) -> Imported:
    beside = {"document": document, "basis": said()["basis"]} | given
    return capping.import_(session, county.principal(who), SOUTH_STATION, beside)


def foreign(document: str, **instead: str) -> str:
    """Return a message as if another bureau had sent it."""
    changes = {"330824.gridserver": "330825.elsewhere"} | instead
    for there, other in changes.items():
        assert there in document
        document = document.replace(there, other)
    return document


@pytest.fixture
def alert(session: Session, county: County) -> str:
    """Another bureau's alert of a missing child."""
    return foreign(export(session, county, issue(session, county)))


# --- out


def test_one_live_bulletin_goes_out_by_its_issuer(session: Session, county: County) -> None:
    found = issue(session, county)
    message = cap.read(export(session, county, found))
    assert (message.type, message.status, message.references) == ("Alert", "Actual", ())
    assert message.info is not None
    assert NAME in (message.info.description or "")
    assert message.info.parameters["gridserver.basis.number"] == said()["basis"]["number"]
    assert message.info.geocodes == (("gridserver.cell", SOUTH_CELL),)
    assert tags(session, found)[-1] == "export"
    assert export(session, county, found) == export(session, county, found), "the same name"


@pytest.mark.parametrize("who", [OTHER_ROOM, "auditor", "admin", SOUTH[0]])
def test_nobody_else_gets_it_out(session: Session, county: County, who: str) -> None:
    found = issue(session, county, area={"units": ["33082401", "33082402"]})
    with pytest.raises((Forbidden, NotFound)):
        export(session, county, found, who)
    assert "export" not in tags(session, found)


def test_a_renewal_is_an_update_and_an_end_a_cancel(
    session: Session, county: County, clock: SetClock
) -> None:
    found = issue(session, county)
    alert = cap.read(export(session, county, found))
    clock.advance(dt.timedelta(hours=1))
    step(session, county, found, "renew", lasts_h=24)
    update = cap.read(export(session, county, found))
    assert (update.type, update.references) == ("Update", (alert.name,))
    step(session, county, found, "resolve", reason=f"{NAME}已找到")
    document = export(session, county, found)
    cancel = cap.read(document)
    assert (cancel.type, cancel.references) == ("Cancel", (alert.name, update.name))
    assert cancel.info is None
    assert NAME not in document
    assert tags(session, found)[-1] == "export_end"


def test_what_was_never_issued_stays_here(session: Session, county: County) -> None:
    draft = write(session, county)
    approved = step(session, county, write(session, county), "approve")
    withdrawn = step(session, county, write(session, county), "withdraw", reason="信息有误")
    for found in (draft, approved, withdrawn):
        with pytest.raises(Conflict) as refusal:
            export(session, county, found)
        assert refusal.value.code == "bulletin.not_live"


# --- in


def test_what_comes_in_is_a_draft_that_takes_two_persons(
    session: Session, county: County, alert: str
) -> None:
    done = take(session, county, alert, lasts_h=12)
    assert done.made is not None
    row = again(session, done.made)
    assert (row.state, row.kind, row.is_urgent, row.lasts_h) == (
        "draft",
        "missing_person",
        False,
        12,
    )
    assert row.area_cells == [SOUTH_CELL]
    assert tags(session, done.made) == ["write", "import"]
    told = looking.look(session, county.principal(APPROVER), row.id)
    contents = said()["contents"]
    assert {name: told[name] for name in contents} == contents
    with pytest.raises(Forbidden) as refusal:
        step(session, county, done.made, "approve", who=AUTHOR)
    assert refusal.value.code == "bulletin.two_persons"
    step(session, county, done.made, "approve")
    assert step(session, county, done.made, "issue").row.state == "active"


def test_its_instrument_is_given_here(session: Session, county: County, alert: str) -> None:
    """The sender's is in the message, and counts for nothing."""
    assert "gridserver.basis.number" in alert
    with pytest.raises(Invalid) as refusal:
        take(session, county, alert, basis=None)
    assert refusal.value.field == "basis"


def test_what_the_message_does_not_say_is_asked_for(
    session: Session, county: County, alert: str
) -> None:
    bare = alert.replace("gridserver.", "another.")
    for given, field in (
        ({}, "kind"),
        ({"kind": "missing_person"}, "contents.not_to_do"),
        ({"kind": "missing_person", "contents": {"not_to_do": "不要留下孩子"}}, "area"),
    ):
        with pytest.raises(Invalid) as refusal:
            take(session, county, bare, **given)
        assert refusal.value.field == field
    made = take(
        session,
        county,
        bare,
        kind="missing_person",
        contents={"not_to_do": "不要留下孩子"},
        area={"cells": [SOUTH_CELL]},
    ).made
    assert made is not None
    assert made.row.lasts_h == 24, "as long as the message holds"


def test_words_of_arrest_come_in_no_more_than_others(
    session: Session, county: County, alert: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        take(session, county, alert.replace("稳住孩子", "立即抓捕"))
    assert refusal.value.code == "bulletin.words_of_arrest"


def test_a_message_is_taken_once(session: Session, county: County, alert: str) -> None:
    made = take(session, county, alert).made
    assert made is not None
    with pytest.raises(Conflict) as refusal:
        take(session, county, alert)
    assert refusal.value.code == "cap.known"
    assert refusal.value.extra["bulletin"]["id"] == made.row.id


def test_what_came_before_an_update_is_not_taken_again(
    session: Session, county: County, alert: str
) -> None:
    """Neither the alert nor the first update makes another draft, whichever comes late."""
    first = cap.read(alert).identifier
    updates = [
        referring(alert, "Update", first, "second"),
        referring(alert, "Update", "second", "third"),
    ]
    made = take(session, county, alert).made
    assert made is not None
    for update in updates:
        take(session, county, update, who=APPROVER)
    for late in (alert, *updates):
        with pytest.raises(Conflict) as refusal:
            take(session, county, late)
        assert refusal.value.code == "cap.known"
        assert refusal.value.extra["bulletin"]["id"] == made.row.id
    step(session, county, made, "withdraw", reason="信息有误")
    with pytest.raises(Conflict):
        take(session, county, alert)


def test_an_alert_that_comes_after_its_update_is_late(
    session: Session, county: County, alert: str
) -> None:
    first = cap.read(alert).identifier
    made = take(session, county, referring(alert, "Update", first, "second")).made
    assert made is not None
    with pytest.raises(Conflict) as refusal:
        take(session, county, alert)
    assert refusal.value.extra["bulletin"]["id"] == made.row.id
    # A cancel that names the alert alone is about all that came of it.
    done = take(session, county, referring(alert, "Cancel", first, "end"))
    assert [found.row.id for found in done.withdrawn] == [made.row.id]


def test_what_is_over_is_not_taken(
    session: Session, county: County, alert: str, clock: SetClock
) -> None:
    clock.advance(dt.timedelta(hours=24))
    with pytest.raises(Invalid) as refusal:
        take(session, county, alert)
    assert refusal.value.code == "cap.over"


def referring(document: str, type_: str, to: str, identifier: str) -> str:
    """Return a message of another type about an earlier one."""
    message = cap.read(document)
    name = f"{message.sender},{to},{cap.moment(message.sent)}"
    changed = document.replace("<msgType>Alert", f"<msgType>{type_}").replace(
        f"<identifier>{message.identifier}", f"<identifier>{identifier}"
    )
    return changed.replace("</restriction>", f"</restriction><references>{name}</references>")


def test_an_update_changes_the_draft_or_stands_beside_what_is_live(
    session: Session, county: County, alert: str
) -> None:
    first = cap.read(alert).identifier
    draft = take(session, county, alert).made
    assert draft is not None
    second = referring(alert, "Update", first, "second").replace("红色外套", "蓝色外套")
    changed = take(session, county, second, who=APPROVER)
    assert changed.made is not None and changed.made.row.id == draft.row.id
    assert again(session, draft).author_id == county.accounts[APPROVER]
    told = looking.look(session, county.principal(AUTHOR), draft.row.id)
    assert "蓝色外套" in told["fact"]
    step(session, county, draft, "approve", who=AUTHOR)
    step(session, county, draft, "issue", who=AUTHOR)
    beside = take(session, county, referring(alert, "Update", "second", "third"))
    assert beside.made is not None and beside.made.row.id != draft.row.id
    assert [found.row.id for found in beside.replaces] == [draft.row.id]
    assert again(session, draft).state == "active"


def test_a_cancel_withdraws_what_came_of_it(session: Session, county: County, alert: str) -> None:
    first = cap.read(alert).identifier
    made = take(session, county, alert).made
    assert made is not None
    step(session, county, made, "approve")
    step(session, county, made, "issue", who=AUTHOR)
    done = take(session, county, referring(alert, "Cancel", first, "end"), basis=None)
    assert (done.made, [found.row.id for found in done.withdrawn]) == (None, [made.row.id])
    assert again(session, made).state == "withdrawn"
    assert tags(session, made)[-2:] == ["withdraw", "import"]
    with pytest.raises(NotFound) as refusal:
        take(session, county, referring(alert, "Cancel", first, "again"))
    assert refusal.value.code == "cap.unknown_reference"


def test_another_units_bulletin_is_not_reached(
    session: Session, county: County, alert: str
) -> None:
    take(session, county, alert)
    beside = {"document": referring(alert, "Cancel", cap.read(alert).identifier, "end")}
    with pytest.raises(NotFound):
        capping.import_(session, county.principal(OTHER_ROOM), "33082402", beside)
    with pytest.raises(Forbidden):
        capping.import_(session, county.principal(OTHER_ROOM), SOUTH_STATION, beside)


# --- exercises


@pytest.mark.parametrize("status", ["Exercise", "Test"])
def test_an_exercise_never_becomes_live(
    session: Session, county: County, alert: str, status: str
) -> None:
    exercise = alert.replace("<status>Actual", f"<status>{status}")
    made = take(session, county, exercise).made
    assert made is not None
    assert queries.detail(session, county.principal(APPROVER), made)["allowed"] == [
        "edit",
        "withdraw",
    ]
    for verb in ("approve", "issue", "send_at_once"):
        with pytest.raises(Conflict) as refusal:
            step(session, county, made, verb)
        assert refusal.value.code == "bulletin.exercise"
    service.edit(session, county.principal(APPROVER), made, said())
    assert again(session, made).is_exercise
    with pytest.raises(sa.exc.IntegrityError, match="ck_bulletin_exercise"), session.begin_nested():
        session.execute(
            sa.update(Bulletin)
            .where(Bulletin.id == made.row.id)
            .values(
                state="approved",
                approver_id=county.accounts["admin"],
                approved_at=sa.func.now(),
                runs_from=sa.func.now(),
                expires_at=sa.func.now() + dt.timedelta(hours=1),
            )
        )


def test_an_exercise_says_nothing_of_what_is_real(
    session: Session, county: County, alert: str
) -> None:
    made = take(session, county, alert).made
    assert made is not None
    cancel = referring(alert, "Cancel", cap.read(alert).identifier, "end")
    with pytest.raises(NotFound):
        take(session, county, cancel.replace("<status>Actual", "<status>Exercise"))
    assert again(session, made).state == "draft"
