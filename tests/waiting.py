"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def until(condition: Callable[[], Value], within: float = 60.0) -> Value:
    """Return the first true value of `condition`; fail when it stays false for `within` seconds."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {within} s")
        time.sleep(0.02)
    return value
