"""The worker: what happens by the clock and not by anybody's request. Any number may run.

Started as ``python -m gridserver.worker``, with the settings of the environment. Each round is a
transaction of its own that takes due rows with ``FOR UPDATE SKIP LOCKED``, so there is no leader
to lose: a killed worker's rows are taken by the next round of any other.

What depends on other agencies' machines has a thread and connections of its own: the chores never
wait for it. So has the sealing of the audit ledger, which is promised within a minute.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from structlog import get_logger

from gridserver.access import attempts, enrolling, tickets
from gridserver.alarms import heartbeat
from gridserver.attachments import sweep
from gridserver.attachments.store import Store
from gridserver.audit import retention as audit_retention
from gridserver.audit import sealing, signing
from gridserver.audit.rootfile import RootFile
from gridserver.base import logs
from gridserver.base.db import Database
from gridserver.base.keyring import Keyring
from gridserver.base.settings import Settings, from_environment
from gridserver.bulletins import clocks as bulletin_clocks
from gridserver.bulletins import purging as bulletin_purging
from gridserver.delivery import retention
from gridserver.dispatch import escalation, offers
from gridserver.exchange import puller
from gridserver.force import position_days, workdays
from gridserver.orders import counting, reminding
from gridserver.partners import courier

log = get_logger()

#: Seconds between two looks at the clock. A deadline is kept to within this.
INTERVAL_S = 1.0
#: Seconds between two seals of the audit ledger: a row waits no longer, and is in the file then.
SEAL_EVERY_S = 10.0
#: Seconds to wait when the database doesn't answer.
RETRY_S = 5.0
#: A connection for each thread of the exchange, and one to claim by.
_EXCHANGE_POOL = courier.SLOTS + puller.SLOTS + 1

#: How much one call does at most, so that no transaction holds many rows for long.
_BATCH = 100

Chore = Callable[[Session, int], int]
#: name → what to do: it takes the session and a limit, and returns how much it did.
CHORES: dict[str, Chore] = {
    "beat": heartbeat.beat,
    "escalate": escalation.escalate_due,
    "bulletin_ends": bulletin_clocks.end_due,
    "bulletin_latecomers": bulletin_clocks.tell_latecomers,
    "bulletin_sightings": bulletin_clocks.escalate_sightings,
    "order_deadlines": reminding.meet_deadlines,
    "order_receipts": counting.take_receipts,
    "order_progress": counting.count_progress,
}
#: The same, for what is done at the start and then once an hour.
HOURLY: dict[str, Chore] = {
    "calendar": workdays.fill_what_is_missing,
    "blank_expired": retention.blank_expired,
    "purge_bulletins": bulletin_purging.purge,
    "purge_inboxes": partial(retention.purge_inboxes, keepers=(offers.keep_receipts,)),
    "purge_results": retention.purge_results,
    "purge_feed": retention.purge_feed,
    "forget_uploads": sweep.forget_rows,
    "drop_positions": position_days.drop_old,
    "purge_attempts": attempts.purge,
    "purge_tickets": tickets.purge,
    "purge_device_codes": enrolling.purge,
}


def run(
    database: Database,
    stop: threading.Event,
    interval_s: float = INTERVAL_S,
    hourly: Mapping[str, Chore] = HOURLY,
) -> None:
    """Do the chores every `interval_s` until `stop` is set. An outage of the database is waited
    out."""
    done_in: dt.datetime | None = None

    def chores() -> None:
        nonlocal done_in
        hour = database.clock.now().replace(minute=0, second=0, microsecond=0)
        due = CHORES if done_in == hour else {**CHORES, **hourly}
        for name, chore in due.items():
            _finish(database, name, chore, stop)
        done_in = hour

    _repeat(chores, stop, interval_s)


def run_exchange(
    database: Database,
    keyring: Keyring,
    stop: threading.Event,
    interval_s: float = INTERVAL_S,
    *,
    trusts_links: bool = False,
) -> None:
    """Send letters and read views until `stop` is set; then end what was begun."""
    letters = courier.Courier(database, keyring, trusts_links=trusts_links)
    views = puller.Puller(database, keyring)

    def rounds() -> None:
        letters.round()
        views.round()

    try:
        _repeat(rounds, stop, interval_s)
    finally:
        letters.close()
        views.close()


def run_sealer(
    database: Database, file: RootFile, stop: threading.Event, interval_s: float = SEAL_EVERY_S
) -> None:
    """Seal the audit ledger every `interval_s` until `stop` is set."""
    sealer = sealing.Sealer()

    def seal() -> None:
        if rows := sealing.seal_and_publish(database, sealer, file):
            log.info("worker.sealed", rows=rows)

    _repeat(seal, stop, interval_s)


def hourly_chores(settings: Settings) -> dict[str, Chore]:
    """Return what is done once an hour, with what needs the installation's folders."""
    store = Store(settings.attachments)

    def remove_files(session: Session, limit: int) -> int:
        return sweep.remove_files(session, store, limit)

    purges: dict[str, Chore] = {
        f"purge_audit_{keep}": partial(audit_retention.purge, keep=keep, period=period)
        for keep, period in settings.audit_keep.items()
    }
    purges["purge_bulletins"] = partial(bulletin_purging.purge, kept=settings.bulletin_kept)
    return HOURLY | purges | {"remove_files": remove_files}


def _repeat(work: Callable[[], None], stop: threading.Event, interval_s: float) -> None:
    while not stop.is_set():
        try:
            work()
            pause = interval_s
        except OperationalError as error:
            log.warning("worker.database_down", error=str(error.orig).strip())
            pause = RETRY_S
        stop.wait(pause)


def _finish(database: Database, name: str, chore: Chore, stop: threading.Event) -> None:
    """Do a chore until nothing is left of it, and say in one line how much that was."""
    total, last = 0, _BATCH
    try:
        while last == _BATCH and not stop.is_set():
            with database.transaction() as session:
                last = chore(session, _BATCH)
            total += last
    finally:  # what was committed before an outage is told too
        if total:
            log.info(f"worker.{name}", done=total)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    settings = from_environment(os.environ)
    if settings.database_url is None:
        sys.exit("gridserver.worker: set GRIDSERVER_DATABASE_URL, or run `gridserver worker`.")
    logs.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = Database(settings.database_url, zone=settings.timezone, pool_size=1)
    others = [
        threading.Thread(target=_beside, args=(settings, stop, size, work), name=name)
        for name, size, work in (
            ("exchange", _EXCHANGE_POOL, partial(_exchange, settings)),
            ("sealer", 2, partial(_seal, settings)),
        )
    ]
    for thread in others:
        thread.start()
    try:
        run(database, stop, hourly=hourly_chores(settings))
    finally:
        stop.set()
        for thread in others:
            thread.join()
        database.dispose()


def _beside(
    settings: Settings,
    stop: threading.Event,
    pool_size: int,
    work: Callable[[Database, threading.Event], None],
) -> None:
    """Do a part of the worker's work with connections of its own."""
    database = Database(settings.database_url or "", zone=settings.timezone, pool_size=pool_size)
    try:
        work(database, stop)
    finally:
        database.dispose()
        stop.set()  # a worker that does a part of its work is started again as a whole


def _exchange(settings: Settings, database: Database, stop: threading.Event) -> None:
    run_exchange(database, settings.keyring, stop, trusts_links=settings.trusts_links)


def _seal(settings: Settings, database: Database, stop: threading.Event) -> None:
    signing.signer(settings.audit_key)  # a file that is no key is told now, not at the first seal
    run_sealer(database, RootFile(settings.audit_roots, settings.audit_key), stop)


if __name__ == "__main__":
    main()
