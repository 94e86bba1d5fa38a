"""Replaying events onto a snapshot gives a fresh snapshot, for every type of event.

After every step each client is fed what came, and what it holds is compared with a snapshot made
at that moment; the machine takes the steps in any order and lets clients start anew at any time.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api.terminal_snapshot import terminal_snapshot
from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.base.errors import Conflict
from gridserver.base.settings import DEFAULT_TIMEZONE
from gridserver.bulletins import clocks
from gridserver.bulletins.queries import Found
from gridserver.captures import queries as capture_queries
from gridserver.captures import service as captures
from gridserver.delivery import feed, queries, rules, service
from gridserver.delivery.commands import Command
from gridserver.dispatch import escalation
from gridserver.dispatch import queries as dispatch
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.tables import mobilising
from gridserver.force import shifts, swapping
from gridserver.force.shifts import ShiftDraft
from gridserver.orders import counting, reminding
from gridserver.orders import service as orders
from gridserver.orders.queries import Issued
from tests import posted
from tests.conftest import MORNING
from tests.county import County, centre, make_county
from tests.replay import ON_TERMINAL, ON_VIEW, Replica
from tests.rooms import bulletining, ordering
from tests.rooms.dispatching import (
    BACKUP,
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    say,
    take,
)

OTHER, OTHER_ROOM = "330824005", "room-33082402"
TERMINALS = (PRIMARY, BACKUP, OTHER, STATION_ROOM, OTHER_ROOM, BUREAU_ROOM)
VIEWS = (BUREAU_ROOM, STATION_ROOM, OTHER_ROOM)
MOST = 10_000
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class World:
    """A county with clients that follow it, in one transaction that is rolled back."""

    def __init__(self, session: Session, clock: SetClock) -> None:
        self.session, self.clock = session, clock
        self.county: County = make_county(session)
        self.tasks: list[int] = []
        self.orders: list[Issued] = []
        self.swaps: list[int] = []
        self.captures: list[int] = []
        self.bulletins: list[Found] = []
        self.seen: set[str] = set()
        self.terminals = {name: self.fresh_terminal(name) for name in TERMINALS}
        self.views = {name: self.fresh_view(name) for name in VIEWS}

    # --- clients

    def fresh_terminal(self, username: str) -> Replica:
        account = self.county.accounts[username]
        snapshot = terminal_snapshot(self.session, account)
        return Replica(ON_TERMINAL, snapshot, queries.head(self.session, account))

    def fresh_view(self, username: str) -> Replica:
        snapshot = dispatch.command_snapshot(self.session, self.county.principal(username))
        return Replica(ON_VIEW, snapshot, queries.feed_standing(self.session).head)

    def start_anew(self, username: str) -> None:
        """Have the account's clients begin again with a snapshot."""
        self.terminals[username] = self.fresh_terminal(username)
        if username in self.views:
            self.views[username] = self.fresh_view(username)

    def settle(self) -> None:
        """Commit, so to say; feed the clients, and compare what they hold with the state."""
        run_before_commit(self.session)
        service.number_feed(self.session)
        for username, terminal in self.terminals.items():
            account = self.county.accounts[username]
            for message in queries.page(self.session, account, terminal.seq, MOST):
                terminal.receive(message.seq, message.type, message.data)
                self.seen.add(message.type)
            terminal.let_go(self.clock.now())
            assert terminal == terminal_snapshot(self.session, account), username
        for username, view in self.views.items():
            principal = self.county.principal(username)
            for entry in queries.feed_page(self.session, view.seq, MOST):
                if principal.may(feed.PERMISSION, entry.unit_path):
                    view.receive(entry.seq, entry.type, entry.data)
                    self.seen.add(entry.type)
            assert view == dispatch.command_snapshot(self.session, principal), username

    # --- what happens

    def actor(self, username: str) -> Principal:
        return self.county.principal(username)

    def report(self, cell: tuple[int, int] = (0, 0), priority: int = 3) -> None:
        report = a_report(centre(*cell), priority=priority)
        self.tasks.append(take(self.session, self.county, report).task.id)

    def say(self, who: str, verb: str, nth: int = -1) -> None:
        data = {"to": self.tasks[0], "kind": "duplicate"} if verb == "link" else None
        say(self.session, self.county, who, self.tasks[nth], verb, data)

    def wait(self, minutes: float) -> None:
        """Let time pass, and the worker do what is due."""
        self.clock.advance(dt.timedelta(minutes=minutes))
        escalation.escalate_due(self.session)
        reminding.meet_deadlines(self.session)
        counting.take_receipts(self.session, MOST)
        counting.count_progress(self.session, MOST)
        clocks.end_due(self.session)
        clocks.tell_latecomers(self.session)

    def go_silent(self, username: str) -> None:
        """Have the devices of an account be out of reach for as long as matters."""
        last = self.clock.now() - dt.timedelta(hours=1)
        service.record_contacts(self.session, {self.county.accounts[username]: last})

    def mobilise(self) -> None:
        given = mobilising.order(self.session, self.actor(BUREAU_ROOM), "33082401", why="flood")
        self.wait(1)
        mobilising.end(self.session, self.actor(BUREAU_ROOM), given.id)

    def issue(self, **fields: Any) -> None:
        self.orders.append(ordering.issue(self.session, self.county, **fields))

    def answer(
        self, who: str, verb: str, data: dict[str, Any] | None = None, nth: int = -1
    ) -> None:
        ordering.say(self.session, self.county, who, self.orders[nth], verb, data)

    def recall(self, nth: int = -1) -> None:
        order_id = self.orders[nth].order.id
        orders.recall(self.session, self.actor(STATION_ROOM), order_id, "mistake")

    def close(self, nth: int = -1) -> None:
        orders.close(self.session, self.actor(STATION_ROOM), self.orders[nth].order.id)

    def capture(self) -> None:
        said = {"kind": "premises", "text": "closed down", "lon": 118.405, "lat": 29.105}
        command = Command(uuid.uuid4(), "capture", self.clock.now(), said)
        taken = captures.command(self.session, self.actor(PRIMARY), command)
        self.captures.append(taken.body["capture"]["id"])

    def decide(self, verb: str) -> None:
        room = self.actor(STATION_ROOM)
        record = capture_queries.capture_for(self.session, room, self.captures.pop(), locked=True)
        captures.decide(self.session, room, record, verb, "open again")

    def write_bulletin(self, **fields: Any) -> None:
        self.bulletins.append(bulletining.issue(self.session, self.county, **fields))

    def step_bulletin(self, verb: str, nth: int = -1, **said: Any) -> None:
        bulletining.step(self.session, self.county, self.bulletins[nth], verb, **said)

    def propose_swap(self) -> None:
        """Offer the second officer a shift of the first, which nobody else has at that time."""
        hours = (self.clock.now() + DAY, self.clock.now() + DAY + 6 * HOUR)
        (shift,) = shifts.add_shifts(
            self.session, self.actor("admin"), [ShiftDraft(PRIMARY, "pool", *hours)]
        )
        swap = swapping.propose(
            self.session, self.actor(PRIMARY), shift_id=shift, other=BACKUP, other_shift_id=None
        )
        self.swaps.append(swap)

    def say_to_swap(self, who: str, verb: str) -> None:
        swapping.command(self.session, self.actor(who), self.swaps[-1], verb)


