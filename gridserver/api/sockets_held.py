"""How many sockets of this process one holder has open: an account, or an address."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable

from structlog import get_logger

from gridserver.access.rates import Rates

log = get_logger()


class Held:
    """Counts the open sockets of everybody, each by their key.

    Parameters
    ----------
    most : int
        How many one holder may have; 0: any.
    whose : str
        What a key is, as the log calls it.
    """

    def __init__(self, most: int, whose: str) -> None:
        self._most = most
        self._whose = whose
        self._open: Counter[Hashable] = Counter()
        self._lines = Rates(1)

    def __getitem__(self, key: Hashable) -> int:
        return self._open[key]

    def is_full(self, key: Hashable) -> bool:
        """Say whether a holder has as many as they may; of each a line in the log in a minute."""
        if not self._most or self._open[key] < self._most:
            return False
        if not self._lines.take(key, time.monotonic()):
            log.warning("socket.too_many", **{self._whose: key}, open=self._open[key])
        return True

    def add(self, key: Hashable) -> None:
        """Count one that was opened."""
        self._open[key] += 1

    def take_away(self, key: Hashable) -> None:
        """Count one less, since it was closed."""
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]
