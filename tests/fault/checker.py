"""The checker: compares what the handhelds wrote down with what the database holds.

Pure. It trusts neither the server nor the handhelds' code: what a device took for its cursor is
worked out again from the arrivals in its journal. A fault is a `Finding` of one of these kinds:

======================  ==========================================================================
``hole``                an inbox's numbers don't run from 1 to its head
``lost``                a committed message that its recipient never took in
``order``               on one connection messages came out of order, twice or past a gap
``foreign``             something arrived that was never committed under that number
``changed``             a message arrived with other contents than were committed
``told_twice``          a recipient has two messages of one change of a task
``resync``              a snapshot took the place of messages, though none had gone
``receipt``             the server holds a receipt for what the device doesn't have, or refused one
``unanswered``          a command or a report without an answer at the end
``result_lost``         a terminal saw a result that the database doesn't have
``result_changed``      two arrivals of one command were answered differently
``effect_missing``      a command was answered *done*, and its task's history doesn't know it
``effect_twice``        a command worked more than once
``effect_unasked``      something happened that nobody commanded, or that was refused
``time_changed``        the history has another time than the officer's clock said
``clock``               the server took a device's clock for another than it was
``history``             a task's history doesn't lead from state to state, or the ledger differs
``write_lost``          a posted transaction that isn't there, or not whole
``write_order``         a writer's messages came into an inbox in another order than it wrote them
``report``              a reported incident that is missing, doubled or without its one task
``feed``                the command rooms' feed has a hole, or an entry without a number
======================  ==========================================================================
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.fault.canonical import digest
from tests.fault.evidence import Event, Inbox, Ledger, Result, Row, answers_of, commands_of
from tests.fault.journal import Line

#: Of what happens to a task, what nobody commands.
_BY_THE_SERVER = frozenset({"dispatch", "escalate"})
_LATE = "task.wrong_state"
EXPIRED = "expired"
#: The longest way that a connect may have taken, seconds; the clocks are off by hours.
_WAY_S = 120.0


@dataclass(frozen=True)
class Finding:
    """A promise that was broken: of what kind, to whom, and how."""

    kind: str
    who: str
    what: str


# --- messages


def check_inbox(who: str, inbox: Inbox, lines: list[Line]) -> Iterator[Finding]:
    """Compare an inbox with what its owner's device wrote down."""
    if [row.seq for row in inbox.rows] != list(range(1, inbox.head + 1)):
        yield Finding("hole", who, f"{len(inbox.rows)} messages, head {inbox.head}")
    told = Counter(
        (row.type, row.data["task"]["id"], row.data["task"]["version"])
        for row in inbox.rows
        if "task" in row.data
    )
    for change, times in told.items():
        if times > 1:
            yield Finding("told_twice", who, f"{change} {times} times")
    cursor = yield from _follow(who, inbox, lines)
    if cursor < inbox.head:
        yield Finding("lost", who, f"{inbox.head - cursor} from {cursor + 1} on, up to the end")
    if inbox.receipt > cursor:
        yield Finding("receipt", who, f"{inbox.receipt} acknowledged, {cursor} taken in")


def _follow(who: str, inbox: Inbox, lines: list[Line]) -> Iterator[Finding]:
    """Follow a device through its journal; return the number that it came to."""
    rows = {row.seq: row for row in inbox.rows}
    given: dict[int, int | None] = {}
    last: dict[int, int] = {}
    cursor = 0
    for kind, *rest in lines:
        if kind == "open":
            given[rest[0]] = rest[1]
        elif kind == "resync":
            yield Finding("resync", who, f"connection {rest[0]}, to {rest[2]}")
        elif kind == "receipt_refused":
            yield Finding("receipt", who, f"connection {rest[0]}: {rest[1]}")
        elif kind == "message":
            connection, seq, id_, type_, said, _task, at = rest
            row = rows.get(seq)
            if row is None or row.id != id_:
                yield Finding("foreign", who, f"{seq} {id_} {type_}")
            elif not _agree(row, type_, said, at):
                yield Finding("changed", who, f"{seq} {type_}, {row.type} was committed")
            before = last.get(connection, given[connection])
            # A device that doesn't say where it stands gets what follows its receipts.
            if seq > cursor + 1 if before is None else seq != before + 1:
                yield Finding("order", who, f"connection {connection}: {seq} after {before}")
            if seq > cursor + 1:
                yield Finding("lost", who, f"{seq - cursor - 1} from {cursor + 1} on")
            last[connection] = seq
            cursor = max(cursor, seq)
    return cursor


