"""Reasons as sentences, in the reader's language.

The sentences are data: ``texts/<language>.json`` maps a reason's code to one, with ``{param}``
placeholders. The codes under ``tail.`` are added where the reason has the parameter they name. Keys
with a colon are words: ``route:case`` is how a parameter ``route`` of that value is said. A value
that is a mapping has a word for each language already, or is a remark with a code of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridserver.base import texts
from gridserver.base.texts import DEFAULT_LANGUAGE, LANGUAGES

__all__ = ["DEFAULT_LANGUAGE", "LANGUAGES", "load", "say"]

#: Parameters that add a sentence of their own, in this order.
_TAILS = (
    "distance_m",
    "neighbours",
    "stands_in",
    "work_of",
    "unit_name",
    "day_name",
    "absent",
    "off_duty",
    "unreachable",
)
_COMMA = {"zh-CN": "、", "en": ", "}
_BETWEEN_SENTENCES = {"zh-CN": "", "en": " "}


def say(code: str, params: Mapping[str, Any], language: str = DEFAULT_LANGUAGE) -> str:
    """Return the reason as text in `language` (one of `LANGUAGES`)."""
    sentences = load(language)
    words = {name: _word(name, value, language) for name, value in params.items()}
    keys = [code, *(f"tail.{name}" for name in _TAILS if name in params)]
    return _BETWEEN_SENTENCES[language].join(sentences[key].format_map(words) for key in keys)


def _word(name: str, value: Any, language: str) -> Any:
    if isinstance(value, Mapping) and "code" in value:
        return say(value["code"], value["params"], language)
    if isinstance(value, Mapping):
        return value[language]
    if isinstance(value, list):
        return _COMMA[language].join(_word(name, each, language) for each in value)
    return load(language).get(f"{name}:{value}", value)


def load(language: str) -> dict[str, str]:
    """Return the sentences of a language by code."""
    return texts.load("gridserver.dispatch", language)
