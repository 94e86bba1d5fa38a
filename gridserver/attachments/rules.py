"""What an attachment may be, and how its upload goes: pure.

Names as in the IETF's resumable uploads (draft-ietf-httpbis-resumable-upload) and tus 1.0: an
offset counts the bytes that the server has, and a piece is only taken at just that offset.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridserver.base import reading
from gridserver.base.errors import Conflict, Invalid
from gridserver.base.lifecycle import Lifecycle

LARGEST_BYTES = 10 << 20
#: A piece is small enough to get through a valley's signal in one go.
PIECE_BYTES = 256 << 10
#: How many attachments one report or capture may have.
MOST_OF_ONE = 12
#: How many uploads one account may have unfinished.
MOST_UNFINISHED = 100
#: What nobody finished, or nothing refers to, is kept so long.
KEPT = dt.timedelta(days=7)

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")
#: What an attachment may belong to.
SUBJECTS = ("task", "capture", "bulletin")

#: `restart` takes up again what was refused, from its first byte.
UPLOAD = Lifecycle(
    states=("uploading", "complete", "refused"),
    transitions={
        ("uploading", "receive"): "uploading",
        ("uploading", "restart"): "uploading",
        ("uploading", "accept"): "complete",
        ("uploading", "refuse"): "refused",
        ("refused", "restart"): "uploading",
    },
)

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Announcement:
    """What is going to be sent.

    Attributes
    ----------
    sha256
        Of the whole content, in lower-case hexadecimal.
    size
        Bytes.
    media_type
        One of `MEDIA_TYPES`.
    taken_at, lon, lat
        When and where (EPSG:4326) it was taken, as the device says.
    """

    sha256: str
    size: int
    media_type: str
    taken_at: dt.datetime | None = None
    lon: float | None = None
    lat: float | None = None


def read_announcement(fields: Mapping[str, Any]) -> Announcement:
    """Read the fields of ``POST /attachments``.

    Raises
    ------
    Invalid
        ``attachment.bad_hash``, ``attachment.size``, ``attachment.media_type``, ``input.*``: names
        the field.
    """
    lon, lat = fields.get("lon"), fields.get("lat")
    located = lon is not None or lat is not None
    return Announcement(
        sha256=read_sha256(fields.get("sha256"), "sha256"),
        size=_size(fields.get("size")),
        media_type=_media_type(fields.get("media_type")),
        taken_at=reading.optional_moment(fields.get("taken_at"), "taken_at"),
        lon=reading.number(lon, "lon", least=-180.0, most=180.0) if located else None,
        lat=reading.number(lat, "lat", least=-90.0, most=90.0) if located else None,
    )


def read_sha256(value: object, field: str) -> str:
    """Return a SHA-256 as given. Raises `Invalid` (``attachment.bad_hash``)."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise Invalid(
            "attachment.bad_hash",
            f"{field}: give a SHA-256 as 64 lower-case hexadecimal digits.",
            field=field,
        )
    return value


def read_hashes(value: object, field: str) -> tuple[str, ...]:
    """Return a list of up to `MOST_OF_ONE` attachments, each once, in the given order.

    Raises
    ------
    Invalid
        ``attachment.bad_list``, ``attachment.bad_hash``.
    """
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST_OF_ONE:
        raise Invalid(
            "attachment.bad_list",
            f"{field}: give a list of at most {MOST_OF_ONE} attachments.",
            field=field,
        )
    return tuple(dict.fromkeys(read_sha256(each, field) for each in value))


def require_fitting(present: int, size: int, offset: int, length: int) -> None:
    """Refuse a piece that doesn't begin where the last one ended, or is too long.

    Parameters
    ----------
    present, size
        How many bytes are here, of how many.
    offset, length
        Of the piece; a length of 0 asks for the check of what is all here.

    Raises
    ------
    Conflict
        ``attachment.wrong_offset``, with the present `offset` to go on from.
    Invalid
        ``attachment.piece_size``, ``attachment.beyond_size``.
    """
    if offset != present:
        raise Conflict(
            "attachment.wrong_offset",
            f"Upload-Offset: {present} bytes are here; go on from there.",
            field="Upload-Offset",
            offset=present,
        )
    if length > PIECE_BYTES:
        raise Invalid(
            "attachment.piece_size", f"A piece has at most {PIECE_BYTES} bytes.", field="body"
        )
    if present + length > size:
        raise Invalid(
            "attachment.beyond_size",
            f"More than the {size} bytes that were announced.",
            field="body",
        )


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_BYTES:
        raise Invalid(
            "attachment.size",
            f"size: give 1 to {LARGEST_BYTES} bytes; shrink a larger photo on the device.",
            field="size",
        )
    return value


def _media_type(value: object) -> str:
    if value not in MEDIA_TYPES:
        raise Invalid(
            "attachment.media_type",
            f"media_type: give one of {', '.join(MEDIA_TYPES)}.",
            field="media_type",
        )
    return str(value)
