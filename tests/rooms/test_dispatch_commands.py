"""Commands: what each verb does, who may say it, and what is late."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access_queries
from gridserver.access import service as access
from gridserver.access.queries import account_refs
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.dispatch import escalation, queries, service
from gridserver.dispatch.lifecycle import BY_ASSIGNEE, BY_COMMAND, BY_OFFERED, TASK
from gridserver.dispatch.models import Offer, Task, TaskEvent, TaskLink
from tests.conftest import MORNING
from tests.county import County, centre
from tests.rooms.dispatching import (
    BACKUP,
    BUREAU_ROOM,
    DATA,
    OF_COMMAND,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    feed,
    inbox,
    messages,
    minutes,
    say,
    take,
)

OTHER_ROOM, OTHER_OFFICER = "room-33082402", "330824005"


def state_of(session: Session, task_id: int) -> str:
    return session.scalars(select(Task.state).where(Task.id == task_id)).one()


def history(session: Session, task_id: int) -> list[TaskEvent]:
    mine = TaskEvent.task_id == task_id
    return list(session.scalars(select(TaskEvent).where(mine).order_by(TaskEvent.id)))


def data_for(session: Session, county: County, verb: str) -> dict:
    if verb == "link":
        return {"to": take(session, county).task.id, "kind": "follow_up"}
    return DATA.get(verb, {})


@pytest.mark.parametrize("state", TASK.states)
def test_every_verb_in_every_state(session: Session, county: County, state: str) -> None:
    for verb in TASK.verbs:
        task_id = take(session, county).task.id
        bring_to(session, county, task_id, state)
        before, data = len(history(session, task_id)), data_for(session, county, verb)
        who = STATION_ROOM if verb in OF_COMMAND else PRIMARY
        outcome = say(session, county, who, task_id, verb, data)
        event = history(session, task_id)[-1]
        assert len(history(session, task_id)) == before + 1, verb
        expected = TASK.after(state, verb)
        if expected is None:
            assert (outcome.status, outcome.body["code"]) == (409, "task.wrong_state"), verb
            assert outcome.body["state"] == outcome.body["task"]["state"] == state
            assert (event.verb, event.late, event.to_state) == (verb, True, state)
            assert state_of(session, task_id) == state
        else:
            assert (outcome.status, outcome.body.get("status")) == (200, "done"), verb
            assert outcome.body["task"]["state"] == expected == state_of(session, task_id)
            assert (event.verb, event.late, event.from_state) == (verb, False, state)


#: Whose verbs are whose, where the task's state would fit: account → verbs.
ENTITLED = {
    PRIMARY: BY_OFFERED | BY_ASSIGNEE,
    STATION_ROOM: BY_COMMAND,
    BUREAU_ROOM: BY_COMMAND,
}
REFUSED = {
    PRIMARY: "task.for_command_room",
    BACKUP: "task.not_yours",
    OTHER_OFFICER: "task.not_yours",
    STATION_ROOM: "task.not_yours",
    BUREAU_ROOM: "task.not_yours",
    OTHER_ROOM: "task.out_of_scope",
    "gis": "task.not_yours",
}


@pytest.mark.parametrize("who", REFUSED)
def test_every_role_and_every_verb(session: Session, county: County, who: str) -> None:
    for verb in TASK.verbs:
        task_id = take(session, county).task.id
        state = next(s for s in TASK.states if TASK.after(s, verb) is not None)
        bring_to(session, county, task_id, state)
        outcome = say(session, county, who, task_id, verb, data_for(session, county, verb))
        if verb in ENTITLED.get(who, ()):
            assert outcome.status == 200, verb
        else:
            assert (outcome.status, outcome.body["code"]) == (403, REFUSED[who]), verb
            assert state_of(session, task_id) == state
            assert not any(event.late for event in history(session, task_id))


def test_the_way_of_a_task_is_told_to_all(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "closed")
    assert [t for t, _ in inbox(session, county, PRIMARY)] == ["task.offered"] + 5 * [
        "task.changed"
    ]
    assert [entry.data["task"]["state"] for entry in feed(session)] == [
        "assigned",
        "signed",
        "en_route",
        "on_scene",
        "reported",
        "closed",
    ]
    versions = [entry.data["task"]["version"] for entry in feed(session)]
    assert versions == list(range(1, 7))
    tags = session.scalars(
        select(AuditEntry.tag)
        .where(AuditEntry.subject_kind == "task", AuditEntry.subject_id == str(task_id))
        .order_by(AuditEntry.id)
    ).all()
    assert tags == ["task:sign", "task:depart", "task:arrive", "task:report", "task:close"]


@pytest.mark.parametrize("verb", TASK.verbs)
def test_every_step_keeps_both_times_and_the_place(
    session: Session, county: County, clock: SetClock, verb: str
) -> None:
    """The officer's own clock and the server's, and where they were: of a late command too."""
    task_id = take(session, county).task.id
    state = next(state for state in TASK.states if TASK.after(state, verb) is not None)
    bring_to(session, county, task_id, state)
    clock.advance(minutes(10))
    said_at = MORNING + minutes(2)
    lon, lat = centre(0, 0)
    told = {"occurred_at": said_at, "lon": lon, "lat": lat}
    who = STATION_ROOM if verb in OF_COMMAND else PRIMARY
    data = data_for(session, county, verb)
    once = say(session, county, who, task_id, verb, data, **told).body["task"]["history"][-1]
    again = say(session, county, who, task_id, verb, data, **told).body["task"]["history"][-1]
    for entry in (once, again):
        assert dt.datetime.fromisoformat(entry["occurred_at"]) == said_at
        assert dt.datetime.fromisoformat(entry["at"]) == MORNING + minutes(10)
        assert (entry["lon"], entry["lat"]) == (lon, lat)
        assert (entry["verb"], entry["actor"]["username"]) == (verb, who)


@pytest.mark.parametrize("year", [1970, 2100])
def test_a_wrong_device_clock_is_no_ground_for_refusal(
    session: Session, county: County, year: int
) -> None:
    task_id = take(session, county).task.id
    at = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    assert say(session, county, PRIMARY, task_id, "sign", occurred_at=at).status == 200


def test_the_same_command_again_gets_the_same_answer(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    once = {"id": uuid.uuid4(), "occurred_at": MORNING}
    first = say(session, county, PRIMARY, task_id, "sign", **once)
    bring_on = say(session, county, PRIMARY, task_id, "depart")
    again = say(session, county, PRIMARY, task_id, "sign", **once)
    assert bring_on.status == 200
    assert (again.status, again.body, again.replayed) == (200, first.body, True)
    assert [event.verb for event in history(session, task_id)] == ["dispatch", "sign", "depart"]


def test_a_late_command_is_kept_once(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    once = {"id": uuid.uuid4(), "occurred_at": MORNING}
    for _ in range(2):
        outcome = say(session, county, PRIMARY, task_id, "arrive", **once)
        assert (outcome.status, outcome.body["state"]) == (409, "assigned")
    assert [event.late for event in history(session, task_id)] == [False, True]
    shown = [entry.data["task"] for entry in feed(session)]
    assert [task["state"] for task in shown] == ["assigned", "assigned"]
    assert [task["version"] for task in shown] == [1, 2]


def test_the_id_of_another_command_is_refused(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    once = {"id": uuid.uuid4(), "occurred_at": MORNING}
    say(session, county, PRIMARY, task_id, "sign", **once)
    with pytest.raises(Invalid) as refusal:
        say(session, county, PRIMARY, task_id, "depart", **once)
    assert refusal.value.code == "command.reused"


def test_signing_tells_the_others_that_it_is_taken(
    session: Session, county: County, clock: SetClock
) -> None:
    task_id = take(session, county).task.id
    escalate(session, clock)
    assert say(session, county, BACKUP, task_id, "sign").status == 200
    assert inbox(session, county, PRIMARY)[-1] == ("task.withdrawn", "signed_by_other")
    assert outcomes(session, task_id) == {PRIMARY: "superseded", BACKUP: "signed"}
    late = say(session, county, PRIMARY, task_id, "sign")
    assert (late.status, late.body["code"]) == (409, "task.wrong_state")
    assert late.body["task"]["assignee"]["username"] == BACKUP


def test_a_former_assignees_command_is_late_not_obeyed(session: Session, county: County) -> None:
    """The task was reassigned while the officer had no network: their `depart` fits the state, but
    the task is another's by now."""
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "signed")
    say(session, county, STATION_ROOM, task_id, "reassign", {"to": BACKUP})
    say(session, county, BACKUP, task_id, "sign")
    late = say(session, county, PRIMARY, task_id, "depart")
    assert (late.status, late.body["state"]) == (409, "signed")
    assert late.body["task"]["assignee"]["username"] == BACKUP
    assert history(session, task_id)[-1].late


