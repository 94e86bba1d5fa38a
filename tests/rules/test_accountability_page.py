"""docs/accountability.md names tests that are there, by words that choose one."""

from __future__ import annotations

import re

import pytest

from gridserver.base.settings import ROOT

PAGE = (ROOT / "docs" / "accountability.md").read_text("utf-8")
#: A file, and after `-k` the words that choose tests of it.
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?: -k (?:\"([^\"]+)\"|(\w+)))?`", PAGE)


@pytest.mark.parametrize(("name", "quoted", "word"), NAMED, ids=lambda each: str(each))
def test_what_it_names_is_there(name: str, quoted: str, word: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    words = re.findall(r"(?!and\b|or\b)\w+", quoted or word)
    assert [each for each in words if each not in text] == []


def test_it_names_many() -> None:
    assert len(NAMED) > 20
