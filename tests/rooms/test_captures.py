"""Field capture: who is asked, who decides, what becomes a task, and who is told."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.captures import queries, service
from gridserver.captures.models import Capture
from gridserver.captures.queries import SHOWN, Record
from gridserver.captures.rules import CAPTURE, KINDS
from gridserver.delivery.commands import Command
from gridserver.delivery.models import FeedEntry, InboxMessage
from gridserver.delivery.once import Outcome
from gridserver.dispatch import queries as dispatch
from gridserver.grids.models import GridVersion
from tests.conftest import MORNING
from tests.county import County, centre

OFFICER, OTHER = "330824001", "330824007"
SOUTH, NORTH = "room-33082401", "room-33082402"
PHOTO = "1" * 64


def capture(
    session: Session,
    actor: Principal,
    kind: str = "place",
    *,
    at: tuple[float, float] | None = None,
    occurred_at: dt.datetime | None = None,
    command_id: uuid.UUID | None = None,
    **data: Any,
) -> Outcome:
    lon, lat = at or centre(0, 0)
    said = {"kind": kind, "text": "seen", "lon": lon, "lat": lat} | data
    command = Command(command_id or uuid.uuid4(), "capture", occurred_at, said)
    return service.command(session, actor, command)


def captured(session: Session, county: County, kind: str = "place", **options: Any) -> dict:
    outcome = capture(session, county.principal(OFFICER), kind, **options)
    assert outcome.status == 200, outcome.body
    return outcome.body["capture"]


def found(session: Session, county: County, who: str, capture_id: int) -> Record:
    return queries.capture_for(session, county.principal(who), capture_id, locked=True)


def decide(
    session: Session, county: County, who: str, capture_id: int, verb: str, reason: object = None
) -> Record:
    record = found(session, county, who, capture_id)
    return service.decide(session, county.principal(who), record, verb, reason)


def told(session: Session, county: County, who: str) -> list[tuple[str, dict[str, Any]]]:
    run_before_commit(session)
    rows = session.execute(
        sa.select(InboxMessage.type, InboxMessage.data)
        .where(InboxMessage.recipient == county.accounts[who])
        .order_by(InboxMessage.seq)
    )
    return [tuple(row) for row in rows]


def fed(session: Session) -> list[str]:
    run_before_commit(session)
    return list(session.scalars(sa.select(FeedEntry.type).order_by(FeedEntry.id)))


def test_a_capture_knows_its_cell_and_its_station(session: Session, county: County) -> None:
    made = captured(session, county, at=centre(1, 1), photos=[PHOTO], accuracy_m=5.0)
    assert made["state"] == "proposed"
    assert made["cell"] == {"code": "330824002001002", "name": "村11"}
    assert made["unit"]["code"] == "33082402"
    assert made["officer"]["username"] == OFFICER
    assert [photo["state"] for photo in made["photos"]] == ["on_its_way"]
    outside = captured(session, county, at=(119.9, 29.9))
    assert (outside["cell"], outside["unit"]["code"]) == (None, "330824")


def test_the_grid_is_the_one_of_the_time(session: Session, county: County) -> None:
    """An officer was without signal while another grid took force."""
    grid = session.get_one(GridVersion, county.version_id)
    grid.valid = Range(MORNING - dt.timedelta(days=7), MORNING - dt.timedelta(hours=1))
    session.flush()
    before = captured(session, county, occurred_at=MORNING - dt.timedelta(hours=2))
    assert before["cell"]["code"] == "330824001001001"
    assert captured(session, county, occurred_at=MORNING)["cell"] is None
    ahead = captured(session, county, occurred_at=MORNING + dt.timedelta(days=9))
    assert (ahead["cell"], ahead["occurred_at"][:10]) == (None, "2026-03-19")


def test_a_device_s_clock_is_corrected(session: Session, county: County) -> None:
    grid = session.get_one(GridVersion, county.version_id)
    grid.valid = Range(MORNING - dt.timedelta(days=7), MORNING - dt.timedelta(hours=1))
    session.flush()
    actor = replace(county.principal(OFFICER), clock_offset_s=-7200.0)
    made = capture(session, actor, occurred_at=MORNING).body["capture"]
    assert made["cell"]["code"] == "330824001001001"
    assert made["clock_offset_s"] == -7200.0


def test_the_same_command_is_one_capture(session: Session, county: County) -> None:
    actor, id_ = county.principal(OFFICER), uuid.uuid4()
    first = capture(session, actor, command_id=id_)
    again = capture(session, actor, command_id=id_)
    assert (again.body, again.replayed) == (first.body, True)
    assert session.scalar(sa.select(sa.func.count()).select_from(Capture)) == 1
    with pytest.raises(Invalid) as refusal:
        capture(session, actor, command_id=id_, text="something else")
    assert refusal.value.code == "command.reused"


@pytest.mark.parametrize("who", ["command", "gis", "auditor", "admin"])
def test_only_officers_capture(session: Session, county: County, who: str) -> None:
    outcome = capture(session, county.principal(who))
    assert (outcome.status, outcome.body["code"]) == (403, "access.forbidden")


def test_bad_data_is_a_stored_refusal_and_leaves_nothing(session: Session, county: County) -> None:
    outcome = capture(session, county.principal(OFFICER), kind="person")
    assert (outcome.status, outcome.body["field"]) == (422, "data.kind")
    assert session.scalar(sa.select(sa.func.count()).select_from(Capture)) == 0


# --- a hazard


def test_a_hazard_becomes_the_task_of_who_answers_for_the_place(
    session: Session, county: County
) -> None:
    made = captured(
        session, county, "hazard", at=centre(1, 1), text="落石", name="路口", photos=[PHOTO]
    )
    assert made["state"] == "became_task"
    at = MORNING.astimezone(dt.UTC).isoformat()
    assert made["decision"] == {"at": at, "by": None, "reason": None}
    task = dispatch.task_for(session, county.principal(NORTH), made["task"])
    assert task.incident.category.code == "help"
    assert (task.incident.source, task.incident.description) == ("officer", "落石")
    assert task.acting.username == "330824007"
    detail = dispatch.detail(session, county.principal(NORTH), task, "en")
    assert [photo["sha256"] for photo in detail["attachments"]] == [PHOTO]
    assert [type_ for type_, _ in told(session, county, "330824007")] == ["task.offered"]
    assert fed(session) == ["incident.created", "capture.changed"]


def test_a_bureau_may_have_a_category_for_hazards(session: Session, county: County) -> None:
    session.execute(sa.text("INSERT INTO category (code) VALUES ('hazard')"))
    session.execute(
        sa.text(
            "INSERT INTO category_row (code, parent, broad_class, name_zh, name_en, priority, "
            "position, valid, at) VALUES ('hazard', 'help', 'help', '隐患', 'Hazard', 2, 90, "
            "'(,)', now())"
        )
    )
    made = captured(session, county, "hazard")
    task = dispatch.task_for(session, county.principal(SOUTH), made["task"])
    assert (task.incident.category.code, task.incident.priority) == ("hazard", 2)


# --- decisions

DECIDERS = {"place": "gis", "address_correction": "gis", "premises": SOUTH}


@pytest.mark.parametrize(("kind", "who"), DECIDERS.items())
@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_a_decision_is_told_to_the_officer(
    session: Session, county: County, kind: str, who: str, verb: str
) -> None:
    made = captured(session, county, kind)
    reason = "known already" if verb == "decline" else None
    decided = decide(session, county, who, made["id"], verb, reason)
    card = queries.card(decided)
    assert card["state"] == CAPTURE.transitions["proposed", verb]
    assert (card["decision"]["by"]["username"], card["decision"]["reason"]) == (who, reason)
    assert card["version"] == 2
    assert told(session, county, OFFICER) == [("capture.decided", {"capture": card})]
    assert fed(session) == ["capture.changed", "capture.changed"]
    done = sa.select(AuditEntry.tag).where(AuditEntry.tag.like("capture:%"))
    tags = session.scalars(done.order_by(AuditEntry.id))
    assert list(tags) == ["capture:take", f"capture:{verb}"]


@pytest.mark.parametrize(
    ("state", "verb"), list(itertools.product(CAPTURE.states, ["accept", "decline"]))
)
def test_every_verb_in_every_state(session: Session, county: County, state: str, verb: str) -> None:
    made = captured(session, county, "hazard" if state == "became_task" else "premises")
    if before := {"accepted": "accept", "declined": "decline"}.get(state):
        decide(session, county, SOUTH, made["id"], before, "no")
    if CAPTURE.after(state, verb):
        assert decide(session, county, SOUTH, made["id"], verb, "no").row.state != state
        return
    with pytest.raises((Conflict, Forbidden)) as refusal:
        decide(session, county, SOUTH, made["id"], verb, "no")
    expected = "capture.not_yours" if state == "became_task" else "capture.wrong_state"
    assert refusal.value.code == expected


def test_to_decline_needs_a_reason(session: Session, county: County) -> None:
    made = captured(session, county)
    for reason in (None, " ", 7):
        with pytest.raises(Invalid) as refusal:
            decide(session, county, "gis", made["id"], "decline", reason)
        assert refusal.value.field == "reason"


#: kind → who may see one of the southern station, beside the officer, and who may decide.
SEERS = {
    "place": {"command", "admin", "auditor", "gis", SOUTH},
    "address_correction": {"command", "admin", "auditor", "gis", SOUTH},
    "premises": {"command", "admin", "auditor", SOUTH},
    "hazard": {"command", "admin", "auditor", SOUTH},
}
EVERYBODY = ("command", "admin", "auditor", "gis", SOUTH, NORTH, OTHER)


@pytest.mark.parametrize("kind", KINDS)
def test_who_sees_what(session: Session, county: County, kind: str) -> None:
    made = captured(session, county, kind)
    for who in EVERYBODY:
        listed = queries.page(session, county.principal(who), is_open=False, limit=9)
        assert bool(listed) == (who in SEERS[kind])
        if who in SEERS[kind]:
            assert found(session, county, who, made["id"]).row.id == made["id"]
        else:
            with pytest.raises(NotFound):
                found(session, county, who, made["id"])


@pytest.mark.parametrize(("kind", "who"), [("place", SOUTH), ("premises", "auditor")])
def test_to_see_is_not_to_decide(session: Session, county: County, kind: str, who: str) -> None:
    made = captured(session, county, kind)
    with pytest.raises(Forbidden) as refusal:
        decide(session, county, who, made["id"], "accept")
    assert refusal.value.code == "capture.not_yours"
    (shown,) = queries.details(
        session, county.principal(who), [found(session, county, who, made["id"])]
    )
    assert shown["allowed"] == []


def test_the_bureau_s_room_decides_for_a_station(session: Session, county: County) -> None:
    made = captured(session, county, "premises")
    assert decide(session, county, "command", made["id"], "accept").row.state == "accepted"


def test_lists(session: Session, county: County) -> None:
    ids = [captured(session, county, kind)["id"] for kind in ("place", "premises", "hazard")]
    command = county.principal("command")
    every = queries.page(session, command, is_open=False, limit=9)
    assert [record.row.id for record in every] == ids[::-1]
    assert [r.row.id for r in queries.page(session, command, is_open=True, limit=9)] == ids[1::-1]
    places = queries.page(session, command, is_open=False, kinds=("place",), limit=9)
    assert [record.row.id for record in places] == ids[:1]
    after = queries.page(session, command, is_open=False, before=ids[1], limit=9)
    assert [record.row.id for record in after] == ids[:1]
    mine = queries.page(session, county.principal(OFFICER), is_open=False, mine=True, limit=2)
    assert [record.row.id for record in mine] == ids[:0:-1]
    assert queries.page(session, county.principal(OTHER), is_open=False, limit=9) == []


# --- the terminal's snapshot


def test_the_snapshot_says_what_the_messages_said(
    session: Session, county: County, clock: SetClock
) -> None:
    accepted, waiting = captured(session, county), captured(session, county)
    captured(session, county, "hazard")
    decide(session, county, "gis", accepted["id"], "accept")
    (message,) = [d for t, d in told(session, county, OFFICER) if t == "capture.decided"]

    def snapshot() -> list[dict[str, Any]]:
        account_id = county.accounts[OFFICER]
        return queries.terminal_snapshot_part(session, account_id)["captures"]

    assert snapshot() == [message["capture"]]
    assert waiting["id"] != accepted["id"]
    clock.advance(SHOWN)
    assert snapshot() == []
