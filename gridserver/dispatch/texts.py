"""Reasons as sentences, in the reader's language.

The sentences are data: ``texts/<language>.json`` maps a reason's code to one, with ``{param}``
placeholders. The codes under ``tail.`` are added where the reason has the parameter they name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("zh-CN", "en")
DEFAULT_LANGUAGE = "zh-CN"

#: Parameters that add a sentence of their own, in this order.
_TAILS = ("distance_m", "neighbours", "absent", "off_duty")
_COMMA = {"zh-CN": "、", "en": ", "}
_BETWEEN_SENTENCES = {"zh-CN": "", "en": " "}


def say(code: str, params: Mapping[str, Any], language: str = DEFAULT_LANGUAGE) -> str:
    """Return the reason as text in `language` (one of `LANGUAGES`)."""
    sentences = load(language)
    words = {
        name: _COMMA[language].join(value) if isinstance(value, list) else value
        for name, value in params.items()
    }
    keys = [code, *(f"tail.{name}" for name in _TAILS if name in params)]
    return _BETWEEN_SENTENCES[language].join(sentences[key].format_map(words) for key in keys)


@cache
def load(language: str) -> dict[str, str]:
    """Return the sentences of a language by code."""
    file = resources.files("gridserver.dispatch").joinpath("texts", f"{language}.json")
    return json.loads(file.read_text(encoding="utf-8"))
