"""Refusals as every interface here makes them."""

from __future__ import annotations

import json
import re
from typing import Any

from gridserver.api.problems import MEDIA_TYPE


def is_problem(response: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """Assert that `response` is a complete problem document, and return it."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == MEDIA_TYPE
    document = json.loads(response.get_data())
    assert {"type", "title", "status", "code", "detail"} <= set(document)
    assert document["status"] == status
    assert re.fullmatch(r"[a-z_0-9]+(\.[a-z_0-9]+)+", document["code"])
    assert document["detail"]
    if code:
        assert document["code"] == code
    return document