def test_returning_gives_it_to_the_stations_room(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "en_route")
    body = say(session, county, PRIMARY, task_id, "return", {"reason": "flat tyre"}).body
    assert (body["task"]["state"], body["task"]["assignee"]["username"]) == (
        "assigned",
        STATION_ROOM,
    )
    assert inbox(session, county, PRIMARY)[-1] == ("task.withdrawn", "returned")
    (message,) = messages(session, county, STATION_ROOM)
    assert message.type == "task.offered"
    because = message.data["task"]["step"]["because"]
    assert because["code"] == "station_room.returned"
    assert "flat tyre" in because["text"]
    assert outcomes(session, task_id)[PRIMARY] == "returned"
    assert say(session, county, STATION_ROOM, task_id, "sign").status == 200


def test_a_room_that_returns_gives_it_to_the_next_room(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "signed")
    for who, then in (
        (PRIMARY, STATION_ROOM),
        (STATION_ROOM, BUREAU_ROOM),
        (BUREAU_ROOM, STATION_ROOM),
    ):
        assert say(session, county, who, task_id, "return").status == 200
        holder = queries.task_for(session, county.principal("command"), task_id).acting
        assert holder.username == then
        assert say(session, county, then, task_id, "sign").status == 200


def test_reassigning_begins_a_new_round(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "on_scene")
    body = say(session, county, STATION_ROOM, task_id, "reassign", {"to": "330824004"}).body
    assert body["task"]["state"] == "assigned"
    assert inbox(session, county, PRIMARY)[-1] == ("task.withdrawn", "reassigned")
    assert inbox(session, county, "330824004") == [("task.offered", None)]
    last = body["task"]["offers"][-1]
    assert (last["kind"], last["recipient"]["username"]) == ("reassigned", "330824004")
    assert last["because"]["code"] == "reassigned.by_room"
    assert last["because"]["text"] == "由room-33082401改派。"
    steps = [offer["step"] for offer in body["task"]["offers"]]
    assert len(steps) == len(set(steps)), "each offer has a number of its own"


