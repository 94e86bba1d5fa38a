"""What a bulletin may say, on what ground, for whom and how long: pure.

The lists are closed. There is no kind for "any other" and none for watching somebody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridserver.attachments.rules import read_hashes
from gridserver.base import periods, reading
from gridserver.base.errors import Invalid
from gridserver.bulletins.wording import words_of_arrest

KINDS = (
    "missing_person",
    "person_at_risk",
    "warrant",
    "protection_order",
    "escaped_custody",
    "officer_safety",
)
ROLES = ("missing", "wanted", "protected", "witness")
#: kind → whom it may be about, the usual one first.
ROLES_OF: Mapping[str, tuple[str, ...]] = {
    "missing_person": ("missing",),
    "person_at_risk": ("protected", "missing", "witness"),
    "warrant": ("wanted",),
    "protection_order": ("protected",),
    "escaped_custody": ("wanted",),
    "officer_safety": ("wanted", "witness"),
}
#: kind → the instruments that it may stand on, the usual one first.
BASES_OF: Mapping[str, tuple[str, ...]] = {
    "missing_person": ("report",),
    "person_at_risk": ("report",),
    "warrant": ("arrest_warrant", "detention_warrant", "wanted_order"),
    "protection_order": ("protection_order",),
    "escaped_custody": ("escape_notice", "arrest_warrant", "detention_warrant"),
    "officer_safety": ("case_decision", "arrest_warrant", "detention_warrant"),
}
#: About whom words of arrest may be used.
ARRESTABLE = frozenset({"wanted"})
#: What may go out before it is approved.
URGENT_KIND = "missing_person"

#: How long an urgent one lives without its second person.
APPROVED_WITHIN = dt.timedelta(minutes=30)
#: When an issuer has to say again that it holds, unless the installation asks for it sooner.
VALIDATED_WITHIN = periods.MONTH
#: How long a draft waits for its second person, and how long after its end what a bulletin said is
#: kept, for complaints and for the court, unless the installation sets another time.
DRAFT_KEPT = dt.timedelta(hours=72)
KEPT = periods.MONTH
_HOUR = dt.timedelta(hours=1)
#: kind → the most hours before it is renewed.
LONGEST_H: Mapping[str, int] = dict.fromkeys(KINDS, 30 * 24) | {"missing_person": 72}

_LONGEST = {"fact": 1000, "opinion": 500, "to_do": 500, "not_to_do": 500, "last_seen_place": 200}
_LONGEST_NAME = 200
LONGEST_REASON = 500
_MOST_NAMED = 1_000
_MOST_PHOTOS = 3


@dataclass(frozen=True)
class Basis:
    """The instrument that a bulletin stands on: its type, number, issuing authority and date."""

    type: str
    number: str
    authority: str
    date: dt.date


@dataclass(frozen=True)
class Area:
    """Who needs to know: cells or units by their codes, or the whole bureau with the reason."""

    cells: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    whole: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Contents:
    """The personal data, all there is of it. What is known and what is thought are apart."""

    fact: str
    opinion: str | None
    last_seen_at: dt.datetime | None
    last_seen_place: str | None
    to_do: str
    not_to_do: str
    photos: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A bulletin as it is written."""

    kind: str
    role: str
    basis: Basis
    area: Area
    lasts_h: int
    contents: Contents
    is_urgent: bool = False


def read_draft(said: Mapping[str, Any], now: dt.datetime) -> Draft:
    """Read a bulletin.

    Parameters
    ----------
    said
        ``kind, role?, basis, area, lasts_h, contents, urgent?``, as the API has them.

    Raises
    ------
    Invalid
        ``bulletin.unknown_word``, ``bulletin.basis``, ``bulletin.area``, ``bulletin.expiry``,
        ``bulletin.urgent``, ``bulletin.words_of_arrest`` with `word`, ``attachment.*``,
        ``input.*``: each names the field and the remedy.
    """
    kind = _word(said.get("kind"), "kind", KINDS)
    role = _word(said.get("role") or ROLES_OF[kind][0], "role", ROLES_OF[kind])
    contents = _contents(_part(said, "contents"), now)
    _check_words(role, contents)
    is_urgent = bool(said.get("urgent", False))
    if is_urgent and kind != URGENT_KIND:
        raise Invalid(
            "bulletin.urgent",
            "urgent: only for a missing person; have another person approve this one first.",
            field="urgent",
        )
    return Draft(
        kind=kind,
        role=role,
        basis=_basis(kind, _part(said, "basis"), now),
        area=_area(_part(said, "area")),
        lasts_h=read_hours(kind, said.get("lasts_h")),
        contents=contents,
        is_urgent=is_urgent,
    )


