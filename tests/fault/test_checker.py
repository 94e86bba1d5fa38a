"""The checker finds what it is for: each case is a record with one fault in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from tests.fault import checker
from tests.fault.canonical import digest
from tests.fault.evidence import Event, Inbox, Ledger, Result, Row
from tests.fault.journal import Journal, Line

WHO = "330824001"
NOON = dt.datetime.fromisoformat("2026-03-10T12:00:00+08:00")
TRULY = NOON.timestamp()
SIGN = {"id": "c1", "verb": "sign", "task": 7, "occurred_at": NOON.isoformat(), "data": {}}
DONE = {"status": "done", "task": {"id": 7, "state": "signed"}}
LATE = {"code": "task.wrong_state", "detail": "…", "state": "cancelled"}


def row(seq: int, **data: object) -> Row:
    return Row(seq, f"m{seq}", "test.note", data or {"text": f"the {seq}th"})


def came(connection: int, message: Row) -> Line:
    said = digest(message.data)
    return ["message", connection, message.seq, message.id, message.type, said, None, TRULY]


ROWS = [row(seq) for seq in range(1, 6)]
INBOX = Inbox(head=5, receipt=5, rows=ROWS)
OPEN = ["open", 1, 0]
ALL = [OPEN, *(came(1, each) for each in ROWS)]


def kinds(findings: object) -> set[str]:
    return {finding.kind for finding in findings}  # type: ignore[attr-defined]


def test_a_device_that_has_everything_is_found_well() -> None:
    """Twice over two connections, from an older number, and without one."""
    again = [["open", 2, 2], *(came(2, each) for each in ROWS[2:])]
    forgotten = [["open", 3, None], *(came(3, each) for each in ROWS[1:])]
    assert not list(checker.check_inbox(WHO, INBOX, [*ALL, *again, *forgotten]))


@pytest.mark.parametrize(
    ("inbox", "lines", "kind"),
    [
        (replace(INBOX, rows=[*ROWS[:2], *ROWS[3:]]), ALL, "hole"),
        (replace(INBOX, head=6), ALL, "hole"),
        (INBOX, ALL[:-1], "lost"),
        (INBOX, [*ALL[:3], *ALL[4:]], "lost"),
        (INBOX, [*ALL[:3], ["open", 2, 3], *(came(2, each) for each in ROWS[3:])], "lost"),
        (INBOX, [*ALL[:3], ALL[4], ALL[3], ALL[5]], "order"),
        (INBOX, [*ALL, ALL[5]], "order"),
        (INBOX, [*ALL, ["open", 2, 3], came(2, ROWS[4])], "order"),
        (INBOX, [*ALL, came(1, row(6))], "foreign"),
        (INBOX, [*ALL[:5], came(1, replace(ROWS[4], id="other"))], "foreign"),
        (INBOX, [*ALL[:5], came(1, replace(ROWS[4], data={"writer": "x"}))], "changed"),
        (INBOX, [*ALL, ["resync", 2, "epoch", 5]], "resync"),
        (replace(INBOX, receipt=6), ALL, "receipt"),
        (INBOX, [*ALL, ["receipt_refused", 1, "inbox.beyond_head"]], "receipt"),
    ],
)
def test_a_fault_of_an_inbox_is_named(inbox: Inbox, lines: list[Line], kind: str) -> None:
    assert kind in kinds(checker.check_inbox(WHO, inbox, lines))


def test_a_change_that_is_told_twice_is_named() -> None:
    told = [row(seq, task={"id": 7, "version": 2}) for seq in (1, 2)]
    lines = [OPEN, *(came(1, each) for each in told)]
    assert kinds(checker.check_inbox(WHO, Inbox(2, 2, told), lines)) == {"told_twice"}


def test_what_ended_may_come_as_a_tombstone_and_no_sooner() -> None:
    note = replace(ROWS[0], expires_at=NOON)
    blank = replace(note, type="expired", data={"type": note.type})
    for committed, arrived in ((note, note), (note, blank), (blank, note), (blank, blank)):
        lines = [OPEN, came(1, arrived)]
        assert not list(checker.check_inbox(WHO, Inbox(1, 1, [committed]), lines))
    sooner = [OPEN, [*came(1, blank)[:-1], TRULY - 10]]
    assert kinds(checker.check_inbox(WHO, Inbox(1, 1, [blank]), sooner)) == {"changed"}
    endless = [OPEN, came(1, blank)]
    assert kinds(checker.check_inbox(WHO, Inbox(1, 1, ROWS[:1]), endless)) == {"changed"}


def test_a_writers_order_is_kept() -> None:
    posted = checker.posted_by("w", [["try", 1, [[11, "m1"]]], ["try", 2, [[11, "m2"]]]])
    assert not list(checker.check_write_order(WHO, INBOX, posted))
    swapped = Inbox(2, 2, [replace(ROWS[0], id="m2"), replace(ROWS[1], id="m1")])
    assert kinds(checker.check_write_order(WHO, swapped, posted)) == {"write_order"}


# --- commands

EVENT = Event(7, "sign", "assigned", "signed", False, WHO, "c1", NOON, -3601.5)


def answer(body: dict[str, object], status: str = "done") -> Line:
    return ["answer", "c1", "socket", status, body.get("code"), digest(body)]


def commands(
    lines: list[Line], result: Result | None = None, events: tuple[Event, ...] = ()
) -> set[str]:
    results = {(WHO, "c1"): result} if result else {}
    given: list[Line] = [["command", 1, SIGN], *lines]
    given.append(["clock", 3600.0])
    return kinds(checker.check_commands(WHO, given, results, {(WHO, "c1"): list(events)}))


def test_commands_that_were_done_or_came_late_are_found_well() -> None:
    assert not commands([answer(DONE), answer(DONE)], Result(200, DONE), (EVENT,))
    late = replace(EVENT, late=True, before="cancelled", after="cancelled")
    assert not commands([answer(LATE, "refused")], Result(409, LATE), (late,))
    strange = {"code": "task.not_yours", "detail": "…"}
    assert not commands([answer(strange, "refused")], Result(403, strange))


@pytest.mark.parametrize(
    ("lines", "result", "events", "kind"),
    [
        ([], Result(200, DONE), (EVENT,), "unanswered"),
        ([answer(DONE)], None, (EVENT,), "result_lost"),
        ([answer(DONE)], Result(None, None), (), "result_lost"),
        ([answer(DONE)], Result(200, DONE), (), "effect_missing"),
        ([answer(DONE), answer(LATE, "refused")], Result(200, DONE), (EVENT,), "result_changed"),
        ([answer(DONE)], Result(409, LATE), (), "result_changed"),
        ([answer(DONE)], Result(200, DONE), (EVENT, EVENT), "effect_twice"),
        ([answer(LATE, "refused")], Result(409, LATE), (EVENT,), "history"),
        (
            [answer({"code": "task.not_yours"}, "refused")],
            Result(403, {"code": "task.not_yours"}),
            (EVENT,),
            "effect_unasked",
        ),
        (
            [answer(DONE)],
            Result(200, DONE),
            (replace(EVENT, occurred_at=NOON + dt.timedelta(hours=1)),),
            "time_changed",
        ),
        ([answer(DONE)], Result(200, DONE), (replace(EVENT, clock_offset_s=3600.0),), "clock"),
    ],
)
def test_a_fault_of_a_command_is_named(
    lines: list[Line], result: Result | None, events: tuple[Event, ...], kind: str
) -> None:
    assert kind in commands(lines, result, events)


def test_what_nobody_commanded_is_named() -> None:
    assert kinds(checker.check_commands(WHO, [["clock", 3600.0]], {}, {(WHO, "c1"): [EVENT]})) == {
        "effect_unasked"
    }


# --- histories, writers, callers, the feed

CREATED = Event(7, "dispatch", None, "assigned", False, "command", None, NOON)
DEPART = replace(EVENT, verb="depart", before="signed", after="en_route", command="c2")


def ledger(*events: Event, state: str = "signed", **more: object) -> Ledger:
    found = Ledger({}, [CREATED, *events], {7: state}, {(7, "sign"): 1}, {}, [])
    return replace(found, **more)  # type: ignore[arg-type]


def test_a_history_leads_from_state_to_state() -> None:
    assert not list(checker.check_tasks(ledger(EVENT)))


@pytest.mark.parametrize(
    "found",
    [
        ledger(EVENT, EVENT),
        ledger(DEPART, state="en_route", audited={(7, "depart"): 1}),
        ledger(EVENT, state="en_route"),
        ledger(EVENT, audited={}),
        ledger(EVENT, audited={(7, "sign"): 2}),
        ledger(replace(EVENT, late=True), audited={}),
    ],
)
def test_a_history_that_doesnt_is_named(found: Ledger) -> None:
    assert "history" in kinds(checker.check_tasks(found))


def test_a_step_without_a_command_is_named() -> None:
    assert kinds(checker.check_tasks(ledger(replace(EVENT, command=None)))) == {"effect_unasked"}


TRIED: list[Line] = [["try", 1, [[11, "a"], [12, "b"]]], ["done", 1]]
ACCOUNTS = {11: "one", 12: "two"}


@pytest.mark.parametrize(
    ("lines", "written", "kind"),
    [
        (TRIED, {"a": "one", "b": "two"}, None),
        (TRIED[:1], {"a": "one", "b": "two"}, "unanswered"),
        (TRIED, {"a": "one"}, "write_lost"),
        (TRIED, {"a": "one", "b": "one"}, "write_lost"),
    ],
)
def test_a_writers_transactions_are_whole(
    lines: list[Line], written: dict[str, str], kind: str | None
) -> None:
    found = kinds(checker.check_writer("w", lines, written, ACCOUNTS))
    assert found == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("lines", "incidents", "kind"),
    [
        ([["reported", 1, 201, 5, 7]], {"x": (5, [7])}, None),
        ([["reported", 1, 201, 5, 7]], {}, "report"),
        ([["reported", 1, 201, 5, 7]], {"x": (5, [7, 8])}, "report"),
        ([["reported", 1, 422, None, None]], {"x": (5, [7])}, "report"),
        ([], {"x": (5, [7])}, "unanswered"),
    ],
)
def test_a_report_makes_one_incident(
    lines: list[Line], incidents: dict[str, tuple[int, list[int]]], kind: str | None
) -> None:
    given: list[Line] = [["report", 1, {"external_id": "x"}], *lines]
    found = kinds(checker.check_reports("caller", given, ledger(incidents=incidents)))
    assert found == ({kind} if kind else set())


def test_the_feed_has_no_holes() -> None:
    assert not list(checker.check_feed([1, 2, 3]))
    for numbers in ([1, 3], [1, 2, None]):
        assert kinds(checker.check_feed(numbers)) == {"feed"}


# --- journals


def test_a_cut_last_line_of_a_journal_is_dropped(tmp_path: object) -> None:
    """As a process leaves it that was killed while it wrote."""
    path = tmp_path / "j.jsonl"  # type: ignore[operator]
    first = Journal(path)
    first.append("open", 1, 0)
    with path.open("ab") as file:
        file.write(b'["messa')
    second = Journal(path)
    second.append("open", 2, 0)
    assert list(second.lines()) == [["open", 1, 0], ["open", 2, 0]]