def test_reassigning_to_the_holder_offers_it_anew(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    say(session, county, STATION_ROOM, task_id, "reassign", {"to": PRIMARY})
    assert inbox(session, county, PRIMARY) == [("task.offered", None), ("task.offered", None)]
    assert say(session, county, PRIMARY, task_id, "sign").status == 200


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("nobody", "no account"),
        ("gis", "neither an officer nor a command room"),
        (OTHER_OFFICER, "outside your scope"),
        (BUREAU_ROOM, "outside your scope"),
        ("330824003", "disabled"),
    ],
)
def test_reassigning_needs_someone_in_reach(
    session: Session, county: County, to: str, said: str
) -> None:
    access.disable(session, None, "330824003")
    task_id = take(session, county).task.id
    outcome = say(session, county, STATION_ROOM, task_id, "reassign", {"to": to})
    assert (outcome.status, outcome.body["code"]) == (422, "task.not_assignable")
    assert outcome.body["field"] == "data.to"
    assert said in outcome.body["detail"]
    assert outcomes(session, task_id) == {PRIMARY: None}


def test_the_bureaus_room_may_reassign_across_stations(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    say(session, county, BUREAU_ROOM, task_id, "reassign", {"to": OTHER_OFFICER})
    assert say(session, county, OTHER_OFFICER, task_id, "sign").status == 200


@pytest.mark.parametrize(
    ("verb", "state", "reason"),
    [("cancel", "cancelled", "cancelled"), ("hand_over", "handed_over", "handed_over")],
)
@pytest.mark.parametrize("before", ["assigned", "on_scene"])
def test_ending_it_is_told_to_who_has_it(
    session: Session, county: County, verb: str, state: str, reason: str, before: str
) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, before)
    say(session, county, STATION_ROOM, task_id, verb)
    assert inbox(session, county, PRIMARY)[-1] == ("task.withdrawn", reason)
    task = session.get_one(Task, task_id)
    assert (task.state, task.ended_at) == (state, MORNING)
    assert queries.terminal_snapshot_part(session, county.accounts[PRIMARY]) == {"tasks": []}