def read_hours(kind: str, value: object) -> int:
    """Return after how many hours a bulletin of a kind ends. Raises `Invalid`:
    ``bulletin.expiry``."""
    longest = LONGEST_H[kind]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= longest:
        raise Invalid(
            "bulletin.expiry",
            f"lasts_h: say after how many hours it ends, 1 to {longest}; it can be renewed.",
            field="lasts_h",
            longest=longest,
        )
    return value


def expiry(lasts_h: int, runs_from: dt.datetime) -> dt.datetime:
    """Return when a bulletin ends that runs from a moment."""
    return runs_from + lasts_h * _HOUR


def _part(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = said.get(name)
    if not isinstance(part, Mapping):
        raise Invalid(f"bulletin.{name}", f"{name}: this is missing.", field=name)
    return part


def _word(value: object, field: str, words: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise Invalid(
            "bulletin.unknown_word", f"{field}: give one of {', '.join(words)}.", field=field
        )
    return value


def _basis(kind: str, said: Mapping[str, Any], now: dt.datetime) -> Basis:
    known = BASES_OF[kind]
    if said.get("type") not in known:
        raise Invalid(
            "bulletin.basis",
            f"basis.type: a bulletin of this kind stands on one of {', '.join(known)}.",
            field="basis.type",
        )
    texts = {}
    for name in ("number", "authority"):
        field = f"basis.{name}"
        if not said.get(name):
            raise Invalid("bulletin.basis", f"{field}: copy it from the instrument.", field=field)
        texts[name] = reading.text(said[name], field, longest=_LONGEST_NAME)
    date = said.get("date")
    # A day ahead of UTC it may already be, nowhere more.
    if not isinstance(date, dt.date) or date > (now + dt.timedelta(days=1)).date():
        raise Invalid(
            "bulletin.basis",
            "basis.date: give the date of the instrument, today at the latest.",
            field="basis.date",
        )
    return Basis(said["type"], texts["number"], texts["authority"], date)


def _area(said: Mapping[str, Any]) -> Area:
    cells, units = _codes(said, "cells"), _codes(said, "units")
    whole = bool(said.get("whole", False))
    if whole == bool(cells or units):
        raise Invalid(
            "bulletin.area",
            "area: name the cells or units that need to know, or the whole bureau with a reason.",
            field="area",
        )
    if not whole:
        return Area(cells, units)
    if not said.get("reason"):
        raise Invalid(
            "bulletin.area",
            "area.reason: say why the whole bureau needs to know.",
            field="area.reason",
        )
    reason = reading.text(said["reason"], "area.reason", longest=LONGEST_REASON)
    return Area(whole=True, reason=reason)


def _codes(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given = said.get(name) or ()
    if len(given) > _MOST_NAMED:
        raise Invalid(
            "bulletin.area", f"area.{name}: name {_MOST_NAMED} at most.", field=f"area.{name}"
        )
    codes = (reading.text(code, f"area.{name}", longest=_LONGEST_NAME) for code in given)
    return tuple(dict.fromkeys(codes))


def _contents(said: Mapping[str, Any], now: dt.datetime) -> Contents:
    def text(name: str) -> str:
        return reading.text(said.get(name), f"contents.{name}", longest=_LONGEST[name])

    def optional(name: str) -> str | None:
        return reading.optional_text(said.get(name), f"contents.{name}", longest=_LONGEST[name])

    seen_at = reading.optional_moment(said.get("last_seen_at"), "contents.last_seen_at")
    if seen_at is not None and seen_at > now:
        raise Invalid(
            "bulletin.last_seen",
            "contents.last_seen_at: give a moment that has passed.",
            field="contents.last_seen_at",
        )
    photos = read_hashes(said.get("photos"), "contents.photos")
    if len(photos) > _MOST_PHOTOS:
        raise Invalid(
            "bulletin.photos",
            f"contents.photos: {_MOST_PHOTOS} at most.",
            field="contents.photos",
        )
    return Contents(
        fact=text("fact"),
        opinion=optional("opinion"),
        last_seen_at=seen_at,
        last_seen_place=optional("last_seen_place"),
        to_do=text("to_do"),
        not_to_do=text("not_to_do"),
        photos=photos,
    )


def _check_words(role: str, contents: Contents) -> None:
    if role in ARRESTABLE:
        return
    for name in ("fact", "opinion", "to_do", "last_seen_place"):
        if word := words_of_arrest([getattr(contents, name)]):
            field = f"contents.{name}"
            raise Invalid(
                "bulletin.words_of_arrest",
                f"{field}: {word!r} is a word of arrest, and this person is {role}, not wanted. "
                "Say how to help or whom to call.",
                field=field,
                word=word,
            )
