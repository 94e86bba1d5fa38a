"""Whether bytes from outside are what they were said to be.

It is found out in a process of its own: a decoder may be made to hang, to take all memory or to
crash.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from gis import killable
from gis.errors import ProcessError

#: Media type → what Pillow calls it.
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
#: A file of a few kilobytes may claim to be a picture of gigabytes.
MOST_PIXELS = 50_000_000
#: What the largest picture takes while it is decoded, with the libraries.
MEMORY_BYTES = 1 << 30
SECONDS = 30.0

WRONG_HASH = "attachment.wrong_hash"
WRONG_TYPE = "attachment.wrong_type"
TOO_MANY_PIXELS = "attachment.too_many_pixels"
UNDECODABLE = "attachment.undecodable"
REFUSALS = (WRONG_HASH, WRONG_TYPE, TOO_MANY_PIXELS, UNDECODABLE)


def examine(path: Path, sha256: str, media_type: str) -> str | None:
    """Return what is wrong with a file, as one of `REFUSALS`; None where nothing is.

    The hash is taken over the whole; the type is told by the bytes and by decoding them. The file
    is synced to the disk.
    """
    with path.open("rb") as file:
        os.fsync(file.fileno())
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            return WRONG_HASH
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # MOST_PIXELS decides
        return _decode(path, FORMATS[media_type])


def _decode(path: Path, expected: str) -> str | None:
    try:
        with Image.open(path, formats=tuple(FORMATS.values())) as image:
            if image.format != expected:
                return WRONG_TYPE
            if image.width * image.height > MOST_PIXELS:
                return TOO_MANY_PIXELS
            image.load()
    except UnidentifiedImageError:
        return WRONG_TYPE
    except Image.DecompressionBombError:
        return TOO_MANY_PIXELS
    except (OSError, SyntaxError, ValueError):  # which is what Pillow's plugins raise
        return UNDECODABLE
    return None


def examine_safely(path: Path, sha256: str, media_type: str) -> str | None:
    """Do what `examine` does in a process that can be killed; what crashes it, or takes too much
    memory, is refused as undecodable.

    Raises
    ------
    BusyError
        Too many processes are at work.
    ProcessError
        ``process.timeout``: which says more of the machine than of the content.
    """
    try:
        return killable.run(
            examine, path, sha256, media_type, seconds=SECONDS, memory_bytes=MEMORY_BYTES
        )
    except ProcessError as error:
        if error.code == "process.timeout":
            raise
        return UNDECODABLE
