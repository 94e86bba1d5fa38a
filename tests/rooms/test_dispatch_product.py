"""Every verb, said by every party and role, in every state of a task.

What is expected is generated from the tables of the lifecycle and of the parties; the corners are
written down by hand, as a dispatcher would say them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access_queries
from gridserver.access import service as access
from gridserver.access.rules import ROLES
from gridserver.base.clock import SetClock
from gridserver.base.db import savepoint
from gridserver.dispatch import escalation
from gridserver.dispatch.lifecycle import BY_ASSIGNEE, BY_COMMAND, BY_OFFERED, TASK
from gridserver.dispatch.models import Task, TaskEvent
from gridserver.org.models import Unit
from tests.county import County
from tests.rooms.dispatching import (
    BACKUP,
    BUREAU_ROOM,
    DATA,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    minutes,
    say,
    take,
)

COLLEAGUE, OTHER_OFFICER, OTHER_ROOM, NOBODY = "330824003", "330824005", "room-33082402", "nobody"

#: Who may read the task though it was never theirs.
READERS = {STATION_ROOM, BUREAU_ROOM, "admin", "auditor"}
COMMANDS = {STATION_ROOM, BUREAU_ROOM}
#: Roles that have no business with tasks, each held by an account of its name.
STRANGERS = tuple(sorted({*ROLES} - {"admin", "gis_admin", "command", "officer", "auditor"}))
EVERYBODY = (
    PRIMARY,
    BACKUP,
    COLLEAGUE,
    OTHER_OFFICER,
    STATION_ROOM,
    BUREAU_ROOM,
    OTHER_ROOM,
    "admin",
    "gis",
    "auditor",
    NOBODY,
    *STRANGERS,
)
#: In these the primary has signed.
SIGNED = ("signed", "en_route", "on_scene", "reported", "closed")

Answer = tuple[int, str | None]
DONE: Answer = (200, None)
LATE: Answer = (409, "task.wrong_state")
NOT_YOURS: Answer = (403, "task.not_yours")
OUT_OF_SCOPE: Answer = (403, "task.out_of_scope")
FOR_ROOM: Answer = (403, "task.for_command_room")

#: State, verb, who, answer.
CORNERS = (
    ("assigned", "sign", PRIMARY, DONE),
    ("assigned", "sign", BACKUP, DONE),  # whoever was told may
    ("assigned", "sign", COLLEAGUE, NOT_YOURS),
    ("assigned", "sign", STATION_ROOM, NOT_YOURS),  # it wasn't offered to the room yet
    ("assigned", "depart", PRIMARY, LATE),  # not before signing
    ("signed", "sign", BACKUP, LATE),  # the other one was first
    ("signed", "depart", BACKUP, LATE),  # and it isn't the backup's to go
    ("signed", "sign", PRIMARY, LATE),  # twice
    ("signed", "close", STATION_ROOM, LATE),  # nothing is reported yet
    ("en_route", "report", PRIMARY, LATE),  # arrive first
    ("on_scene", "return", PRIMARY, DONE),
    ("on_scene", "reassign", OTHER_ROOM, OUT_OF_SCOPE),
    ("on_scene", "call_support", STATION_ROOM, NOT_YOURS),
    ("reported", "close", PRIMARY, FOR_ROOM),  # nobody reviews themselves
    ("reported", "close", "admin", FOR_ROOM),
    ("reported", "close", "auditor", FOR_ROOM),
    ("reported", "close", "gis", NOT_YOURS),
    ("reported", "return", PRIMARY, LATE),  # too late to give it back
    ("reported", "reassign", STATION_ROOM, DONE),  # another goes on
    ("reported", "cancel", STATION_ROOM, LATE),  # it is to be reviewed
    ("closed", "send_back", BUREAU_ROOM, LATE),  # closed is closed
    ("closed", "link", BUREAU_ROOM, DONE),
    ("cancelled", "sign", PRIMARY, LATE),  # signed while it was cancelled
    ("cancelled", "cancel", STATION_ROOM, LATE),
    ("handed_over", "sign", BACKUP, LATE),
    ("handed_over", "answer", STATION_ROOM, DONE),
    ("handed_over", "answer", PRIMARY, FOR_ROOM),
    ("handed_over", "answer", OTHER_ROOM, OUT_OF_SCOPE),
    ("assigned", "answer", STATION_ROOM, LATE),  # it is with no other agency
)


class Undo(Exception):
    """Takes back what a savepoint did."""


def expected(state: str, verb: str, who: str) -> Answer:
    """Return the answer as the tables have it."""
    fits = TASK.after(state, verb) is not None
    if verb in BY_COMMAND:
        if who in COMMANDS:
            return DONE if fits else LATE
    elif who in {PRIMARY, BACKUP}:
        offered = state == "assigned"
        assignee = who == PRIMARY and state in SIGNED
        mine = (verb in BY_OFFERED and offered) or (verb in BY_ASSIGNEE and assignee)
        return DONE if fits and mine else LATE
    if who == OTHER_ROOM:
        return OUT_OF_SCOPE
    knows = who in READERS | {PRIMARY, BACKUP}
    return FOR_ROOM if knows and verb in BY_COMMAND else NOT_YOURS


@pytest.fixture
def everybody(session: Session, county: County) -> County:
    """The county, with an account that holds no role at all, and one for each stranger's role."""
    bureau = session.get_one(Unit, county.bureau_id)
    for name in (NOBODY, *STRANGERS):
        account = access.add_account(
            session, None, username=name, display_name=name, password_hash="!"
        )
        if name in STRANGERS:
            access.grant(session, None, account, name, bureau)
        county.accounts[name] = account.id
        county.principals[name] = access_queries.principal_of(session, account.id)
    return county


