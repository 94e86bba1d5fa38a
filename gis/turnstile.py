"""Letting so many through at once; the others stand in line, or are sent away where it is long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gis.errors import BusyError


class Turnstile:
    """Places for work that takes much of the machine.

    Parameters
    ----------
    places
        How many work at once.
    waiting
        How many more may stand in line.
    seconds
        How long each stands there at most.
    """

    def __init__(self, places: int, waiting: int, seconds: float) -> None:
        self._free = threading.BoundedSemaphore(places)
        self._most = places + waiting
        self._seconds = seconds
        self._here = 0
        self._lock = threading.Lock()

    @contextmanager
    def through(self) -> Iterator[None]:
        """Take a place for as long as the block lasts.

        Raises
        ------
        BusyError
            ``process.busy``: the line is full, or was too slow.
        """
        with self._counted():
            if not self._free.acquire(timeout=self._seconds):
                raise _busy()
            try:
                yield
            finally:
                self._free.release()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            if self._here >= self._most:
                raise _busy()
            self._here += 1
        try:
            yield
        finally:
            with self._lock:
                self._here -= 1


def _busy() -> BusyError:
    message = "Others' files and drafts are being worked on; try again in a minute."
    return BusyError("process.busy", message)
