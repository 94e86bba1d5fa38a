"""The process's one LISTEN connection, made again whenever it is lost."""

from __future__ import annotations

import selectors
import threading
from collections.abc import Callable, Sequence
from contextlib import closing

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, connection
from sqlalchemy.engine import URL
from structlog import get_logger

log = get_logger()

#: A quiet connection is asked for a sign of life after so many seconds.
_QUIET = 5.0
#: How soon a stop is noticed.
_GLANCE = 0.5
_RETRY_AFTER = 1.0


class Listener:
    """Hears NOTIFY and passes it on.

    What is sent while nobody listens is gone (and after a backend was killed the first read may
    even look well), so every time it has begun to listen it calls `caught_up`, upon which the
    tables are to be read: LISTEN first, then sweep.

    Parameters
    ----------
    url : URL
        The database.
    channels : sequence of str
        What to listen to.
    heard : callable of (channel, payload)
        Called for each notification; must be quick.
    caught_up : callable
        Called after each LISTEN.
    """

    def __init__(
        self,
        url: URL,
        channels: Sequence[str],
        heard: Callable[[str, str], None],
        caught_up: Callable[[], None],
    ) -> None:
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._channels = channels
        self._heard = heard
        self._caught_up = caught_up
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Start to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop and wait for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with closing(self._connect()) as connection:
                    self._listen(connection)
            # Green psycopg2 raises its base DatabaseError where it would raise OperationalError.
            except psycopg2.Error as error:
                log.warning("listener.lost", error=str(error).strip())
                self._stopping.wait(_RETRY_AFTER)

    def _connect(self) -> connection:
        made = psycopg2.connect(
            self._dsn,
            connect_timeout=5,
            application_name="gridserver listener",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
        made.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        return made

    def _listen(self, connection: connection) -> None:
        self._execute(connection, "; ".join(f"LISTEN {name}" for name in self._channels))
        self._caught_up()
        quiet = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            while not self._stopping.is_set():
                if selector.select(_GLANCE):
                    quiet = 0.0
                    connection.poll()
                elif (quiet := quiet + _GLANCE) >= _QUIET:
                    quiet = 0.0
                    self._execute(connection, "SELECT 1")
                self._pass_on(connection)

    def _pass_on(self, connection: connection) -> None:
        heard, connection.notifies = connection.notifies, []
        for notification in heard:
            self._heard(notification.channel, notification.payload)

    @staticmethod
    def _execute(connection: connection, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)
