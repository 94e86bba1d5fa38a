"""Who may change the machine's network interfaces while others rely on them.

Chromium gives up every request under way (ERR_NETWORK_CHANGED) when an interface comes or goes, a
network namespace's too. So a browser test holds them still while it runs, and a test that cuts
networks has them for itself.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = Path(tempfile.gettempdir()) / f"gridserver-tests-{os.geteuid()}.interfaces"


@contextmanager
def left_alone() -> Iterator[None]:
    """Nobody changes an interface meanwhile. Any number of tests may rely on it."""
    with _held(fcntl.LOCK_SH):
        yield


@contextmanager
def changing() -> Iterator[None]:
    """No browser relies on the interfaces meanwhile."""
    with _held(fcntl.LOCK_EX):
        yield


@contextmanager
def _held(kind: int) -> Iterator[None]:
    with _LOCK.open("a") as lock:
        fcntl.flock(lock, kind)
        yield
