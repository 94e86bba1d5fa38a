"""Threads for work that may hang on somebody else's machine, so that nothing else waits for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy.exc import OperationalError
from structlog import get_logger

log = get_logger()


class Crew:
    """Up to `size` pieces of work at once, each in a thread.

    Parameters
    ----------
    name : str
        For the log, and of the threads.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._working: set[Future[None]] = set()

    @property
    def free(self) -> int:
        """How many pieces could be begun now."""
        self._working = {future for future in self._working if not future.done()}
        return self._size - len(self._working)

    def begin(self, work: Callable[..., None], *arguments: Any) -> None:
        """Begin a piece of work, without waiting. What it raises is logged."""
        future = self._pool.submit(work, *arguments)
        future.add_done_callback(self._report)
        self._working.add(future)

    def close(self) -> None:
        """Wait for what was begun, and end the threads."""
        self._pool.shutdown()

    def _report(self, future: Future[None]) -> None:
        error = future.exception()
        if isinstance(error, OperationalError):
            log.warning(f"{self._name}.database_down", error=str(error.orig).strip())
        elif error is not None:
            log.error(f"{self._name}.failed", exc_info=error)