Case = Callable[[World], None]

# --- every type by itself


def _decided(world: World) -> None:
    world.capture()
    world.settle()
    world.decide("decline")


def _passed_over(world: World) -> None:
    world.go_silent(PRIMARY)
    world.report()


def _tombstone(world: World) -> None:
    """An order that was issued while nobody looked, and was over when they did."""
    run_before_commit(world.session)
    world.issue()
    run_before_commit(world.session)
    world.wait(60 * 24 * 30)


def _task(*said: tuple[str, str]) -> Case:
    def case(world: World) -> None:
        world.report()
        for who, verb in said:
            world.settle()
            world.say(who, verb)

    return case


def _order(*steps: Case) -> Case:
    def case(world: World) -> None:
        world.issue()
        for step in steps:
            world.settle()
            step(world)

    return case


def _swap(*said: tuple[str, str]) -> Case:
    def case(world: World) -> None:
        world.propose_swap()
        for who, verb in said:
            world.settle()
            world.say_to_swap(who, verb)

    return case


def _sighting(world: World) -> None:
    world.write_bulletin()
    found = world.bulletins[-1]
    bulletining.sight(world.session, world.county, found)


def _bulletin(verb: str | None = None, **said: Any) -> Case:
    def case(world: World) -> None:
        world.write_bulletin()
        if verb:
            world.settle()
            world.step_bulletin(verb, **said)

    return case


