"""Folders that a private cluster can lie in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """Give an empty folder that the `postgres` user can reach, and remove it at the end.

    pytest's own temporary folders lie in one of mode 0700.
    """
    with tempfile.TemporaryDirectory(prefix="gridserver-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
