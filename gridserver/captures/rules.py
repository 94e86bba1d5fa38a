"""What a capture says, who decides on it, and its life: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from gis.locator import LARGEST_ACCURACY_M
from gridserver.attachments.rules import read_hashes
from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.base.lifecycle import Lifecycle

Kind = Literal["place", "premises", "hazard", "address_correction"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Becomes a task for whom it concerns, and waits for nobody's decision.
HAZARD: Kind = "hazard"

#: kind → the permission to decide on it.
DECIDED_BY: Mapping[str, str] = {
    "place": "capture.map",
    "address_correction": "capture.map",
    "premises": "capture.premises",
}

#: `dispatch` is the server's own, in the transaction that takes the capture.
CAPTURE = Lifecycle(
    states=("proposed", "accepted", "declined", "became_task"),
    transitions={
        ("proposed", "accept"): "accepted",
        ("proposed", "decline"): "declined",
        ("proposed", "dispatch"): "became_task",
    },
)

_LONGEST_TEXT = 2000
_LONGEST_NAME = 200
_FIELDS = frozenset({"kind", "text", "name", "lon", "lat", "accuracy_m", "photos"})


@dataclass(frozen=True)
class Said:
    """What an officer captured.

    Attributes
    ----------
    kind
        One of `KINDS`.
    text
        What there is to say.
    name
        Of the place or the premises; of an address correction the right address.
    lon, lat
        EPSG:4326, degrees.
    accuracy_m
        Radius of the circle that holds the true place.
    photos
        SHA-256 of each; their bytes may come later.
    """

    kind: Kind
    text: str
    name: str | None
    lon: float
    lat: float
    accuracy_m: float | None
    photos: tuple[str, ...]


def read_capture(data: Mapping[str, Any]) -> Said:
    """Read what the verb ``capture`` carries.

    Raises
    ------
    Invalid
        ``capture.bad_kind``, ``capture.unknown_field``, ``attachment.*``, ``input.*``: names the
        field as ``data.<field>``.
    """
    if unknown := sorted(data.keys() - _FIELDS):
        name = f"data.{unknown[0] if unknown[0].isprintable() else ascii(unknown[0])}"[:200]
        raise Invalid("capture.unknown_field", f"{name}: a capture has no such field.", field=name)
    return Said(
        kind=_kind(data.get("kind")),
        text=reading.text(data.get("text"), "data.text", longest=_LONGEST_TEXT),
        name=reading.optional_text(data.get("name"), "data.name", longest=_LONGEST_NAME),
        lon=reading.number(data.get("lon"), "data.lon", least=-180.0, most=180.0),
        lat=reading.number(data.get("lat"), "data.lat", least=-90.0, most=90.0),
        accuracy_m=reading.optional_number(
            data.get("accuracy_m"), "data.accuracy_m", least=0.0, most=LARGEST_ACCURACY_M
        ),
        photos=read_hashes(data.get("photos"), "data.photos"),
    )


def read_reason(value: object) -> str:
    """Return why a capture is declined. Raises `Invalid`."""
    return reading.text(value, "reason", longest=_LONGEST_TEXT)


def _kind(value: object) -> Kind:
    for kind in KINDS:
        if value == kind:
            return kind
    raise Invalid(
        "capture.bad_kind", f"data.kind: give one of {', '.join(KINDS)}.", field="data.kind"
    )