#: Type → what brings it about. A message's type, or a feed entry's.
CASES: dict[str, Case] = {
    "incident.created": _task(),
    "task.offered": _task(),
    "task.changed": _task((PRIMARY, "sign"), (PRIMARY, "depart")),
    "task.withdrawn": _task((PRIMARY, "sign"), (PRIMARY, "return")),
    "task.passed_over": _passed_over,
    "mode.changed": World.mobilise,
    "order.issued": _order(),
    "order.changed": _order(),
    "order.updated": _order(lambda world: world.answer(PRIMARY, "read")),
    "order.reminded": _order(lambda world: world.wait(31)),
    "order.overdue": _order(lambda world: world.wait(61)),
    "order.recalled": _order(World.recall),
    "capture.changed": World.capture,
    "capture.decided": _decided,
    "bulletin.issued": _bulletin(),
    "bulletin.changed": _bulletin(),
    "bulletin.updated": _bulletin("renew", lasts_h=48),
    "bulletin.ended": _bulletin("resolve", reason="found"),
    "bulletin.sighting": _sighting,
    "expired": _tombstone,
    "swap.asked": _swap(),
    "swap.agreed": _swap((BACKUP, "agree")),
    "swap.refused": _swap((BACKUP, "decline")),
    "swap.withdrawn": _swap((PRIMARY, "withdraw")),
    "swap.done": _swap((BACKUP, "agree"), ("admin", "consent")),
}


def test_every_type_that_is_posted_has_its_place_in_the_clients_and_a_case() -> None:
    messages, entries = posted.types(posted.MESSAGE), posted.types(posted.FEED)
    assert set(ON_TERMINAL) == messages | {rules.EXPIRED}
    assert set(ON_VIEW) == entries
    assert set(CASES) == messages | entries | {rules.EXPIRED}


@pytest.fixture
def world(session: Session, clock: SetClock) -> World:
    return World(session, clock)


@pytest.mark.parametrize("type_", CASES)
def test_what_a_client_holds_after_an_event_is_a_fresh_snapshot(world: World, type_: str) -> None:
    world.settle()
    CASES[type_](world)
    world.settle()
    assert type_ in world.seen


def _late(world: World) -> None:
    """Who holds an offer learns that a command to the task came too late."""
    world.report()
    world.settle()
    world.say(PRIMARY, "arrive")


def _prolonged(world: World) -> None:
    """A device had the offer late, so that there is more time to sign."""
    world.report()
    world.settle()
    world.clock.advance(dt.timedelta(minutes=4))
    account = world.county.accounts[PRIMARY]
    seq = queries.head(world.session, account)
    service.record_receipts(world.session, [service.Receipt(account, "phone", seq)])
    world.wait(2)


@pytest.mark.parametrize("case", [_late, _prolonged])
def test_what_changes_a_task_and_nobodys_part_in_it_reaches_its_holders(
    world: World, case: Case
) -> None:
    case(world)
    world.settle()


