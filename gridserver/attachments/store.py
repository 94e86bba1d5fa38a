"""Where the bytes lie: a folder of files named by their SHA-256, and one of uploads on their way.

``ab/ab12…`` is a content that was checked; ``pieces/7-1`` is the first attempt of upload 7;
``owner`` names the database whose files these are.

The rows say what counts: a file is made, grown or renamed before the row that says so is committed,
so that a crash at any moment leaves either something to go on from or a file that no row speaks of.
"""

from __future__ import annotations

import errno
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gridserver.base.errors import Unavailable

_PIECES = "pieces"
_PIECES_NAME = re.compile(r"(\d{1,18})-(\d{1,9})")
_CONTENT_NAME = re.compile(r"[0-9a-f]{64}")
_OWNER = "owner"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True)
class Upload:
    """Names the file of an attempt: the attachment's id and which attempt it is."""

    attachment_id: int
    attempt: int


class Store:
    """The files of an installation.

    Parameters
    ----------
    folder : Path
        A folder of its own, on one file system; made when needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def claim(self, owner: uuid.UUID) -> None:
        """Have the folder be the files of the database called `owner`, where it is nobody's yet."""
        if self._owner() is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _OWNER).write_text(str(owner), "ascii")

    def belongs_to(self, owner: uuid.UUID) -> bool:
        """Say whether the files are those of the database called `owner`. A process may be started
        with one installation's folder and another one's database."""
        return self._owner() == str(owner)

    def disown(self) -> None:
        """Have the folder be nobody's, until the next upload: another database takes it over."""
        (self._folder / _OWNER).unlink(missing_ok=True)

    def content(self, sha256: str) -> Path:
        """Return where a checked content lies, or would lie."""
        return self._folder / sha256[:2] / sha256

    def pieces(self, upload: Upload) -> Path:
        """Return where an upload on its way lies, or would lie."""
        return self._folder / _PIECES / f"{upload.attachment_id}-{upload.attempt}"

    def received(self, upload: Upload) -> int | None:
        """Return how many bytes of an upload are here; None where it has no file."""
        try:
            return self.pieces(upload).stat().st_size
        except FileNotFoundError:
            return None

    def write(self, upload: Upload, offset: int, piece: bytes) -> None:
        """Write a piece at `offset`, over whatever a crash left behind it.

        It isn't synced: after a power failure the check of the whole finds what is missing.

        Raises
        ------
        Unavailable
            ``attachment.disk_full``.
        """
        path = self.pieces(upload)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.touch(mode=0o600)
            with path.open("r+b") as file:
                file.truncate(offset)
                file.seek(offset)
                file.write(piece)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise Unavailable(
                "attachment.disk_full", "The disk for attachments is full. Try again later."
            ) from error

    def keep(self, upload: Upload, sha256: str) -> None:
        """Have an upload's file, checked and synced, be the content. Nothing is done where that
        was so already."""
        place = self.content(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        if self.received(upload) is not None:
            self.pieces(upload).replace(place)
            _sync_folder(place.parent)

    def discard(self, upload: Upload) -> None:
        """Forget an upload's file."""
        self.pieces(upload).unlink(missing_ok=True)

    def remove(self, sha256: str) -> None:
        """Forget a content."""
        self.content(sha256).unlink(missing_ok=True)

    def uploads(self) -> Iterator[Upload]:
        """Yield the uploads that have a file."""
        for name in _names(self._folder / _PIECES, _PIECES_NAME):
            attachment_id, attempt = name.split("-")
            yield Upload(int(attachment_id), int(attempt))

    def contents(self) -> Iterator[list[str]]:
        """Yield the hashes of the contents that have a file, a folder at a time."""
        for number in range(256):
            if names := _names(self._folder / f"{number:02x}", _CONTENT_NAME):
                yield names

    def _owner(self) -> str | None:
        try:
            return (self._folder / _OWNER).read_text("ascii") or None
        except FileNotFoundError:
            return None


def _names(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """Return the names in a folder that have the pattern: others are not ours to touch."""
    try:
        return sorted(entry.name for entry in os.scandir(folder) if pattern.fullmatch(entry.name))
    except FileNotFoundError:
        return []


def _sync_folder(folder: Path) -> None:
    """Have the renaming outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
