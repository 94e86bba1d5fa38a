"""The gazetteer: what a source says of places, and what is found by what somebody types."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from gridserver.places import entries, gazetteer
from gridserver.places.rules import Draft, Entry, Kind
from gridserver.places.search import search
from tests.county import centre

HERE = centre(0, 0)
FAR = (118.30, 29.40)


def draft(
    name: str,
    *aliases: str,
    kind: Kind = "address",
    address: str | None = None,
    at: tuple[float, float] = HERE,
) -> Draft:
    return Draft(kind, name, aliases, address, *at)


def put(session: Session, *drafts: Draft) -> None:
    gazetteer.put(session, "test", [Entry(each, str(n)) for n, each in enumerate(drafts)])


def names(session: Session, typed: str, **options) -> list[str]:
    return [found.name for found in search(session, typed, **options)]


@pytest.fixture
def street(session: Session) -> None:
    numbers = [draft(f"解放街{n}号", address=f"华埠镇解放街{n}号") for n in range(1, 30)]
    put(session, draft("解放街", kind="road"), *numbers, draft("解放路17号"), draft("马金村"))


@pytest.mark.parametrize(
    ("typed", "matched"),
    [
        ("解放街17号", "name"),
        ("解放街十七号", "name"),
        ("解放街17", "name"),
        ("解放街 １７", "name"),
        ("开化县华埠镇解放街17号", "name"),
        ("jiefangjie17", "pinyin"),
        ("jie fang jie 17 hao", "pinyin"),
        ("jfj17", "initials"),
        ("jiefj17h", "initials"),
        ("解fj17", "initials"),
        ("姐放街17号", "pinyin"),
        ("解方接17号", "pinyin"),
        ("jiefanjie17", "initials"),
        ("jiefagnjie17", "fuzzy"),
        ("华埠解放街17", "fuzzy"),
    ],
)
def test_a_house_is_found_first(session: Session, street: None, typed: str, matched: str) -> None:
    first = search(session, typed)[0]
    assert (first.name, first.matched) == ("解放街17号", matched)


def test_a_street_comes_before_its_houses(session: Session, street: None) -> None:
    assert names(session, "解放街")[0] == "解放街"


def test_a_street_whose_house_is_not_known_is_found(session: Session, street: None) -> None:
    assert names(session, "解放街99号")[0] == "解放街"


@pytest.mark.parametrize("typed", ["", "  ", "17", "，。", "%", "_", "'", "[", "zzzzzz", "ケ"])
def test_what_means_nothing_finds_nothing(session: Session, street: None, typed: str) -> None:
    assert names(session, typed) == []


def test_two_characters_are_enough(session: Session, street: None) -> None:
    assert names(session, "马金") == ["马金村"]
    assert names(session, "马") == ["马金村"]


def test_the_near_come_first_of_what_is_alike(session: Session) -> None:
    put(session, draft("卫生室", at=FAR), draft("卫生室", at=HERE))
    assert [f.lon for f in search(session, "wss", near=FAR)] == [FAR[0], HERE[0]]
    here, far = search(session, "卫生室", near=HERE)
    assert (here.lon, here.distance_m) == (HERE[0], 0.0)
    assert far.distance_m == pytest.approx(34_500, rel=0.02)


def test_what_fits_better_beats_what_is_nearer(session: Session) -> None:
    put(session, draft("城西卫生院", at=FAR), draft("城西街卫生间", at=HERE))
    assert names(session, "城西卫生院", near=HERE)[0] == "城西卫生院"


def test_an_alias_is_told_as_such(session: Session) -> None:
    put(session, draft("开化县人民医院", "县医院", kind="key_place"))
    assert search(session, "县医院")[0].matched == "alias"
    assert search(session, "人民医院")[0].matched == "name"
    assert search(session, "khxrmyy")[0].matched == "initials"


def test_other_readings_are_found_too(session: Session) -> None:
    put(session, draft("长庆村"), draft("重溪村"))
    assert names(session, "changqing") == names(session, "zhangqing") == ["长庆村"]
    assert names(session, "chongxi")[0] == names(session, "zhongxi")[0] == "重溪村"


def test_only_the_kinds_asked_for(session: Session, street: None) -> None:
    assert names(session, "解放街", kinds=["road"]) == ["解放街"]


def test_a_source_says_a_place_once(session: Session) -> None:
    entry = Entry(draft("张家"), "7")
    assert gazetteer.put(session, "a", [entry]) == {"added": 1}
    assert gazetteer.put(session, "a", [entry]) == {"same": 1}
    assert gazetteer.put(session, "b", [entry]) == {"added": 1}
    moved = Entry(draft("李家"), "7")
    assert gazetteer.put(session, "a", [moved]) == {"changed": 1}
    assert names(session, "李家") == ["李家"]
    assert names(session, "张家") == ["张家"], "the other source's"
    place_id = entries.place_of(session, "a", "7")
    assert place_id is not None
    assert entries.place(session, place_id).version == 2