def test_sending_back_keeps_the_report_and_says_why(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "reported")
    body = say(session, county, STATION_ROOM, task_id, "send_back", {"remark": "names?"}).body
    assert body["task"]["state"] == "on_scene"
    assert body["task"]["history"][-1]["data"] == {"remark": "names?"}
    assert body["task"]["report"]["outcome"] == "resolved"
    assert inbox(session, county, PRIMARY)[-1] == ("task.changed", None)


def test_a_report_counts_persons_and_offences(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "on_scene")
    said = DATA["report"] | {"suspects": 2, "offences": 1, "persons_helped": 0}
    body = say(session, county, PRIMARY, task_id, "report", said).body
    assert body["task"]["report"] == said
    assert body["task"]["history"][-1]["data"] == said
    say(session, county, STATION_ROOM, task_id, "send_back")
    again = say(session, county, PRIMARY, task_id, "report").body["task"]
    assert again["report"]["suspects"] is None, "the last report counts"
    assert again["history"][-1]["data"] == DATA["report"], "what is left out isn't kept"


@pytest.mark.parametrize("count", ["suspects", "offences", "persons_helped"])
@pytest.mark.parametrize("value", [-1, 1.5, True, "2", 100_001])
def test_a_count_is_a_whole_number(
    session: Session, county: County, count: str, value: object
) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "on_scene")
    outcome = say(session, county, PRIMARY, task_id, "report", DATA["report"] | {count: value})
    assert (outcome.status, outcome.body["code"]) == (422, "task.bad_data")
    assert outcome.body["field"] == f"data.{count}"


def test_after_a_report_another_may_go_on(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "reported")
    body = say(session, county, STATION_ROOM, task_id, "reassign", {"to": BACKUP}).body["task"]
    assert (body["state"], body["assignee"]["username"]) == ("assigned", BACKUP)
    assert body["report"]["outcome"] == "resolved"
    assert inbox(session, county, PRIMARY)[-1] == ("task.withdrawn", "reassigned")


def test_what_the_other_agency_answers_stays_with_the_task(
    session: Session, county: County, clock: SetClock
) -> None:
    task_id = take(session, county).task.id
    body = say(session, county, STATION_ROOM, task_id, "hand_over").body["task"]
    room = {"username": STATION_ROOM, "display_name": STATION_ROOM}
    assert body["hand_over"] == DATA["hand_over"] | {
        "at": MORNING.astimezone(dt.UTC).isoformat(),
        "by": room,
        "answer": None,
    }
    clock.advance(minutes(30))
    for text in ("seen", "mended"):
        body = say(session, county, BUREAU_ROOM, task_id, "answer", {"text": text}).body["task"]
        assert body["state"] == "handed_over"
        assert body["hand_over"]["answer"] == {
            "text": text,
            "at": (MORNING + minutes(30)).astimezone(dt.UTC).isoformat(),
            "by": {"username": BUREAU_ROOM, "display_name": BUREAU_ROOM},
        }
    assert feed(session)[-1].data["task"]["hand_over"] == body["hand_over"]
    assert [event.verb for event in history(session, task_id)][-2:] == ["answer", "answer"]


def test_an_agencys_own_answer_is_stored_once(session: Session, county: County) -> None:
    agency = access_queries.principal_of(
        session,
        access.add_account(
            session, None, username="12345", display_name="12345", password_hash="!"
        ).id,
    )
    task_id = take(session, county).task.id
    with pytest.raises(Conflict) as refusal:
        service.record_answer(session, agency, task_id, "too early")
    assert (refusal.value.code, refusal.value.extra) == (
        "task.not_handed_over",
        {"state": "assigned"},
    )
    say(session, county, STATION_ROOM, task_id, "hand_over")
    earlier = MORNING - minutes(5)
    for _ in range(2):
        service.record_answer(session, agency, task_id, " mended ", answered_at=earlier)
    over = queries.hand_over_of(session, task_id)
    assert (over.answer, over.answer_account_id) == ("mended", agency.account_id)
    *_, event = history(session, task_id)
    assert [e.verb for e in history(session, task_id)] == ["dispatch", "hand_over", "answer"]
    assert (event.actor_account_id, event.occurred_at, event.at) == (
        agency.account_id,
        earlier,
        MORNING,
    )
    with pytest.raises(NotFound):
        service.record_answer(session, agency, task_id + 1, "?")


