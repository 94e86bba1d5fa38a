"""The command line as the tests run it; `run` is a fixture of the flows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

Run = Callable[..., Result]


def document(run: Run, *arguments: object, code: int = 0) -> Any:
    """Run with --json and return the one document on stdout."""
    return json.loads(run(*arguments, "--json", code=code).stdout)


def bring(run: Run, file: Path, name: str, *more: object, code: int = 0) -> Result:
    """Import a grid whose codes are in `code`."""
    return run("grid", "import", file, "--version", name, "--code-field", "code", *more, code=code)
