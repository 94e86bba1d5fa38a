"""A journal: what a simulated device or caller has written down, line by line, before it went on.

Each line is a JSON array whose first item says what kind it is. A line is handed to the kernel by
one write before its effect is shown to anybody, so a killed process loses nothing that it has told
of; a last line that was cut is dropped when the journal is opened again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Line = list[Any]


class Journal:
    """Opens the journal at `path`, mends a cut last line, and appends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        _drop_cut_line(self._handle)

    def lines(self) -> Iterator[Line]:
        """Read what was written so far."""
        return read(self.path)

    def append(self, *line: Any) -> None:
        """Write a line down."""
        os.write(self._handle, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        os.close(self._handle)


def read(path: Path) -> Iterator[Line]:
    """Read a journal's whole lines."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _drop_cut_line(handle: int) -> None:
    size = os.lseek(handle, 0, os.SEEK_END)
    tail = min(size, 1 << 20)
    written = os.pread(handle, tail, size - tail)
    if written and not written.endswith(b"\n"):
        os.ftruncate(handle, size - tail + written.rfind(b"\n") + 1)