def test_calling_for_support_reaches_the_stations_room(session: Session, county: County) -> None:
    task_id = take(session, county).task.id
    bring_to(session, county, task_id, "on_scene")
    outcome = say(session, county, PRIMARY, task_id, "call_support", {"text": "knives"})
    assert outcome.body["task"]["state"] == "on_scene"
    assert inbox(session, county, STATION_ROOM) == [("task.changed", "support_called")]
    assert history(session, task_id)[-1].data == {"text": "knives"}


def test_linking_names_another_task(session: Session, county: County) -> None:
    task_id, other = take(session, county).task.id, take(session, county).task.id
    for kind in ("duplicate", "follow_up"):
        say(session, county, STATION_ROOM, task_id, "link", {"to": other, "kind": kind})
    link = session.scalars(select(TaskLink)).one()
    assert (link.task_id, link.to_task_id, link.kind) == (task_id, other, "follow_up")


@pytest.mark.parametrize("to", ["itself", "unknown"])
def test_a_link_that_leads_nowhere(session: Session, county: County, to: str) -> None:
    task_id = take(session, county).task.id
    data = {"to": task_id if to == "itself" else 2**62, "kind": "duplicate"}
    outcome = say(session, county, STATION_ROOM, task_id, "link", data)
    assert (outcome.status, outcome.body["field"]) == (422, "data.to")
    assert session.scalar(select(func.count()).select_from(TaskLink)) == 0


@pytest.mark.parametrize(
    ("who", "verb", "data", "field"),
    [
        (PRIMARY, "dance", {}, "verb"),
        (PRIMARY, "dance\0\ud800", {}, "verb"),
        (PRIMARY, "sign", {"remark": "x"}, "data.remark"),
        (PRIMARY, "sign", {"备注": "x"}, "data.备注"),
        (PRIMARY, "sign", {"a\0\ud800": "x"}, "data.'a\\x00\\ud800'"),
        (PRIMARY, "report", {"text": "fine"}, "data.outcome"),
        (PRIMARY, "report", {"outcome": "great", "text": "fine"}, "data.outcome"),
        (PRIMARY, "report", {"outcome": "resolved", "text": " "}, "data.text"),
        (PRIMARY, "report", {"outcome": "resolved", "text": "a\0b"}, "data.text"),
        (PRIMARY, "report", {"outcome": "resolved", "text": "\ud800"}, "data.text"),
        (PRIMARY, "report", {"outcome": "resolved", "text": "x" * 4001}, "data.text"),
        (PRIMARY, "return", {}, "data.reason"),
        (STATION_ROOM, "reassign", {"to": 7}, "data.to"),
        (STATION_ROOM, "hand_over", {"agency": "12345"}, "data.text"),
        (STATION_ROOM, "link", {"to": "x", "kind": "duplicate"}, "data.to"),
        (STATION_ROOM, "link", {"to": True, "kind": "duplicate"}, "data.to"),
        (STATION_ROOM, "link", {"to": 2**70, "kind": "duplicate"}, "data.to"),
    ],
)
def test_what_a_verb_carries_is_checked(
    session: Session, county: County, who: str, verb: str, data: dict, field: str
) -> None:
    task_id = take(session, county).task.id
    outcome = say(session, county, who, task_id, verb, data)
    assert (outcome.status, outcome.body["field"]) == (422, field)
    assert len(history(session, task_id)) == 1


