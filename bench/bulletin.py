"""A missing child on thousands of terminals, against a bare broadcast of Node's socket.io.

Ours: a command room sends an urgent bulletin at once (`bulletins.service.write`): the draft is
checked, the officers of its area are found, each gets the bulletin's number and version, the ledger
its row; two real web processes send it. The floor: one bare `emit` to as many, no database, no
recipients, no ledger. All hold their connections during the whole run and take turns; the times are
medians, from the order until the last terminal has the message.

Then, ours alone, what the broadcast sets off: every officer's terminal asks for the contents, each
with its row in the ledger before they are served, over so many connections at once; beside it as
many plain looks at the own session.

    python bench/bulletin.py [--terminals N] [--turns T] [--connections C]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import requests
import sqlalchemy as sa
from rich.console import Console
from rig.contest import floor, installation, raise_limits, take_turns, web_processes
from rig.processes import Server

from gridserver.access import queries as access
from gridserver.access.rules import Principal
from gridserver.base.clock import local_now
from gridserver.base.db import Database
from gridserver.bulletins import service

#: Who writes it: the room of the bureau, which has everyone's terminals below it.
_ROOM = sa.text(
    """
    WITH made AS (
        INSERT INTO account (username, display_name, password_hash, created_at)
        VALUES ('room', 'room', '!', now()) RETURNING id
    )
    INSERT INTO role_grant (account_id, role, unit_id)
    SELECT made.id, 'command', unit.id FROM made, unit RETURNING account_id
    """
)

say = Console(highlight=False).print


def draft(database: Database) -> dict[str, object]:
    """Return a missing child's bulletin as a form has it."""
    with database.transaction() as session:
        today = local_now(session).date()
    return {
        "kind": "missing_person",
        "urgent": True,
        "basis": {"type": "report", "number": "1", "authority": "bench", "date": today},
        "area": {"whole": True, "reason": "一名儿童走失"},
        "lasts_h": 24,
        "contents": {
            "fact": "一名九岁女孩",
            "to_do": "联系值班室",
            "not_to_do": "不要单独留下孩子",
        },
    }


def send(database: Database, actor: Principal, said: dict[str, object]) -> float:
    """Send it at once; return the moment of the order."""
    ordered = time.monotonic()
    with database.transaction() as session:
        service.write(session, actor, "1", said)
    return ordered


def ask_all(
    servers: Sequence[Server], tokens: list[str], method: str, path: str, connections: int
) -> float:
    """Have every terminal ask once; return the seconds until the last is answered."""

    def ask(worker: int) -> None:
        with requests.Session() as session:
            for token in tokens[worker::connections]:
                url = servers[worker % len(servers)].url + path
                headers = {"Authorization": f"Bearer {token}"}
                session.request(
                    method, url, json={}, headers=headers, timeout=60
                ).raise_for_status()

    began = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(ask, range(connections)))
    return time.monotonic() - began


def contents(
    database: Database, servers: Sequence[Server], tokens: list[str], connections: int
) -> None:
    """Print what it takes until every terminal has the contents, and the plain looks beside it."""
    with database.transaction() as session:
        number = session.scalar(sa.text("SELECT max(id) FROM bulletin"))
    count = sa.text("SELECT count(*) FROM audit_entry WHERE tag = 'bulletin:fetch'")
    plain = ask_all(servers, tokens, "GET", "/api/v1/sessions/current", connections)
    fetched = ask_all(servers, tokens, "PUT", f"/api/v1/bulletins/{number}/copy", connections)
    with database.transaction() as session:
        rows = session.scalar(count)
    say(f"\n{len(tokens)} terminals ask, {connections} at a time: s until the last is answered")
    say(f"  own session {plain:6.1f} · contents {fetched:6.1f} · ratio {fetched / plain:.2f}")
    say(f"  rows in the ledger: {rows} for {len(tokens)} copies")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--terminals", type=int, default=5_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    raise_limits()
    tokens = [str(n) for n in range(1, options.terminals + 1)]
    with ExitStack() as stack:
        database, _, folder = stack.enter_context(installation(options.terminals))
        with database.transaction() as session:
            room = access.principal_of(session, session.scalar(_ROOM))
        said = draft(database)
        ours = web_processes(
            "a bulletin", database, folder, tokens, lambda: send(database, room, said), stack
        )
        bare = floor(1, tokens, stack)
        for contender in (ours, bare):
            contender.connect()
        mine, theirs = take_turns([ours, bare], options.turns)
        say(f"to all {ours.size} terminals: medians of {options.turns} turns, ", end="")
        say(f"load {os.getloadavg()[0]:.1f}, s from the order until the last has it")
        ratio = mine.from_order / theirs.from_order
        say(f"  bare emit {theirs.from_order:6.3f} · bulletin {mine.from_order:6.3f}", end="")
        say(f" · ratio {ratio:.2f}")
        contents(database, ours.servers, tokens, options.connections)


if __name__ == "__main__":
    main()
