"""The seals outside the database: a file that is only ever added to, a line for each seal, and for
each renewal of the key that signs them.

It is what a superuser of the database can't reach from there. Every worker keeps its own copy up to
date, so that several machines have several.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from gridserver.audit import signing
from gridserver.audit.keys import Filed, Renewal, read_renewal
from gridserver.audit.seals import NOTHING, Line, Seal, line_of, read_line
from gridserver.audit.signing import Signer
from gridserver.base.errors import Invalid

_MODE = 0o640
_BLOCK = 1 << 16

Read = TypeVar("Read", Line, Renewal)


class RootFile:
    """The file at `path`, which need not be there yet.

    Parameters
    ----------
    key : Path, optional
        The file of the key that signs what is added. It is read each time: it may be renewed.
    """

    def __init__(self, path: Path, key: Path | None = None) -> None:
        self.path = path
        self._key = key

    def last(self) -> Line | None:
        """Return the last seal that can be read."""
        try:
            with self.path.open("rb") as file:
                return _last(file, read_line)
        except FileNotFoundError:
            return None

    def extend(self, fresh: Callable[[Line | None], Iterable[Seal]]) -> int:
        """Add the seals that `fresh` gives for the last line, and return how many.

        They are on the disk when this returns. Nobody else adds meanwhile.
        """
        with self._alone() as file:
            lines = [line_of(seal) for seal in fresh(_last(file, read_line))]
            if not lines:
                return 0
            if self._key:
                signer = _signer(self._key, file)
                lines = [line.signed(signer.name, signer.sign(line.said)) for line in lines]
            _append(file, [line.text() for line in lines])
            return len(lines)

    def renew_key(
        self, at: dt.datetime, told: Callable[[Signer, Signer], None]
    ) -> tuple[Signer, Signer]:
        """Have a new key sign from now on, and return the former one and the new one.

        Between the seals a line stands by which the former vouches for the new. `told` is called
        with both before it is written. What is cut short after that is ended by the next who signs.

        Raises
        ------
        Invalid
            ``audit.bad_key``: there is none to be renewed, or no other can be put in its place.
        """
        if self._key is None:
            raise ValueError("nothing signs this file")
        with self._alone() as file:
            former = _signer(self._key, file)
            new = signing.next_signer(self._key)
            told(former, new)
            line = _last(file, read_line)
            renewal = Renewal(at, new.public, line.said if line else NOTHING)
            _append(file, [renewal.signed(former).text()])
            signing.replace(self._key)
        return former, new

    @contextmanager
    def _alone(self) -> Iterator[BinaryIO]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _MODE)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if is_new:
                signing.sync_folder(self.path.parent)
            yield file


def lines_until_now(path: Path) -> Callable[[], Iterator[Filed]]:
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

    def read() -> Iterator[Filed]:
        done = 0
        with path.open("rb") as file:
            while done < size and (text := file.readline()):
                done += len(text)
                said = text.decode(errors="replace").strip()
                if said:
                    yield read_line(said) or read_renewal(said) or said

    return read


def _signer(key: Path, file: BinaryIO) -> Signer:
    """Return the key that signs, once a renewal is ended that was cut short after its line."""
    if signing.has_next(key):
        named = _last(file, read_renewal)
        if named and named.public == signing.next_signer(key).public:
            signing.replace(key)
    return signing.signer(key)


def _append(file: BinaryIO, lines: list[str]) -> None:
    """Have lines on the disk behind what is there."""
    if not _ends_well(file):  # half a line, of a machine that lost its power
        lines = ["", *lines]
    file.seek(0, os.SEEK_END)
    file.write("".join(f"{line}\n" for line in lines).encode())
    file.flush()
    os.fsync(file.fileno())


def _last(file: BinaryIO, read: Callable[[str], Read | None]) -> Read | None:
    """Read from the end until a line can be read by `read`."""
    end = file.seek(0, os.SEEK_END)
    tail = b""
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        tail = file.read(end - start) + tail
        end = start
        whole = tail.split(b"\n") if start == 0 else tail.split(b"\n")[1:]
        for text in reversed(whole):
            if line := read(text.decode(errors="replace")):
                return line
    return None


def _ends_well(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return True
    file.seek(size - 1)
    return file.read(1) == b"\n"