@pytest.mark.parametrize(("lon", "lat"), [(118.4, None), (None, 29.1), (181.0, 0.0), (0.0, 91.0)])
def test_half_a_place_is_refused(
    session: Session, county: County, lon: float | None, lat: float | None
) -> None:
    task_id = take(session, county).task.id
    outcome = say(session, county, PRIMARY, task_id, "sign", lon=lon, lat=lat)
    assert (outcome.status, outcome.body["code"]) == (422, "input.number")


def test_an_unknown_task(session: Session, county: County) -> None:
    outcome = say(session, county, PRIMARY, 2**60, "sign")
    assert (outcome.status, outcome.body["code"]) == (404, "task.unknown")


def test_loaders_refuse_who_has_no_part(session: Session, county: County) -> None:
    dossier = take(session, county)
    for who in (PRIMARY, STATION_ROOM, BUREAU_ROOM, "admin", "auditor"):
        assert queries.task_for(session, county.principal(who), dossier.task.id)
        assert queries.incident_for(session, county.principal(who), dossier.incident.id)
    for who, code in (
        (BACKUP, "task.not_yours"),
        (OTHER_ROOM, "task.out_of_scope"),
        ("gis", "task.not_yours"),
    ):
        for loader, id_ in (
            (queries.task_for, dossier.task.id),
            (queries.incident_for, dossier.incident.id),
        ):
            with pytest.raises(Forbidden) as refusal:
                loader(session, county.principal(who), id_)
            assert refusal.value.code == code
    with pytest.raises(NotFound):
        queries.task_for(session, county.principal("command"), 2**60)


def test_lists_show_what_one_may_see(session: Session, county: County) -> None:
    south = take(session, county).task.id
    north = take(session, county, a_report(centre(0, 1))).task.id
    ended = take(session, county).task.id
    bring_to(session, county, ended, "cancelled")

    def listed(who: str, **which: object) -> list[int]:
        which = {"is_open": True, "limit": 10} | which
        page = queries.page(session, county.principal(who), **which)
        return [dossier.task.id for dossier in page]

    assert listed(BUREAU_ROOM) == [north, south]
    assert listed(BUREAU_ROOM, is_open=False) == [ended, north, south]
    assert listed(BUREAU_ROOM, limit=1) == [north]
    assert listed(BUREAU_ROOM, before=north) == [south]
    assert listed(STATION_ROOM) == [south]
    assert listed(PRIMARY) == [south]
    assert listed(PRIMARY, is_open=False) == [ended, south]
    assert listed(PRIMARY, is_open=False, mine=True) == [south]
    assert listed(BACKUP) == []
    assert listed(BUREAU_ROOM, mine=True) == []


def test_snapshots(session: Session, county: County, clock: SetClock) -> None:
    south = take(session, county).task.id
    north = take(session, county, a_report(centre(0, 1))).task.id
    elsewhere = take(session, county).task.id
    bring_to(session, county, south, "cancelled")
    bring_to(session, county, elsewhere, "handed_over")

    def shown(who: str) -> list[int]:
        snapshot = queries.command_snapshot(session, county.principal(who))
        return [card["id"] for card in snapshot["tasks"]]

    assert shown(BUREAU_ROOM) == [south, north, elsewhere]
    assert shown(OTHER_ROOM) == [north]
    assert shown(PRIMARY) == []
    clock.advance(queries.SHOWN_AFTER_END)
    assert shown(BUREAU_ROOM) == [south, north, elsewhere], "it ended today"
    clock.advance(minutes(3 * 60))
    assert shown(BUREAU_ROOM) == [north, elsewhere], "nobody has answered yet"
    assert say(session, county, STATION_ROOM, elsewhere, "answer").status == 200
    assert shown(BUREAU_ROOM) == [north]
    (card,) = queries.terminal_snapshot_part(session, county.accounts[OTHER_OFFICER])["tasks"]
    assert (card["id"], card["step"]["kind"]) == (north, "primary")


def escalate(session: Session, clock: SetClock) -> None:
    clock.advance(minutes(5))
    assert escalation.escalate_due(session) == 1


def outcomes(session: Session, task_id: int) -> dict[str, str | None]:
    offers = session.scalars(select(Offer).where(Offer.task_id == task_id).order_by(Offer.id))
    found = list(offers)
    names = account_refs(session, {offer.recipient for offer in found})
    return {names[offer.recipient].username: offer.outcome for offer in found}
