"""Axe, the accessibility checker, over a page in the browser.

Source: axe-core by Deque, rules tagged WCAG 2.0 to 2.2, levels A and AA.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = Path(__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_GRAVE = ("serious", "critical")
#: What fades in has other colours on its way than those that are read.
_SETTLED = """
() => Promise.allSettled(
  document.getAnimations()
    .filter((each) => each.playState === 'running')
    .filter((each) => each.effect?.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished),
)
"""


def violations(page: Page) -> list[dict[str, Any]]:
    """Return every serious and critical violation on the page once it has come to rest."""
    # Evaluated, not added as a script: the content security policy lets no inline script run.
    page.evaluate(_AXE.read_text("utf-8"))
    page.evaluate(_SETTLED)
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, "
        "resultTypes: ['violations']})",
        _TAGS,
    )
    return [each for each in found["violations"] if each["impact"] in _GRAVE]


def assert_accessible(page: Page) -> None:
    """Fail with rule, element and remedy for each serious or critical violation on the page."""
    told = [
        f"{each['id']}: {node['html'][:200]}\n  {node['failureSummary']}"
        for each in violations(page)
        for node in each["nodes"]
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)
