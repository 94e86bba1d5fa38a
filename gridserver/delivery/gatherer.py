"""Gathering what comes in numbers and storing it together: the greatest value of each key."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from gridserver.delivery.pump import Pump

Key = TypeVar("Key")


class Gatherer(Generic[Key]):
    """Takes values and stores many at once shortly after.

    What is lost with the process must do no harm.

    Parameters
    ----------
    name : str
        For logs.
    store : callable of (mapping)
        Stores the greatest value of each key, in a transaction of its own. What it couldn't store
        comes again.
    gather_s : float
        What comes within so many seconds is stored together.
    crashed : callable
        See `Pump`.
    """

    def __init__(
        self,
        name: str,
        store: Callable[[Mapping[Key, Any]], None],
        gather_s: float,
        crashed: Callable[[], None],
    ) -> None:
        self._store = store
        self._gather_s = gather_s
        self._lock = threading.Lock()
        self._pending: dict[Key, Any] = {}
        self._pump = Pump(name, self._step, every=5.0, crashed=crashed)
        self.start = self._pump.start

    def put(self, key: Key, value: Any) -> None:
        """Note a value; a smaller one than is noted changes nothing."""
        with self._lock:
            self._pending[key] = max(value, self._pending.get(key, value))
        self._pump.wake()

    def stop(self) -> None:
        """Store what is pending and stop."""
        self._pump.stop()
        self._flush()

    def _step(self) -> None:
        time.sleep(self._gather_s)
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            taken = dict(self._pending)
        if not taken:
            return
        self._store(taken)
        # Only what was stored is forgotten: a failed transaction is tried again.
        with self._lock:
            for key, value in taken.items():
                if self._pending.get(key) == value:
                    del self._pending[key]