def _agree(row: Row, type_: str, said: str, at: float) -> bool:
    """Say whether what arrived is what was committed.

    Past its end a message is a tombstone, on the way and, some time later, in the table; it may
    not be one before.
    """
    ended = row.expires_at is not None and at >= row.expires_at.timestamp()
    if type_ == EXPIRED:
        return ended and (row.type != EXPIRED or digest(row.data) == said)
    if row.type == EXPIRED:
        return row.data["type"] == type_  # its contents are no more
    return row.type == type_ and digest(row.data) == said


# --- commands


def check_commands(
    who: str,
    lines: list[Line],
    results: Mapping[tuple[str, str], Result],
    events: Mapping[tuple[str | None, str | None], list[Event]],
) -> Iterator[Finding]:
    """Compare what `who` commanded and was answered with what is stored and what it did."""
    orders, answers = commands_of(lines), answers_of(lines)
    clock_offset_s = next((line[1] for line in lines if line[0] == "clock"), None)
    for (account, id_), done in events.items():
        if account == who and id_ is not None and id_ not in orders:
            yield Finding("effect_unasked", who, f"{done[0].verb} {id_}")
        if account == who and not all(_clock_is_known(each, clock_offset_s) for each in done):
            what = f"{done[0].clock_offset_s} s, the clock was {clock_offset_s} s ahead"
            yield Finding("clock", who, what)
    for id_, order in orders.items():
        name = f"{order['verb']} {id_}"
        heard = set(answers.get(id_, ()))
        result = results.get((who, id_))
        if not heard:
            yield Finding("unanswered", who, name)
        elif result is None or result.body is None:
            yield Finding("result_lost", who, f"{name}: {sorted(heard, key=str)}")
        elif heard != {_stored(result)}:
            yield Finding("result_changed", who, f"{name}: {heard}, stored {_stored(result)}")
        yield from _check_effect(who, name, order, result, events.get((who, id_), []))


def _clock_is_known(event: Event, clock_offset_s: float | None) -> bool:
    """Say whether the server measured the device's clock well, where it measured it at all: at a
    connect, so that the way there counts in."""
    if event.clock_offset_s is None or clock_offset_s is None:
        return event.clock_offset_s is None
    return abs(event.clock_offset_s + clock_offset_s) < _WAY_S


def _stored(result: Result) -> tuple[str, str | None, str]:
    body = result.body or {}
    return "done" if result.status == 200 else "refused", body.get("code"), digest(body)


def _check_effect(
    who: str, name: str, order: Mapping[str, str], result: Result | None, done: list[Event]
) -> Iterator[Finding]:
    body = (result.body if result else None) or {}
    was_done = result is not None and result.status == 200
    was_late = body.get("code") == _LATE
    expected = 1 if was_done or was_late else 0
    if len(done) > max(expected, 1):
        yield Finding("effect_twice", who, f"{name}: {len(done)} times")
    elif len(done) > expected:
        yield Finding("effect_unasked", who, f"{name} was refused")
    elif len(done) < expected:
        yield Finding("effect_missing", who, name)
    for event in done:
        if event.late != was_late:
            yield Finding("history", who, f"{name}: late is {event.late}, {body.get('code')}")
        if event.occurred_at != dt.datetime.fromisoformat(order["occurred_at"]):
            yield Finding("time_changed", who, f"{name}: {event.occurred_at}")


