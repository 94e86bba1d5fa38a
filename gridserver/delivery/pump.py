"""A thread that does its step whenever it is woken, and every few seconds in any case.

Plain `threading`: in the web process gevent patches it into a greenlet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog import get_logger

log = get_logger()

#: How long to leave a database alone that didn't answer.
RETRY_AFTER = 1.0


class Pump:
    """Runs `step` in a thread of its own.

    Parameters
    ----------
    name : str
        For logs.
    step : callable
        Does what is due. A database that fails is asked again after `RETRY_AFTER`; any other
        error ends the thread.
    every : float
        Seconds after which `step` runs without being woken.
    crashed : callable
        Called where the thread ended by an error: a relay that stands still while its sockets
        stay open would lose messages silently, so the process should give up.
    """

    def __init__(
        self, name: str, step: Callable[[], None], every: float, crashed: Callable[[], None]
    ) -> None:
        self._name = name
        self._step = step
        self._every = every
        self._crashed = crashed
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Have the step run now; waking twice before it does is waking once."""
        self._bell.set()

    def stop(self) -> None:
        """Stop after the present step and wait for it."""
        self._stopping.set()
        self._bell.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._bell.wait(self._every)
                if self._stopping.is_set():
                    return
                self._bell.clear()
                self._try()
        finally:
            if not self._stopping.is_set():
                log.critical("pump.crashed", pump=self._name)
                self._crashed()

    def _try(self) -> None:
        try:
            self._step()
        except (DBAPIError, PoolTimeout) as error:
            log.warning("pump.database", pump=self._name, error=str(error).strip())
            self._stopping.wait(RETRY_AFTER)
            self._bell.set()
