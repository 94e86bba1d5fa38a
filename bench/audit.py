"""What sealing costs those who write: the same writes with and without the sealer at work.

Writers commit transactions of one row of the ledger each: so many a second, of which is told what
one takes; and as fast as they can, which no county does, where the sealer's processor time is
missing to them. In turns a worker's sealer runs beside them, or doesn't. Printed are the medians of
the turns, their ratios, and how long the oldest row waited for its seal.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from sqlalchemy.engine import URL

from gridserver import schema, worker
from gridserver.audit import sealing, service
from gridserver.audit.rootfile import RootFile
from gridserver.base.db import Database
from gridserver.embedded import Cluster

_HIGHEST = sa.text("SELECT coalesce(max(id), 0) FROM audit_entry")
_WAITED = sa.text(
    "SELECT extract(epoch FROM max(s.at - e.at)) FROM audit_entry e"
    " JOIN audit_leaf l ON l.entry_id = e.id JOIN audit_seal s ON s.number = l.seal"
    " WHERE e.id > :after"
)
_UNSEALED = sa.text(
    "SELECT count(*) FROM audit_entry e"
    " WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.entry_id = e.id)"
)


@dataclass(frozen=True)
class Turn:
    """What was written: rows a second, and what a row took, in milliseconds."""

    rate: float
    p50: float
    p99: float


def write(url: URL, seconds: float, rate: float, done: multiprocessing.Queue[list[float]]) -> None:
    """Commit rows for so long, so many a second, and say what each took."""
    database = Database(url)
    began, took = time.monotonic(), list[float]()
    while (elapsed := time.monotonic() - began) < seconds:
        # A writer that fell behind doesn't make up for it.
        if elapsed * rate < len(took):
            time.sleep(len(took) / rate - elapsed)
        before = time.monotonic()
        with database.transaction() as session:
            service.record(session, None, "task:sign", subject_kind="task", subject_id=len(took))
        took.append(time.monotonic() - before)
    done.put(took)


@contextmanager
def sealer(url: URL, roots: Path, every: float) -> Iterator[None]:
    """Run a worker's sealer in a process of its own."""
    process = multiprocessing.Process(target=_seal, args=(url, roots, every))
    process.start()
    yield
    process.terminate()
    process.join()


def _seal(url: URL, roots: Path, every: float) -> None:
    worker.run_sealer(Database(url), RootFile(roots), threading.Event(), every)


def turn(url: URL, wanted: argparse.Namespace, rate: float) -> Turn:
    """Let the writers write, all of them together at a rate."""
    done: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    started = [
        multiprocessing.Process(target=write, args=(url, wanted.seconds, each, done))
        for each in [rate / wanted.writers] * wanted.writers
    ]
    for process in started:
        process.start()
    took = sorted(each * 1000 for _ in started for each in done.get())
    for process in started:
        process.join()
    return Turn(len(took) / wanted.seconds, median(took), took[int(len(took) * 0.99)])


def measure(
    url: URL, roots: Path, wanted: argparse.Namespace, rate: float
) -> Iterator[tuple[Turn, Turn, float]]:
    """Give what was written without and with the sealer, and the longest wait in seconds, by turns.

    `rate` is in rows a second; infinite for as fast as they can.
    """
    database = Database(url)
    for _ in range(wanted.turns):
        without = turn(url, wanted, rate)
        # What is left unsealed by then is no load of the next turn.
        sealing.seal_and_publish(database, sealing.Sealer(), RootFile(roots))
        after = asked(database, _HIGHEST)
        with sealer(url, roots, worker.SEAL_EVERY_S):
            beside = turn(url, wanted, rate)
            while asked(database, _UNSEALED):
                time.sleep(0.2)
        yield without, beside, asked(database, _WAITED, after=after)
    database.dispose()


def tell(turns: list[tuple[Turn, Turn, float]]) -> None:
    """Print the medians of the turns, their ratios and the longest wait of all."""
    say = sys.stdout.write
    say(f"  {'':16}{'without':>10}{'beside':>10}{'ratio':>8}\n")
    for name, unit in (("rate", "rows/s"), ("p50", "ms"), ("p99", "ms")):
        without, beside = (median(getattr(each[n], name) for each in turns) for n in (0, 1))
        say(f"  {name + ', ' + unit:16}{without:10,.1f}{beside:10,.1f}{beside / without:8.2f}\n")
    say(f"  longest wait for the seal {max(each[2] for each in turns):.1f} s of 60 s\n")


def asked(database: Database, query: sa.TextClause, **values: object) -> float:
    """Return a number that the database knows."""
    with database.transaction() as session:
        return float(session.scalar(query, values) or 0)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=25.0, help="of a turn")
    parser.add_argument("--rate", type=float, default=500.0, help="rows a second")
    parser.add_argument("--turns", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gridserver-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Cluster(folder).running() as url:
            engine = sa.create_engine(url)
            schema.upgrade(engine)
            engine.dispose()
            for rate in (wanted.rate, math.inf):
                pace = f"{rate:,.0f} rows/s" if rate < math.inf else "as fast as they can"
                sys.stdout.write(f"{wanted.writers} writers, {pace}: {wanted.turns} turns\n")
                tell(list(measure(url, folder / "roots.jsonl", wanted, rate)))


if __name__ == "__main__":
    main()
