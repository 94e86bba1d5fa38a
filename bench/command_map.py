"""The command map in a real Chromium against a bare MapLibre page with the same tiles.

First map: from the start of the navigation until the map is idle for the first time, each in a
browser context without a cache; once with the demo's 266 cells, once with 10,000 cells and 2,000
officers whose positions are known, for which it is told too when the last of them stands on the
map. The floor is a page with MapLibre, the grid's tiles, a fill and a line, and nothing else: no
session, no labels, no officers. The processor time of the browser and the web process until then is
told beside it: it says about the same on a busy machine, where seconds don't.

Events: so many feed entries a second are committed to the database, numbered, relayed and sent to
the command page as any others. Told are the tasks of the page's main thread that took longer than
50 ms (PerformanceObserver `longtask`), beside the same time without events on the same page.

Chromium draws without a graphics card here, so that absolute times are of no use.

    python bench/command_map.py [--turns N] [--seconds S] [--rate N]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import psycopg2
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Route
from post_incident import PASSWORD, county, cpu_seconds, web_process
from sqlalchemy.engine import URL

from gridserver.delivery.channels import ADDED, FEED
from gridserver.demo.calls import made_up_calls
from gridserver.demo.county import read_cells

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.browser import DESKTOP, chromium  # noqa: E402 (a bench is no part of the package)

LIBRARY = ROOT / "web" / "node_modules" / "maplibre-gl" / "dist"
PATIENCE_MS = 300_000
TASKS = 200
OFFICERS, COLUMNS = 2_000, 100

#: Notes when the map was idle first, and every long task.
WATCH = """
    window.readyAt = new Promise((resolve) => {
        new MutationObserver(() => {
            if (document.querySelector('[data-ready="true"]')) resolve(performance.now())
        }).observe(document, {subtree: true, childList: true, attributes: true})
    })
    window.longTasks = []
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.longTasks.push(entry.duration)
    }).observe({type: 'longtask', buffered: true})
"""
BARE = """<!doctype html><meta charset="utf-8">
<style>html, body, #map {height: 100%%; margin: 0}</style>
<link rel="stylesheet" href="/bare/maplibre-gl.css"><div id="map"></div><script type="module">
import * as maplibre from '/bare/maplibre-gl.mjs'
maplibre.setWorkerUrl('/bare/maplibre-gl-worker.mjs')
const map = new maplibre.Map({container: 'map', bounds: %s, fitBoundsOptions: {padding: 40},
    attributionControl: false, fadeDuration: 100, style: {version: 8,
    sources: {grid: {type: 'vector', url: location.origin + '/tiles/grid.json'}}, layers: [
    {id: 'cells', type: 'fill', source: 'grid', 'source-layer': 'cells',
     paint: {'fill-color': '#6f9bd6', 'fill-opacity': 0.26}},
    {id: 'lines', type: 'line', source: 'grid', 'source-layer': 'cells',
     paint: {'line-color': '#5b7096'}}]}})
map.once('idle', () => (document.body.dataset.ready = 'true'))
</script>"""

MANY_CELLS = """
    UPDATE grid_version SET valid = tstzrange(lower(valid), now()) WHERE valid @> now();
    INSERT INTO grid_version (bureau_id, name, state, outline, source, created_at)
    SELECT bureau_id, 'many', 'draft', outline, '{}', now() FROM grid_version WHERE name = 'demo-1';
    INSERT INTO cell (version_id, code, name, station_code, attributes, geom)
    SELECT many.id, to_char(990000000000000 + row_number() OVER (), 'FM000000000000000'),
           'C' || row_number() OVER (), '33082401', '{}', ST_Multi(square.geom)
    FROM grid_version AS many, ST_Envelope(many.outline) AS box,
         ST_SquareGrid((ST_XMax(box) - ST_XMin(box)) / %(columns)s, box) AS square
    WHERE many.name = 'many' AND square.i >= 0;
    UPDATE grid_version SET state = 'published', valid = tstzrange(now(), NULL)
    WHERE name = 'many';
"""
#: Where the last of them is: whoever stands there came with the rest.
LAST_OFFICER = """
    SELECT ST_X(point), ST_Y(point) FROM officer_position ORDER BY officer_id DESC LIMIT 1
"""
DRAWN = """
    ([lon, lat]) => document.querySelector('[data-ready="true"]')
        .gridserverLayersAt(lon, lat).includes('officers')
"""
COUNT = "SELECT count(*) FROM cell JOIN grid_version v ON v.id = version_id WHERE v.name = 'many'"
MANY_OFFICERS = """
    WITH more AS (
        INSERT INTO account (username, display_name, password_hash, created_at)
        SELECT 'bench' || n, 'B' || n, '-', now() FROM generate_series(1, %(officers)s) AS n
        RETURNING id, username
    ), made AS (
        INSERT INTO officer (account_id, service_number, kind, unit_id)
        SELECT more.id, username, 'officer', (SELECT min(unit_id) FROM officer) FROM more
        RETURNING id
    )
    INSERT INTO officer_position (officer_id, at, received_at, heading, speed_mps, battery, point)
    SELECT made.id, now(), now(), random() * 360, 5, random(),
           ST_SetSRID(ST_MakePoint(118.1 + random() * 0.5, 28.95 + random() * 0.5), 4326)
    FROM made