@pytest.mark.parametrize("table", [ON_TERMINAL, ON_VIEW])
def test_a_client_that_passes_over_a_change_is_found_out(
    world: World, table: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(table, "task.changed", lambda _held, _data: None)
    with pytest.raises(AssertionError):
        CASES["task.changed"](world)
        world.settle()


# --- in any order


@contextmanager
def rolled_back(engine: sa.Engine) -> Iterator[World]:
    """Give a world in a transaction of its own, which leaves nothing behind."""
    with engine.connect() as connection, connection.begin() as outer:
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            clock = SetClock(MORNING)
            session.info.update(clock=clock, zone=ZoneInfo(DEFAULT_TIMEZONE))
            yield World(session, clock)
        outer.rollback()


anyone = st.sampled_from(TERMINALS)
nth = st.integers(min_value=-3, max_value=-1)


class Clients(RuleBasedStateMachine):
    """Reports, commands, orders, bulletins, time and clients that begin again, in any order."""

    engine: ClassVar[sa.Engine]

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.world = self._stack.enter_context(rolled_back(self.engine))

    def teardown(self) -> None:
        self._stack.close()

    @rule(cell=st.sampled_from([(0, 0), (0, 1)]), priority=st.sampled_from([1, 3]))
    def report(self, cell: tuple[int, int], priority: int) -> None:
        self.world.report(cell, priority)

    @precondition(lambda self: self.world.tasks)
    @rule(who=anyone, verb=st.sampled_from(TASK.verbs), nth=nth)
    def say(self, who: str, verb: str, nth: int) -> None:
        self.world.say(who, verb, max(nth, -len(self.world.tasks)))

    @rule(minutes=st.sampled_from([0.5, 1, 6, 31, 60]))
    def wait(self, minutes: float) -> None:
        self.world.wait(minutes)

    @rule(who=st.sampled_from([PRIMARY, BACKUP]))
    def go_silent(self, who: str) -> None:
        self.world.go_silent(who)

    @rule(asks=st.sampled_from(["none", "read"]))
    def issue(self, asks: str) -> None:
        self.world.issue(asks=asks)

    @precondition(lambda self: self.world.orders)
    @rule(who=st.sampled_from([PRIMARY, BACKUP]), nth=nth)
    def read(self, who: str, nth: int) -> None:
        self.world.answer(who, "read", nth=max(nth, -len(self.world.orders)))

    @precondition(lambda self: self.world.orders)
    @rule(nth=nth, end=st.sampled_from([World.recall, World.close]))
    def end_order(self, nth: int, end: Callable[[World, int], None]) -> None:
        with suppress(Conflict):
            end(self.world, max(nth, -len(self.world.orders)))

    @rule()
    def capture(self) -> None:
        self.world.capture()

    @precondition(lambda self: self.world.captures)
    @rule(verb=st.sampled_from(["accept", "decline"]))
    def decide(self, verb: str) -> None:
        self.world.decide(verb)

    @rule(lasts_h=st.sampled_from([1, 24]))
    def write_bulletin(self, lasts_h: int) -> None:
        self.world.write_bulletin(lasts_h=lasts_h)

    @precondition(lambda self: self.world.bulletins)
    @rule(verb=st.sampled_from(["resolve", "withdraw", "renew"]), nth=nth)
    def step_bulletin(self, verb: str, nth: int) -> None:
        said = {"lasts_h": 2} if verb == "renew" else {"reason": "found"}
        with suppress(Conflict):
            self.world.step_bulletin(verb, max(nth, -len(self.world.bulletins)), **said)

    @rule(who=anyone)
    def start_anew(self, who: str) -> None:
        self.world.settle()
        self.world.start_anew(who)

    @invariant()
    def clients_hold_what_is(self) -> None:
        self.world.settle()


def test_in_any_order_what_clients_hold_is_a_fresh_snapshot(shared_engine: sa.Engine) -> None:
    machine = type("Machine", (Clients,), {"engine": shared_engine})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=6, stateful_step_count=12, deadline=None)
    )
