"""What a bulletin may say, on what ground, for whom and how long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from gridserver.base.errors import Invalid
from gridserver.bulletins import rules
from gridserver.bulletins.lifecycle import BULLETIN, BY_CLOCK, ENDED, LIVE
from gridserver.bulletins.rules import read_draft
from gridserver.bulletins.wording import CHINESE, ENGLISH, words_of_arrest
from tests.conftest import MORNING
from tests.rooms.bulletining import BASIS, said


def with_contents(kind: str = "missing_person", **changes: Any) -> dict[str, Any]:
    whole = said(kind)
    return whole | {"contents": whole["contents"] | changes}


def with_basis(**changes: Any) -> dict[str, Any]:
    whole = said()
    return whole | {"basis": whole["basis"] | changes}


def test_the_list_of_kinds_is_closed() -> None:
    assert set(rules.KINDS) == {
        "missing_person",
        "person_at_risk",
        "warrant",
        "protection_order",
        "escaped_custody",
        "officer_safety",
    }
    for other in ("other", "watch", "", None, "MISSING_PERSON"):
        with pytest.raises(Invalid) as refusal:
            read_draft(said() | {"kind": other}, MORNING)
        assert (refusal.value.code, refusal.value.field) == ("bulletin.unknown_word", "kind")


@pytest.mark.parametrize("kind", rules.KINDS)
def test_each_kind_has_its_roles_its_instruments_and_its_longest_time(kind: str) -> None:
    draft = read_draft(said(kind), MORNING)
    assert draft.role == rules.ROLES_OF[kind][0]
    longest = 72 if kind == "missing_person" else 720
    assert read_draft(said(kind, lasts_h=longest), MORNING).lasts_h == longest
    with pytest.raises(Invalid, match=f"1 to {longest}") as refusal:
        read_draft(said(kind, lasts_h=longest + 1), MORNING)
    assert refusal.value.code == "bulletin.expiry"


REFUSED = {
    "no basis": (said() | {"basis": None}, "bulletin.basis", "basis"),
    "no number": (with_basis(number=None), "bulletin.basis", "basis.number"),
    "a blank number": (with_basis(number="  "), "input.length", "basis.number"),
    "no authority": (with_basis(authority=""), "bulletin.basis", "basis.authority"),
    "no date": (with_basis(date=None), "bulletin.basis", "basis.date"),
    "a date to come": (with_basis(date=dt.date(2026, 3, 12)), "bulletin.basis", "basis.date"),
    "another's instrument": (with_basis(type="arrest_warrant"), "bulletin.basis", "basis.type"),
    "no area": (said(area=None), "bulletin.area", "area"),
    "an empty area": (said(area={}), "bulletin.area", "area"),
    "both": (said(area={"whole": True, "cells": ["1"]}), "bulletin.area", "area"),
    "no reason for all": (said(area={"whole": True}), "bulletin.area", "area.reason"),
    "no expiry": (said(lasts_h=None), "bulletin.expiry", "lasts_h"),
    "no time at all": (said(lasts_h=0), "bulletin.expiry", "lasts_h"),
    "yes for a number": (said(lasts_h=True), "bulletin.expiry", "lasts_h"),
    "another's role": (said(role="wanted"), "bulletin.unknown_word", "role"),
    "an urgent warrant": (said("warrant", urgent=True), "bulletin.urgent", "urgent"),
    "no fact": (with_contents(fact=None), "input.not_text", "contents.fact"),
    "nothing to do": (with_contents(to_do=""), "input.length", "contents.to_do"),
    "nothing not to do": (with_contents(not_to_do=" "), "input.length", "contents.not_to_do"),
    "seen tomorrow": (
        with_contents(last_seen_at=MORNING + dt.timedelta(days=1)),
        "bulletin.last_seen",
        "contents.last_seen_at",
    ),
    "an album": (
        with_contents(photos=[digit * 64 for digit in "1234"]),
        "bulletin.photos",
        "contents.photos",
    ),
}


@pytest.mark.parametrize(("given", "code", "field"), REFUSED.values(), ids=REFUSED)
def test_what_is_missing_is_named(given: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_draft(given, MORNING)
    assert (refusal.value.code, refusal.value.field) == (code, field)


def unarrestable() -> Iterator[tuple[str, str]]:
    for kind, roles in rules.ROLES_OF.items():
        yield from ((kind, role) for role in roles if role != "wanted")


@pytest.mark.parametrize(("kind", "role"), list(unarrestable()))
@pytest.mark.parametrize("field", ["fact", "opinion", "to_do", "last_seen_place"])
@pytest.mark.parametrize("word", ["抓捕", "Detain"])
def test_who_is_not_wanted_is_not_arrested(kind: str, role: str, field: str, word: str) -> None:
    given = with_contents(kind, **{field: f"见到后立即 {word} 。"}) | {"role": role}
    with pytest.raises(Invalid) as refusal:
        read_draft(given, MORNING)
    assert refusal.value.code == "bulletin.words_of_arrest"
    assert refusal.value.field == f"contents.{field}"
    assert refusal.value.extra["word"] == word


def test_a_warrant_may_say_it_and_anyone_may_be_told_not_to() -> None:
    assert read_draft(with_contents("warrant", to_do="核实身份后依法抓捕。"), MORNING)
    assert read_draft(with_contents(not_to_do="不得抓捕，do not detain。"), MORNING)


@pytest.mark.parametrize("word", [*CHINESE, *ENGLISH])
def test_every_word_of_the_list_is_found(word: str) -> None:
    assert words_of_arrest([f"请{word}此人" if word in CHINESE else f"please {word} now"]) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("逮 捕", "逮捕"),
        ("抓\u200b捕", "抓捕"),
        ("He was ARRESTED.", "ARRESTED"),
        ("detaining", "detaining"),
        ("身穿校服，走失前在车站逗留", None),
        ("an arresting smile is no more than that", "arresting"),
        ("The forecast: rest and wait", None),
        (None, None),
    ],
)
def test_words_are_found_however_they_are_spread(text: str | None, word: str | None) -> None:
    assert words_of_arrest([text]) == word


def test_the_life_has_one_way_in_and_ends() -> None:
    assert BULLETIN.final == frozenset(ENDED)
    assert set(BULLETIN.states) == {"draft", "approved", *LIVE, *ENDED}
    assert set(BULLETIN.verbs) >= BY_CLOCK
    assert set(BASIS) == set(rules.KINDS)