"""
APPEND = """
    INSERT INTO feed_entry (at, unit_path, type, data)
    SELECT now(), unit_path, 'task.changed', data
    FROM json_to_recordset(%(entries)s) AS said(unit_path text, data jsonb)
"""


def connect(url: URL) -> Any:
    """Open a connection to the bench's database."""
    connection = psycopg2.connect(
        host=url.query["host"], user=url.username, password=url.password, dbname=url.database
    )
    connection.autocommit = True
    return connection


def signed_in(browser: Browser, address: str) -> dict[str, Any]:
    """Sign in by the page, and return the browser's state."""
    with browser.new_context(base_url=address, viewport=DESKTOP) as context:
        page = context.new_page()
        page.goto("/login")
        page.get_by_test_id("login-username").fill("command")
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        page.wait_for_url("**/command", timeout=PATIENCE_MS)
        state: dict[str, Any] = context.storage_state()  # type: ignore[assignment]
        return state


def fresh(browser: Browser, address: str, state: dict[str, Any]) -> BrowserContext:
    """Return a browser context with the session and nothing else."""
    context = browser.new_context(base_url=address, viewport=DESKTOP, storage_state=state)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(WATCH)
    return context


def bare(context: BrowserContext, bounds: list[float]) -> str:
    """Have the context serve the bare page; return its path."""

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[-1]
        if name == "map.html":
            route.fulfill(body=BARE % json.dumps(bounds), content_type="text/html")
        else:
            route.fulfill(path=LIBRARY / name)

    context.route("**/bare/*", answer)
    return "/bare/map.html"


def first_map(page: Page, path: str) -> float:
    """Return the seconds until the map at `path` is idle first."""
    page.goto(path, wait_until="commit")
    return float(page.evaluate("window.readyAt")) / 1000


def officer_drawn(page: Page, place: tuple[float, float]) -> float:
    """Return the seconds until an officer stands at a place of the map."""
    page.wait_for_function(DRAWN, arg=list(place), timeout=PATIENCE_MS)
    return float(page.evaluate("performance.now()")) / 1000


def children(pid: int) -> Iterator[int]:
    """Go through the processes that a process started, and those that they did."""
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it just ended
            for child in map(int, listed.read_text("ascii").split()):
                yield child
                yield from children(child)


def used() -> dict[int, float]:
    """Return the processor seconds of each process of the browser, and of the web process."""
    seconds = {}
    for child in children(os.getpid()):
        with suppress(FileNotFoundError, ProcessLookupError):  # a closed tab's
            seconds[child] = cpu_seconds(child)
    return seconds


def used_since(before: dict[int, float]) -> float:
    """Return the processor seconds since then, of what runs now."""
    return sum(seconds - before.get(pid, 0) for pid, seconds in used().items())


@dataclass
class Measured:
    """One page's turns, in seconds."""

    map_: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    officers: list[float] = field(default_factory=list)


def compare(
    browser: Browser,
    address: str,
    state: dict[str, Any],
    turns: int,
    officer: tuple[float, float] | None = None,
) -> None:
    """Print the first map of both pages, measured in turns; `officer` is where one of them is."""
    cookies = {each["name"]: each["value"] for each in state["cookies"]}
    answer = requests.get(f"{address}/api/v1/bureau", cookies=cookies, timeout=30)
    bounds = answer.json()["bbox"]
    floor, ours = Measured(), Measured()
    for turn in range(turns + 1):
        for measured in (floor, ours):
            with fresh(browser, address, state) as context:
                path = bare(context, bounds) if measured is floor else "/command"
                page, before = context.new_page(), used()
                seconds, cpu = first_map(page, path), used_since(before)
                if turn == 0:  # warms the server up
                    continue
                measured.map_.append(seconds)
                measured.cpu.append(cpu)
                if officer and measured is ours:
                    measured.officers.append(officer_drawn(page, officer))
    told_beside("first map", floor.map_, ours.map_)
    told_beside("processor", floor.cpu, ours.cpu)
    if ours.officers:
        told_beside("officers too", floor.map_, ours.officers)


def told_beside(name: str, floor: list[float], ours: list[float]) -> None:
    """Print the medians of both pages, and their ratio."""
    low, high = median(floor), median(ours)
    print(
        f"  {name:12} bare MapLibre {low:6.2f} s · command {high:6.2f} s · ratio {high / low:.2f}"
    )


