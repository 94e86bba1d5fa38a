"""Waking those who wait for their inbox without a socket (long poll)."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Doorbells:
    """A bell for each waiting request, found by account."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, set[threading.Event]] = defaultdict(set)
        #: The process is stopping: nobody should wait any longer.
        self.closed = False

    @contextmanager
    def bell(self, account_id: int) -> Iterator[threading.Event]:
        """Give a bell that rings when something came for the account.

        Take it before looking into the table, so that nothing falls between looking and waiting.
        """
        bell = threading.Event()
        with self._lock:
            self._waiting[account_id].add(bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._waiting[account_id].discard(bell)
                if not self._waiting[account_id]:
                    del self._waiting[account_id]

    def ring(self, account_ids: Collection[int] | None) -> None:
        """Ring for these accounts; None is all."""
        with self._lock:
            chosen = list(self._waiting) if account_ids is None else account_ids
            bells = [bell for account in chosen for bell in self._waiting.get(account, ())]
        for bell in bells:
            bell.set()

    def close(self) -> None:
        """Ring for everyone, for the last time."""
        self.closed = True
        self.ring(None)