def check_tasks(ledger: Ledger) -> Iterator[Finding]:
    """Follow every task through its history: each step begins where the former ended."""
    state: dict[int, str] = {}
    counted: Counter[tuple[int, str]] = Counter()
    for event in ledger.events:
        former = state.get(event.task)
        if not event.late:
            counted[event.task, event.verb] += 1
        if event.before != former:
            what = f"{event.verb} from {event.before}, it was {former}"
            yield Finding("history", f"task {event.task}", what)
        if event.late and event.after != event.before:
            yield Finding("history", f"task {event.task}", f"a late {event.verb} moved it")
        if event.command is None and event.verb not in _BY_THE_SERVER:
            yield Finding("effect_unasked", f"task {event.task}", f"{event.verb} without an id")
        state[event.task] = event.after
    for task, after in ledger.states.items():
        if state.get(task) != after:
            yield Finding("history", f"task {task}", f"is {after}, came to {state.get(task)}")
    for task, verb in counted.keys() | ledger.audited.keys():
        if verb == "dispatch":
            continue
        if (kept := counted[task, verb]) != (noted := ledger.audited.get((task, verb), 0)):
            what = f"{verb}: {kept} in the history, {noted} in the ledger"
            yield Finding("history", f"task {task}", what)


# --- writers, callers, the feed


def check_writer(
    who: str, lines: list[Line], written: Mapping[str, str], accounts: Mapping[int, str]
) -> Iterator[Finding]:
    """Compare the transactions that a writer tried with the messages that are there.

    Parameters
    ----------
    written
        Message id → recipient, of all messages that a writer tried to post.
    accounts
        Account id → username.
    """
    tried: dict[int, list[tuple[int, str]]] = {}
    done: set[int] = set()
    for kind, number, *rest in lines:
        if kind == "try":
            tried[number] = rest[0]
        else:
            done.add(number)
    for number, batch in tried.items():
        there = sum(written.get(id_) == accounts[recipient] for recipient, id_ in batch)
        if number not in done:
            yield Finding("unanswered", who, f"transaction {number}")
        if there != len(batch):
            yield Finding("write_lost", who, f"transaction {number}: {there} of {len(batch)}")


#: Message id → who wrote it, in which transaction, at which place of it.
Posted = Mapping[str, tuple[str, int, int]]


def posted_by(who: str, lines: list[Line]) -> dict[str, tuple[str, int, int]]:
    """Return what a writer tried to post."""
    return {
        id_: (who, line[1], place)
        for line in lines
        if line[0] == "try"
        for place, (_, id_) in enumerate(line[2])
    }


def check_write_order(who: str, inbox: Inbox, posted: Posted) -> Iterator[Finding]:
    """See that each writer's messages lie in an inbox in the order in which it wrote them."""
    last: dict[str, tuple[int, int]] = defaultdict(lambda: (0, -1))
    for row in inbox.rows:
        if row.id not in posted:
            continue
        writer, *place = posted[row.id]
        if tuple(place) <= last[writer]:
            yield Finding("write_order", who, f"{row.seq}: {place} of {writer}")
        last[writer] = place[0], place[1]


def check_reports(who: str, lines: list[Line], ledger: Ledger) -> Iterator[Finding]:
    """Compare the incidents that a caller reported with those that are there."""
    bodies = {line[1]: line[2] for line in lines if line[0] == "report"}
    answered = {line[1]: line[2:] for line in lines if line[0] == "reported"}
    for number, body in bodies.items():
        external = body["external_id"]
        incident, tasks = ledger.incidents.get(external, (None, []))
        if number not in answered:
            yield Finding("unanswered", who, external)
            continue
        status, told, task = answered[number]
        if status not in {200, 201} or told != incident or tasks != [task]:
            what = f"{external}: {status}, {told} with {task}; there is {incident} with {tasks}"
            yield Finding("report", who, what)


def check_feed(numbers: Iterable[int | None]) -> Iterator[Finding]:
    """See that the feed is numbered without holes."""
    found = list(numbers)
    if found != list(range(1, len(found) + 1)):
        yield Finding("feed", "feed", f"{len(found)} entries, {found.count(None)} unnumbered")