def open_tasks(address: str, url: URL) -> list[dict[str, Any]]:
    """Report calls, and return what the feed said of their tasks."""
    credentials = {"username": "command", "password": PASSWORD}
    sessions = f"{address}/api/v1/sessions"
    token = requests.post(sessions, json=credentials, timeout=30).json()["token"]
    calls = made_up_calls(Random(7), read_cells(), 30, TASKS / 10)
    for number, call in zip(range(TASKS), calls, strict=False):
        said = {"source": "bench", "external_id": str(number), "category": call.category}
        requests.post(
            f"{address}/api/v1/incidents",
            json=said | {"lon": call.lon, "lat": call.lat},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).raise_for_status()
    with connect(url).cursor() as cursor:
        cursor.execute("SELECT unit_path, data FROM feed_entry WHERE type = 'incident.created'")
        return [{"unit_path": path, "data": {"task": data["task"]}} for path, data in cursor]


def send_events(url: URL, tasks: list[dict[str, Any]], rate: int, seconds: float) -> int:
    """Commit changes of tasks at a rate, ten times a second; return how many."""
    states, sent, start = ("signed", "en_route", "on_scene", "reported"), 0, time.monotonic()
    with connect(url).cursor() as cursor:
        while (elapsed := time.monotonic() - start) < seconds:
            due = int(elapsed * rate) - sent
            entries = []
            for number in range(sent, sent + due):
                entry = tasks[number % len(tasks)]
                task = entry["data"]["task"]
                task |= {"version": task["version"] + 1, "state": states[number // 7 % len(states)]}
                entries.append(entry)
            if entries:
                cursor.execute(APPEND, {"entries": json.dumps(entries)})
                cursor.execute("SELECT pg_notify(%s, %s)", (FEED, ADDED))
            sent += due
            time.sleep(0.1)
    return sent


def long_tasks(page: Page, work: Callable[[], Any]) -> tuple[Any, list[float]]:
    """Return what `work` gives, and the long tasks of the page meanwhile, in milliseconds."""
    page.evaluate("window.longTasks.length = 0")
    done = work()
    return done, page.evaluate("window.longTasks")


def wait_for_the_last(page: Page, tasks: list[dict[str, Any]]) -> None:
    """Wait until a queue's rows show the last states sent: nothing else proves that they came."""
    states = {each["data"]["task"]["id"]: each["data"]["task"]["state"] for each in tasks}
    page.wait_for_function(
        """(states) => {
            const rows = [...document.querySelectorAll('[data-testid^="queue-item-"]')]
            const known = rows.filter((row) => states[row.dataset.testid.slice(11)])
            return known.length && known.every((row) =>
                row.querySelector('[data-testid="task-state"]').dataset.state ===
                states[row.dataset.testid.slice(11)])
        }""",
        arg=states,
        timeout=PATIENCE_MS,
    )


def told(name: str, tasks: list[float]) -> None:
    """Print a minute's long tasks."""
    over = sum(each > 100 for each in tasks)
    worst = max(tasks, default=0)
    print(f"  {name:12} {len(tasks)} over 50 ms, {over} over 100 ms, the longest {worst:.0f} ms")


def under_events(
    browser: Browser, address: str, state: dict[str, Any], url: URL, rate: int, seconds: float
) -> None:
    """Print the long tasks of the command page with and without events."""
    tasks = open_tasks(address, url)
    with fresh(browser, address, state) as context:
        page = context.new_page()
        first_map(page, "/command")
        page.get_by_test_id("queues").wait_for()
        page.wait_for_timeout(5_000)
        _, quiet = long_tasks(page, lambda: page.wait_for_timeout(seconds * 1000))
        sent, busy = long_tasks(page, lambda: send_events(url, tasks, rate, seconds))
        wait_for_the_last(page, tasks)
    print(f"{sent} feed events in {seconds:.0f} s, {len(tasks)} tasks open")
    told("no events", quiet)
    told("with events", busy)


def main() -> int:
    parser = argparse.ArgumentParser(description="the command map against bare MapLibre")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=200)
    asked = parser.parse_args()
    with county() as url, web_process(url) as (port, _), chromium() as browser:
        address = f"http://localhost:{port}"
        state = signed_in(browser, address)
        print(f"first map, medians of {asked.turns}: 266 cells")
        compare(browser, address, state, asked.turns)
        under_events(browser, address, state, url, asked.rate, asked.seconds)
        with connect(url).cursor() as cursor:
            cursor.execute(MANY_CELLS, {"columns": COLUMNS})
            cursor.execute(COUNT)
            (cells,) = cursor.fetchone()
            cursor.execute(MANY_OFFICERS, {"officers": OFFICERS})
            cursor.execute(LAST_OFFICER)
            last = cursor.fetchone()
        print(f"first map: {cells} cells and {OFFICERS} officers more")
        compare(browser, address, state, asked.turns, last)
    return 0


if __name__ == "__main__":
    sys.exit(main())
