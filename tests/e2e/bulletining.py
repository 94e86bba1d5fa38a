"""Bulletins of the browser tests: a station's room that writes them, the bureau's that approves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from playwright.sync_api import Locator, Page, expect

from gridserver.base.clock import SystemClock
from tests.e2e.handhelds import CommandRoom

STATION = "33082407"
ROOM = f"room-{STATION}"
_CALLED_IN_FOR = dt.timedelta(hours=1)
NAME = "甄小北"
NOTICE = "未经核实，不得仅凭此采取强制措施"
SEEN, WHERE = "在候车亭避雨，独自一人", "池淮公交站"
_SPOT = {"longitude": 118.4, "latitude": 29.13, "accuracy": 12}
#: A browser whose position is known.
LOCATED: dict[str, Any] = {"geolocation": _SPOT, "permissions": ["geolocation"]}
#: The keys of the sealed bulletins of a device: what isn't there can't be opened by any key.
_SEALED = """
async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const found = []
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name))
    if (database.objectStoreNames.contains('records')) {
      const records = database.transaction('records').objectStore('records')
      const rows = await done(records.getAll())
      found.push(...rows.filter(({ kind }) => kind === 'bulletins').map(({ id }) => Number(id)))
    }
    database.close()
  }
  return found
}
"""


def on_duty_in(served: str, station: str, *, least: int = 2) -> list[str]:
    """Return the officers whom a bulletin that is issued to a station from now on reaches.

    By the roster that may be one at this hour, who may be on leave: the station's room puts others
    on duty then, so that there are `least`.
    """
    room = CommandRoom(served, f"room-{station}")
    found = room.get(f"/force/officers?unit={station}&limit=500")["items"]
    there = [each for each in found if each["kind"] == "officer" and not each["absent"]]
    on_duty = [each["username"] for each in there if each["on_duty"]]
    called_in = [each["username"] for each in there if not each["on_duty"]]
    called_in = called_in[: max(0, least - len(on_duty))]
    assert on_duty + called_in, f"all of {station} are away"
    if called_in:
        start = SystemClock().now()
        hours = {"start": start.isoformat(), "end": (start + _CALLED_IN_FOR).isoformat()}
        # A duty that no decision looks at.
        shifts = [{"officer": each, "duty": "room"} | hours for each in called_in]
        room.post("/force/shifts", {"shifts": shifts})
    return on_duty + called_in


def issue(served: str, number: str) -> int:
    """Issue a missing child's bulletin to a station, by two persons; return its number."""
    room, bureau = CommandRoom(served, ROOM), CommandRoom(served)
    body: dict[str, Any] = {
        "unit": STATION,
        "kind": "missing_person",
        "basis": {
            "type": "report",
            "number": number,
            "authority": "开化县公安局",
            "date": "2026-03-10",
        },
        "area": {"units": [STATION]},
        "lasts_h": 24,
        "contents": {
            "fact": f"{NAME}，女，9岁，穿红色外套。",
            "to_do": "联系值班室接回。",
            "not_to_do": "不要让其独自离开。",
        },
    }
    written = room.post("/bulletins", body)
    bulletin: int = written["id"]
    approved = {"verb": "approve", "version": written["version"]}
    bureau.post(f"/bulletins/{bulletin}/steps", approved)
    room.post(f"/bulletins/{bulletin}/steps", {"verb": "issue"})
    return bulletin


def resolve(served: str, bulletin: int) -> None:
    """End it: the child is found."""
    said = {"verb": "resolve", "reason": "已平安找到"}
    CommandRoom(served, ROOM).post(f"/bulletins/{bulletin}/steps", said)


def chosen(page: Page) -> int:
    """Return the number of the bulletin that stands open at the desk."""
    row = page.locator("[aria-current=true][data-testid^=bulletin-]")
    expect(row).to_be_visible()
    return int((row.get_attribute("data-testid") or "").rsplit("-", 1)[1])


def kept_on(page: Page) -> list[int]:
    """Return the bulletins that a terminal keeps, with their photos and the officer's sightings."""
    kept: list[int] = page.evaluate(_SEALED)
    return kept


def read(page: Page, bulletin: int) -> None:
    """Open a bulletin on a terminal."""
    page.get_by_test_id(f"bulletin-{bulletin}").click()
    expect(page.get_by_test_id("fact")).to_contain_text(NAME)


def sight(page: Page, where: str = WHERE) -> None:
    """Write a sighting at the form that stands open."""
    sheet = page.get_by_test_id("sight-sheet")
    expect(sheet).to_contain_text(NOTICE)
    page.get_by_test_id("sight-text").fill(SEEN)
    page.get_by_test_id("sight-place").fill(where)
    page.get_by_test_id("sight-send").click()
    expect(sheet).to_have_count(0)


def open_at_the_desk(page: Page, bulletin: int) -> Locator:
    """Choose a bulletin; return its sightings."""
    page.get_by_test_id("to-bulletins").click()
    page.get_by_test_id(f"bulletin-{bulletin}").click()
    found = page.get_by_test_id("bulletin-sightings")
    expect(found).to_be_visible()
    return found
