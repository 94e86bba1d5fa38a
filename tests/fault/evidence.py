"""What the checker judges by: the database's rows by plain SQL, and the journals' lines.

None of the server's code takes part.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import psycopg2

from tests.fault.journal import Line, read


@dataclass(frozen=True)
class Row:
    """A message as the database has it: past its end it is a tombstone, or will be one."""

    seq: int
    id: str
    type: str
    data: dict[str, Any]
    expires_at: dt.datetime | None = None


@dataclass
class Inbox:
    """An account's messages in the order of their numbers, and its highest receipt."""

    head: int = 0
    receipt: int = 0
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """What a command was answered: 200 or a refusal's status."""

    status: int | None
    body: dict[str, Any] | None


@dataclass(frozen=True)
class Event:
    """An entry of a task's history."""

    task: int
    verb: str
    before: str | None
    after: str
    late: bool
    actor: str | None
    command: str | None
    occurred_at: dt.datetime
    #: What the server took the actor's clock to be behind by, in seconds.
    clock_offset_s: float | None = None


@dataclass
class Ledger:
    """The database, but for the inboxes, which are read one by one."""

    #: (username, command id) → what it was answered
    results: dict[tuple[str, str], Result]
    #: In the order in which they were written.
    events: list[Event]
    #: task → its present state
    states: dict[int, str]
    #: (task, verb) → entries of the audit ledger
    audited: dict[tuple[int, str], int]
    #: external id → (incident, its tasks)
    incidents: dict[str, tuple[int, list[int]]]
    #: The feed's numbers, None where an entry has none.
    feed: list[int | None]


class Database:
    """Reads a database for evidence."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url.replace("+psycopg2", ""))
        self._connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        # Names of accounts once; every other query speaks of them by name.
        self.names = dict(self._all("SELECT id, username FROM account"))

    def close(self) -> None:
        self._connection.close()

    def inboxes(self) -> Iterator[tuple[str, Inbox]]:
        """Give every account's inbox; those without a message, too."""
        heads = dict(self._all("SELECT recipient, seq FROM inbox_head"))
        receipts = dict(self._all("SELECT recipient, max(seq) FROM inbox_receipt GROUP BY 1"))
        rows = self._each(
            "SELECT recipient, seq, id::text, type, data, expires_at "
            "FROM inbox_message ORDER BY 1, 2"
        )
        left = set(self.names)
        for account, own in groupby(rows, key=itemgetter(0)):
            left.discard(account)
            found = [Row(*row[1:]) for row in own]
            yield self.names[account], Inbox(heads.get(account, 0), receipts.get(account, 0), found)
        for account in left:
            yield self.names[account], Inbox(heads.get(account, 0), receipts.get(account, 0))

    def ledger(self) -> Ledger:
        """Read the rest."""
        return Ledger(
            results={
                (self.names[account], id_): Result(status, body)
                for account, id_, status, body in self._each(
                    "SELECT account_id, command_id::text, status, body FROM command_result"
                )
            },
            events=[
                Event(*row)
                for row in self._each(
                    "SELECT task_id, verb, from_state, to_state, late, username, "
                    "command_id::text, occurred_at, clock_offset_s "
                    "FROM task_event LEFT JOIN account ON account.id = actor_account_id "
                    "ORDER BY task_event.id"
                )
            ],
            states=dict(self._all("SELECT id, state FROM task")),
            audited={
                (int(task), tag.removeprefix("task:")): count
                for task, tag, count in self._all(
                    "SELECT subject_id, tag, count(*) FROM audit_entry "
                    "WHERE subject_kind = 'task' GROUP BY 1, 2"
                )
            },
            incidents={
                external: (incident, tasks)
                for external, incident, tasks in self._all(
                    "SELECT external_id, i.id, array_remove(array_agg(t.id), NULL) "
                    "FROM incident i LEFT JOIN task t ON t.incident_id = i.id "
                    "GROUP BY external_id, i.id"
                )
            },
            feed=[row[0] for row in self._all("SELECT seq FROM feed_entry ORDER BY seq")],
        )

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def _each(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Give the rows one by one: there are too many to hold."""
        with closing(self._connection.cursor("evidence")) as cursor:
            cursor.itersize = 5_000
            cursor.execute(query)
            yield from cursor


def commands_of(lines: list[Line]) -> dict[str, dict[str, Any]]:
    """Return the commands that a journal's owner gave, by id."""
    return {line[2]["id"]: line[2] for line in lines if line[0] == "command"}


def answers_of(lines: list[Line]) -> dict[str, list[tuple[str, str | None, str]]]:
    """Return what the commands were answered, as (status, code, digest), by id."""
    answers: dict[str, list[tuple[str, str | None, str]]] = defaultdict(list)
    for line in lines:
        if line[0] == "answer":
            _, id_, _way, status, code, said = line
            answers[id_].append((status, code, said))
    return answers


def lines_of(path: Path) -> list[Line]:
    """Read a journal whole."""
    return list(read(path))
