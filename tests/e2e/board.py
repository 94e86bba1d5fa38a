"""The board's rows: of long lists only what is in view is drawn."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from tests.browser import PATIENCE
from tests.waiting import until

#: Scrolls on by half of what is in view, from the end to the beginning, and lets it be drawn.
_SEEK = """
async (queues, name) => {
  const isDrawn = () => queues.querySelector(`[data-testid="${name}"]`) !== null
  if (isDrawn()) return true
  const box = queues.querySelector('.scroll')
  const isEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 1
  box.scrollTop = isEnd ? 0 : box.scrollTop + box.clientHeight / 2
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
  return isDrawn()
}
"""


def row_of(page: Page, task: int) -> Locator:
    """Scroll the board until a task's row is drawn, and return it.

    Which list a task stands in, and how far down, depends on what else is reported in the county
    and on how long ago it was.
    """
    name = f"queue-item-{task}"
    queues = page.get_by_test_id("queues")
    until(lambda: queues.evaluate(_SEEK, name), within=PATIENCE)
    return page.get_by_test_id(name)
