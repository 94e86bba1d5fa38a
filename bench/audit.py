"""What sealing costs those who write: the same writes with and without the sealer at work.

Writers commit transactions of one row of the ledger each, as fast as they can, which no county
does. In turns a worker's sealer runs beside them, or doesn't. Printed are the medians, their ratio,
and how long the oldest row waited for its seal.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


def write(url: URL, seconds: float, done: multiprocessing.Queue[int]) -> None:
    """Commit rows for so long, and say how many."""
    database = Database(url)
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        with database.transaction() as session:
            service.record(session, None, "task:sign", subject_kind="task", subject_id=count)
        count += 1
    done.put(count)


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


def turn(url: URL, writers: int, seconds: float) -> float:
    """Return rows a second."""
    done: multiprocessing.Queue[int] = multiprocessing.Queue()
    started = [
        multiprocessing.Process(target=write, args=(url, seconds, done)) for _ in range(writers)
    ]
    for process in started:
        process.start()
    counted = sum(done.get() for _ in started)
    for process in started:
        process.join()
    return counted / seconds


def measure(url: URL, roots: Path, wanted: argparse.Namespace) -> Iterator[tuple[float, ...]]:
    """Give rows a second without and with the sealer, and the longest wait in seconds, by turns."""
    database = Database(url)
    for _ in range(wanted.turns):
        without = turn(url, wanted.writers, wanted.seconds)
        # What is left unsealed by then is no load of the next turn.
        sealing.seal_and_publish(database, sealing.Sealer(), RootFile(roots))
        after = asked(database, _HIGHEST)
        with sealer(url, roots, worker.SEAL_EVERY_S):
            beside = turn(url, wanted.writers, wanted.seconds)
            while asked(database, _UNSEALED):
                time.sleep(0.2)
        yield without, beside, asked(database, _WAITED, after=after)
    database.dispose()


def asked(database: Database, query: sa.TextClause, **values: object) -> float:
    """Return a number that the database knows."""
    with database.transaction() as session:
        return float(session.scalar(query, values) or 0)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=25.0, help="of a turn")
    parser.add_argument("--turns", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gridserver-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Cluster(folder).running() as url:
            engine = sa.create_engine(url)
            schema.upgrade(engine)
            engine.dispose()
            turns = list(measure(url, folder / "roots.jsonl", wanted))
    without, beside = (median(each[n] for each in turns) for n in (0, 1))
    say = sys.stdout.write
    say(f"{wanted.writers} writers, a row a transaction, medians of {wanted.turns} turns\n")
    say(f"  without the sealer         {without:8,.0f} rows/s\n")
    say(f"  with it at work            {beside:8,.0f} rows/s   ratio {beside / without:.2f}\n")
    say(f"  longest wait for the seal  {max(each[2] for each in turns):8.1f} s        of 60 s\n")


if __name__ == "__main__":
    main()
