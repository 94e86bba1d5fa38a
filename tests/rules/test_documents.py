"""What no document from outside may hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gridserver.base.documents import DEEPEST, bad_text, is_deep, is_text


def nested(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


def test_deep_is_more_than_so_many_levels_of_lists_and_objects() -> None:
    assert not is_deep(nested(DEEPEST))
    assert is_deep(nested(DEEPEST + 1))
    assert is_deep({"a": [1, {"b": nested(DEEPEST - 1)}]})
    assert not is_deep(["a"] * 1_000)


@pytest.mark.parametrize("scalar", [None, True, 7, 1.5, "text"])
def test_a_scalar_is_not_deep(scalar: Any) -> None:
    assert not is_deep(scalar)


@pytest.mark.parametrize("text", ["", "开化", "\x01\n", "🚓"])
def test_what_is_a_text(text: str) -> None:
    assert is_text(text)


@pytest.mark.parametrize("text", ["a\0", "\ud800", "a\udfffb", "\ud83d\ude93"])
def test_what_no_text_holds(text: str) -> None:
    assert not is_text(text)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"a": "b", "c": [1, {"d": "e"}]}, None),
        ("\0", ""),
        (["a", "\ud800"], ""),
        ({"\0": 1}, ""),
        ({"a": 1, "b": {"c": ["\0"]}}, "b"),
        ({"a": {"\0": 1}}, "a"),
    ],
)
def test_the_member_at_fault_is_named(document: Any, field: str | None) -> None:
    assert bad_text(document) == field
