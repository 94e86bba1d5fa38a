"""The bytes of a row that are sealed: RFC 8785 (JSON Canonicalization Scheme): pure."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import rfc8785

from gridserver.audit import merkle

#: Numbers that every reader of JSON takes alike (RFC 7493, section 2.2).
_SAFE = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger as it is sealed.

    Attributes
    ----------
    at : datetime
        In any zone.
    lon, lat : float or None
        EPSG:4326, degrees.
    data : str
        The text of the JSON object.
    """

    id: int
    at: dt.datetime
    tag: str
    actor_id: int | None
    actor: str | None
    device: str | None
    subject_kind: str
    subject_id: str
    purpose: str | None
    lon: float | None
    lat: float | None
    data: str


def document(row: Row) -> dict[str, Any]:
    """Return the row as a JSON object. Its `data` is an object too, or the text of one that holds
    a number which JSON's readers don't agree on: only a hand writes such a row."""
    return _document(row, _data(row.data))


def encode(row: Row) -> bytes:
    """Return the canonical bytes of a row. There are some for whatever the table can hold."""
    try:
        return rfc8785.dumps(document(row))
    except (ValueError, RecursionError):
        return rfc8785.dumps(_document(row, row.data))


def leaf(row: Row) -> bytes:
    """Return the hash by which a row stands in its batch's tree."""
    return merkle.leaf_hash(encode(row))


def moment(at: dt.datetime) -> str:
    """Return a moment in UTC with six digits of the second: one text for each."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _document(row: Row, data: object) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": moment(row.at),
        "tag": row.tag,
        "actor_id": row.actor_id,
        "actor": row.actor,
        "device": row.device,
        "subject_kind": row.subject_kind,
        "subject_id": row.subject_id,
        "purpose": row.purpose,
        "lon": row.lon,
        "lat": row.lat,
        "data": data,
    }


def _data(text: str) -> object:
    try:
        return json.loads(text, parse_int=_whole, parse_float=_real)
    except (ValueError, RecursionError):
        return text


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) > _SAFE:
        raise ValueError(f"{text} is no number for every reader")
    return number


def _real(text: str) -> float:
    number = float(text)
    # 0.1 is what a double prints; 0.1000000000000000001 would be read as the same.
    if Decimal(text) != Decimal(repr(number)):
        raise ValueError(f"{text} is no double")
    return number
