"""What `gis` and this room say of a grid, in the reader's language: pure.

English is what whoever says a thing says itself: faults, proposals, differences and refusals each
carry an English sentence, a stable code and the values in the sentence. ``texts/zh-CN.json`` has
the sentences of the other language by these codes, with the values as ``{param}``. Keys with a
colon are words: ``reason:Nested holes`` is how a parameter ``reason`` of that value is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gis.errors import GisError
from gridserver.base import texts
from gridserver.base.errors import GridserverError

ENGLISH = "en"
ROOM = "gridserver.grids"

_MOST_NAMED = 4
_MOST_MOVES = 3


class Said(Protocol):
    """What says itself in English, with a code and the values for other languages."""

    @property
    def code(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def text(self) -> str: ...


def sentence(said: Said, language: str) -> str:
    """Return what `said` says in a language of `gridserver.base.texts.LANGUAGES`."""
    return translated(said.code, said.params, said.text, language)


def translated(code: str, params: Mapping[str, Any], english: str, language: str) -> str:
    """Return the sentence of a code, or the English one where the language has none for it."""
    if language == ENGLISH or code not in texts.load(ROOM, language):
        return english
    return texts.load(ROOM, language)[code].format_map(_words(params, language))


def kept(said: Mapping[str, Any], language: str) -> str:
    """Return what was kept as the members of a `gis.features.Remark`."""
    return translated(said["code"], said["params"], said["text"], language)


def refusal(error: GisError | GridserverError, language: str) -> str:
    """Return why something was refused."""
    params = error.params if isinstance(error, GisError) else _values(error)
    return translated(error.code, params, error.message, language)


def _values(error: GridserverError) -> dict[str, Any]:
    return {"field": error.field, **error.extra, **error.extra.get("params", {})}


def _words(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    words = {name: _word(name, value, language) for name, value in params.items()}
    if "moves" in params:
        words["moved"] = _moved(params["moves"], language)
    return words


def _word(name: str, value: Any, language: str) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed([_word(name, each, language) for each in value], language)
    return texts.load(ROOM, language).get(f"{name}:{value}", value)


def _listed(words: Sequence[Any], language: str) -> str:
    shown = "、".join(map(str, words[:_MOST_NAMED]))
    if len(words) <= _MOST_NAMED:
        return shown
    more = texts.load(ROOM, language)["list.more"]
    return more.format(shown=shown, count=len(words))


def _moved(moves: Sequence[Mapping[str, Any]], language: str) -> str:
    """Return moves (`from`, `to`, `area_m2`) in words, the largest first, cut as in `gis`."""
    sentences = texts.load(ROOM, language)
    if not moves:
        return sentences["move.none"]
    ordered = sorted(moves, key=lambda move: -move["area_m2"])
    shown = "，".join(_move(move, sentences) for move in ordered[:_MOST_MOVES])
    rest = ordered[_MOST_MOVES:]
    if not rest:
        return shown
    area_m2 = sum(move["area_m2"] for move in rest)
    return sentences["move.more"].format(shown=shown, count=len(rest), area_m2=area_m2)


def _move(move: Mapping[str, Any], sentences: Mapping[str, str]) -> str:
    sides = [side for side in ("from", "to") if move[side] is not None]
    return sentences[f"move.{'_'.join(sides) or 'ground'}"].format_map(move)
