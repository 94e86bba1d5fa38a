"""The languages that texts come in, and the sentences of a room by their codes."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

LANGUAGES = ("zh-CN", "en")
DEFAULT_LANGUAGE = "zh-CN"


@cache
def load(room: str, language: str) -> dict[str, str]:
    """Return the sentences of a room (such as ``gridserver.dispatch``) in a language, by code."""
    file = resources.files(room).joinpath("texts", f"{language}.json")
    return json.loads(file.read_text(encoding="utf-8"))
