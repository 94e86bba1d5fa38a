"""Bulletins of the browser tests: a station's room that writes them, the bureau's that approves."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.e2e.handhelds import CommandRoom

STATION = "33082407"
ROOM = f"room-{STATION}"
NAME = "甄小北"
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


def on_duty_in(served: str, station: str) -> list[str]:
    """Return the officers of a station who are on duty now."""
    found = CommandRoom(served).get(f"/force/officers?unit={station}&limit=500")["items"]
    return [each["username"] for each in found if each["on_duty"] and each["kind"] == "officer"]


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


def kept_on(page: Page) -> list[int]:
    """Return the bulletins that a terminal keeps, with their photos and the officer's sightings."""
    kept: list[int] = page.evaluate(_SEALED)
    return kept
