"""Two at once: of two changes of one state of a table one is made, and of two orders one given."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from tests.flows.conftest import AccountClient

ROUTE = "/api/v1/dispatch/tables/route"
ORDERS = "/api/v1/dispatch/mobilisations"
STATION = "33082401"


def at_once(*requests: Callable[[], Any]) -> list[int]:
    """Make the requests side by side and return their statuses, the lower first."""
    ready = Barrier(len(requests))

    def make(request: Callable[[], Any]) -> int:
        ready.wait()
        return request().status_code

    with ThreadPoolExecutor(len(requests)) as pool:
        return sorted(pool.map(make, requests))


def change(category: str) -> dict[str, Any]:
    values = {"kind": "command", "unit": None, "agency": None}
    key = {"scope": STATION, "category": category}
    return {"changes": [{"key": key, "values": values}], "why": "试点"}


def test_of_two_changes_one_is_made(client: AccountClient) -> None:
    admins = [client.as_("admin") for _ in range(2)]
    headers = {"If-Match": admins[0].get(ROUTE).headers["ETag"]}
    url = f"{ROUTE}/changes"
    requests = [
        partial(admin.post, url, json=change(category), headers=headers)
        for admin, category in zip(admins, ("dispute", "help"), strict=True)
    ]
    assert at_once(*requests) == [200, 412]
    rows = admins[0].get(f"{ROUTE}?limit=500").json["items"]
    assert sum(row["key"]["scope"] == STATION for row in rows) == 1


def test_of_two_orders_one_is_given(client: AccountClient) -> None:
    rooms = [client.as_(f"room-{STATION}") for _ in range(2)]
    body = {"unit": STATION, "why": "防汛"}
    assert at_once(*(partial(room.post, ORDERS, json=body) for room in rooms)) == [201, 409]