def answers(
    session: Session, county: County, task_id: int, other: int
) -> Iterator[tuple[str, str, Answer, Answer]]:
    """Give verb, who, what was expected and what was answered, each from the same state."""
    state = state_of(session, task_id)
    for verb in TASK.verbs:
        data = DATA.get(verb, {"to": other, "kind": "follow_up"} if verb == "link" else {})
        for who in EVERYBODY:
            with suppress(Undo), savepoint(session):
                outcome = say(session, county, who, task_id, verb, data)
                answer = (outcome.status, outcome.body.get("code"))
                check_effect(session, task_id, state, verb, answer)
                raise Undo
            yield verb, who, expected(state, verb, who), answer


def check_effect(session: Session, task_id: int, state: str, verb: str, answer: Answer) -> None:
    """What is done moves the task, what is late is kept, and what is refused leaves no trace."""
    after = TASK.after(state, verb) if answer == DONE else state
    assert state_of(session, task_id) == after, (verb, answer)
    said = select(func.count()).where(TaskEvent.task_id == task_id, TaskEvent.verb == verb)
    late = session.scalar(said.where(TaskEvent.late))
    assert late == (answer == LATE), (verb, answer)


def state_of(session: Session, task_id: int) -> str:
    return session.scalars(select(Task.state).where(Task.id == task_id)).one()


@pytest.mark.parametrize("state", TASK.states)
def test_every_verb_by_everybody(
    session: Session, everybody: County, clock: SetClock, state: str
) -> None:
    task_id = take(session, everybody, a_report(priority=1)).task.id
    clock.advance(minutes(1))
    assert escalation.escalate_due(session) == 1, "the backup is told too"
    other = take(session, everybody).task.id
    bring_to(session, everybody, task_id, state)
    corners = {(verb, who): answer for at, verb, who, answer in CORNERS if at == state}
    for verb, who, due, answer in answers(session, everybody, task_id, other):
        assert answer == due, (state, verb, who)
        assert answer == corners.get((verb, who), answer), (state, verb, who)


def test_every_role_is_among_them(everybody: County) -> None:
    held = {grant.role for who in EVERYBODY for grant in everybody.principal(who).grants}
    assert held == set(ROLES)
    assert {(verb, who) for _, verb, who, _ in CORNERS} <= {
        (verb, who) for verb in TASK.verbs for who in EVERYBODY
    }
