"""Handhelds in the browser tests: calls that reach an officer, PINs, what a device keeps."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from playwright.sync_api import Page, expect
from shapely.geometry import shape

from gridserver.base.settings import ROOT
from tests.browser import PATIENCE
from tests.e2e.serving import PASSWORD
from tests.waiting import until

PIN = "407182"
CELLS = ROOT / "gridserver" / "demo" / "data" / "cells.geojson"


@dataclass(frozen=True)
class Call:
    """A reported incident: its task, and the officer who is told of it first."""

    task: int
    officer: str


class CommandRoom:
    """The bureau's command room as a client of the API.

    A change that has to name the state which it is made in (If-Match) names the present one: that
    which `path` shows, or `seen` where it is shown elsewhere.
    """

    def __init__(self, address: str, username: str = "command") -> None:
        self._address = f"{address}/api/v1"
        self._session = requests.Session()
        self._called: set[str] = set()
        body = {"username": username, "password": PASSWORD}
        token = self.post("/sessions", body)["token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, body: object, *, seen: str | None = None) -> Any:
        return self._ask("POST", path, json=body, headers=self._unchanged(seen) if seen else {})

    def put(self, path: str, body: object) -> Any:
        return self._ask("PUT", path, json=body, headers=self._unchanged(path))

    def get(self, path: str, **query: str) -> Any:
        return self._ask("GET", path, params=query)

    def items(self, path: str, **query: str) -> Iterator[Any]:
        """Give everything that a list has, page by page."""
        page = self.get(path, **query)
        yield from page["items"]
        while page["next"]:
            page = self.get(path, **query, cursor=page["next"])
            yield from page["items"]

    def delete(self, path: str, *, seen: str | None = None) -> None:
        self._ask("DELETE", path, headers=self._unchanged(seen or path))

    @contextmanager
    def undone(self, path: str, undo: Callable[[Any], object]) -> Iterator[None]:
        """Undo afterwards each of what a list shows then and doesn't show now: a test that is tried
        again begins where it began."""
        path += "&limit=500" if "?" in path else "?limit=500"
        before = {each["id"] for each in self.get(path)["items"]}
        yield
        for each in self.get(path)["items"]:
            if each["id"] not in before:
                undo(each)

    def call(self, address: str, *, officer: str | None = None) -> Call:
        """Report a dispute where an officer is told first who had no call from here yet, or where
        `officer` is."""
        for feature in json.loads(CELLS.read_text(encoding="utf-8"))["features"]:
            inside = shape(feature["geometry"]).representative_point()
            body = {"category": "dispute", "lon": inside.x, "lat": inside.y}
            who = self.post("/incidents/preview", body)["decision"][0]["who"]
            is_wanted = who["username"] == officer if officer else self._is_fresh(who)
            if is_wanted:
                self._called.add(who["username"])
                body |= {"source": "test", "external_id": str(uuid.uuid4()), "address": address}
                return Call(self.post("/incidents", body)["task"]["id"], who["username"])
        raise AssertionError("there is no such place")

    def _is_fresh(self, who: dict[str, str]) -> bool:
        return who["kind"] == "officer" and who["username"] not in self._called

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        answer = self._send(method, path, **how)
        return answer.json() if answer.content else None

    def _unchanged(self, path: str) -> dict[str, str]:
        return {"If-Match": self._send("GET", path).headers["ETag"]}

    def _send(self, method: str, path: str, **how: Any) -> requests.Response:
        answer = self._session.request(method, f"{self._address}{path}", timeout=PATIENCE, **how)
        assert answer.ok, answer.text
        return answer


def enter(page: Page, pin: str) -> None:
    """Press the digits of a PIN."""
    for digit in pin:
        page.get_by_test_id(f"pin-{digit}").click()


def set_pin(page: Page, pin: str = PIN) -> None:
    """Set the device's first PIN under *me*."""
    page.get_by_test_id("tab-me").click()
    page.get_by_test_id("pin-open").click()
    sheet = page.get_by_test_id("pin-sheet")
    enter(page, pin)
    expect(sheet).to_contain_text(re.compile("再输入一次|again"))
    enter(page, pin)
    expect(sheet).to_be_hidden()
    page.get_by_test_id("tab-tasks").click()


#: Whether the page goes through its worker.
_INSTALLED = "() => navigator.serviceWorker.controller !== null"
#: Whether the map of the own cells is kept.
_MAPPED = """
async () => {
  const tiles = await (await caches.open('gridserver-tiles')).keys()
  return tiles.some(({ url }) => url.includes('/tiles/grid/12/'))
}
"""


def wait_until_installed(page: Page) -> None:
    """Wait until the page could open again without signal."""
    until(lambda: page.evaluate(_INSTALLED), PATIENCE)


def wait_until_mapped(page: Page) -> None:
    """Wait until the map of the own cells could be shown without signal, too: who is on duty
    beside the grid, as at night, has none."""
    wait_until_installed(page)
    until(lambda: page.evaluate(_MAPPED), PATIENCE)


#: Everything that a browser keeps for an origin, with bytes read as UTF-8 where they can be.
DUMP = """
async () => {
  const text = (value) => JSON.stringify(value, (_, each) => {
    if (each instanceof CryptoKey) return `key:${each.extractable}`
    const isBytes = each instanceof ArrayBuffer || ArrayBuffer.isView(each)
    if (isBytes) return new TextDecoder().decode(each)
    return each
  })
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const kept = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name))
    for (const table of database.objectStoreNames) {
      const rows = await done(database.transaction(table).objectStore(table).getAll())
      kept.push(`${name}/${table}: ${text(rows)}`)
    }
    database.close()
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name)
    for (const request of await cache.keys()) {
      const answer = await cache.match(request, { ignoreVary: true })
      kept.push(`${name}/${request.url}: ${await answer.text()}`)
    }
  }
  return kept
}
"""


def kept_by(page: Page) -> list[str]:
    """Everything that the browser keeps for this server, readable or not, item by item."""
    return page.evaluate(DUMP)
