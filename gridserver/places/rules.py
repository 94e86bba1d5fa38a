"""What an entry of the gazetteer says, and its life: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.base.lifecycle import Lifecycle

Kind = Literal["address", "village", "road", "key_place", "station", "post"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: As what an entry goes by a name.
Role = Literal["name", "alias", "address"]
ROLES: tuple[Role, ...] = get_args(Role)

#: How an entry was found by what was asked.
Matched = Literal["name", "alias", "pinyin", "initials", "fuzzy"]
MATCHED: tuple[Matched, ...] = get_args(Matched)

PLACE = Lifecycle(
    states=("valid", "retired"),
    transitions={("valid", "retire"): "retired", ("retired", "restore"): "valid"},
)

#: The source of what was entered by hand.
BY_HAND = "hand"

LONGEST_NAME = 200
LONGEST_ADDRESS = 300
MOST_ALIASES = 20
LONGEST_REASON = 500


@dataclass(frozen=True)
class Draft:
    """What there is to say of a place.

    Attributes
    ----------
    kind
        One of `KINDS`.
    name
        What it is called.
    aliases
        What else it is called.
    address
        The standard address, as far as the name isn't it.
    lon, lat
        Where to send somebody; EPSG:4326, degrees.
    """

    kind: Kind
    name: str
    aliases: tuple[str, ...]
    address: str | None
    lon: float
    lat: float


@dataclass(frozen=True)
class Entry:
    """A place as a source says it.

    Attributes
    ----------
    draft
        What it says.
    external_id
        What the source calls it.
    extent
        WKB of what it covers, EPSG:4326, valid; None where that isn't known.
    """

    draft: Draft
    external_id: str
    extent: bytes | None = None


def read_draft(said: Mapping[str, Any]) -> Draft:
    """Read a place as it was given.

    Raises
    ------
    Invalid
        ``place.bad_kind``, ``place.too_many_aliases``, ``input.*`` naming the field.
    """
    name = reading.text(said.get("name"), "name", longest=LONGEST_NAME)
    return Draft(
        kind=read_kind(said.get("kind")),
        name=name,
        aliases=_aliases(said.get("aliases") or (), name),
        address=reading.optional_text(said.get("address"), "address", longest=LONGEST_ADDRESS),
        lon=reading.number(said.get("lon"), "lon", least=-180.0, most=180.0),
        lat=reading.number(said.get("lat"), "lat", least=-90.0, most=90.0),
    )


def read_kind(value: object) -> Kind:
    """Return a kind. Raises `Invalid` ``place.bad_kind``."""
    for kind in KINDS:
        if value == kind:
            return kind
    raise Invalid("place.bad_kind", f"kind: give one of {', '.join(KINDS)}.", field="kind")


def read_reason(value: object) -> str:
    """Return why a place is retired. Raises `Invalid`."""
    return reading.text(value, "reason", longest=LONGEST_REASON)


def _aliases(said: Sequence[object], name: str) -> tuple[str, ...]:
    if len(said) > MOST_ALIASES:
        raise Invalid(
            "place.too_many_aliases", f"aliases: give up to {MOST_ALIASES}.", field="aliases"
        )
    read = [reading.text(alias, "aliases", longest=LONGEST_NAME) for alias in said]
    return tuple(alias for alias in dict.fromkeys(read) if alias != name)
