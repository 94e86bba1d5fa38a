"""The seals outside the database: a file that is only ever added to, one line a seal.

It is what a superuser of the database can't reach from there. Every worker keeps its own copy up to
date, so that several machines have several.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gridserver.audit.seals import Line, Seal, line_of, read_line
from gridserver.audit.signing import Signer
from gridserver.base.errors import Invalid

_MODE = 0o640
_BLOCK = 1 << 16


class RootFile:
    """The file at `path`, which need not be there yet."""

    def __init__(self, path: Path, signer: Signer | None = None) -> None:
        self.path = path
        self._signer = signer

    def last(self) -> Line | None:
        """Return the last line that can be read."""
        try:
            with self.path.open("rb") as file:
                return _last(file)
        except FileNotFoundError:
            return None

    def extend(self, fresh: Callable[[Line | None], Iterable[Seal]]) -> int:
        """Add the seals that `fresh` gives for the last line, and return how many.

        They are on the disk when this returns. Nobody else adds meanwhile.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone() as file:
            last = _last(file)
            lines = [self._sign(line_of(seal)).text() for seal in fresh(last)]
            if not lines:
                return 0
            if not _ends_well(file):  # half a line, of a machine that lost its power
                lines.insert(0, "")
            file.seek(0, os.SEEK_END)
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
            return len([line for line in lines if line])

    def _sign(self, line: Line) -> Line:
        if self._signer is None:
            return line
        return line.signed(self._signer.name, self._signer.sign(line.said))

    @contextmanager
    def _alone(self) -> Iterator[BinaryIO]:
        is_new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _MODE)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if is_new:
                _sync_folder(self.path.parent)
            yield file


def lines_until_now(path: Path) -> Callable[[], Iterator[Line | str]]:
    """Return a way to read the lines that the file has now; one that can't be read comes as text.

    What is sealed later isn't among them: a transaction begun after this call has all of them.
    Raises `Invalid` (``audit.no_root_file``) where the file can't be read.
    """
    try:
        size = path.stat().st_size
        path.open("rb").close()
    except OSError as error:
        raise Invalid(
            "audit.no_root_file", f"{path} can't be read: {error.strerror}.", field="root"
        ) from error

    def read() -> Iterator[Line | str]:
        done = 0
        with path.open("rb") as file:
            while done < size and (text := file.readline()):
                done += len(text)
                said = text.decode(errors="replace").strip()
                if said:
                    yield read_line(said) or said

    return read


def _last(file: BinaryIO) -> Line | None:
    """Read from the end until a line can be read."""
    end = file.seek(0, os.SEEK_END)
    tail = b""
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        tail = file.read(end - start) + tail
        end = start
        whole = tail.split(b"\n") if start == 0 else tail.split(b"\n")[1:]
        for text in reversed(whole):
            if line := read_line(text.decode(errors="replace")):
                return line
    return None


def _ends_well(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return True
    file.seek(size - 1)
    return file.read(1) == b"\n"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
