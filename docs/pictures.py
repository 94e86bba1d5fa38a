"""Makes the pictures of the docs from a running demo county: `make pictures` beside `make serve`.

A few made-up calls come in and are taken as far as each picture needs, all through the public
interfaces; what was left open is closed again at the end.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import click
from playwright.sync_api import Browser, Page, expect

from docs import pictures_board as board
from docs import pictures_exchange as exchange
from docs import pictures_figures as figures
from docs import pictures_intake as intake
from docs import pictures_map as maps
from docs import pictures_orders as orders
from docs import pictures_places as places
from docs import pictures_workshop as workshop
from gridserver.base.settings import from_environment
from gridserver.demo import accounts
from gridserver.demo.calls import made_up_calls
from gridserver.demo.clients import Account
from gridserver.demo.county import read_cells
from tests.browser import DESKTOP, HANDHELD, chromium

DOCS = Path(__file__).parent
FOLDER = DOCS / "pictures"
LANGUAGES = {"zh-CN": "zh", "en": "en"}
#: How far each of the calls is taken.
STAGES = (0, 0, 1, 2, 3, 4, 0, 3, 5, 1)
AT_THE_SCENE = 3
VERBS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sign", {}),
    ("depart", {}),
    ("arrive", {}),
    ("report", {"outcome": "resolved", "text": "现场已处理完毕，双方无异议。"}),
)


@dataclass(frozen=True)
class Scene:
    """The tasks that the pictures show; the first officer who has to sign one, and the first who
    is at the scene of one."""

    tasks: tuple[int, ...]
    officer: str
    officers_task: int
    reporter: str
    reporters_task: int


@click.command()
@click.option("--url", default="http://localhost:8000", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Take every picture, into this folder."
)
def main(url: str, out: Path | None) -> None:
    """Take the pictures that the docs show; with --out all, in both languages, by day and night."""
    password = accounts.password(from_environment(os.environ))
    folder = out or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    camera = Camera(folder, None if out else shown_in_the_docs())
    with ExitStack() as stack:
        room = stack.enter_context(Account(url, "command", password))
        scene = stack.enter_context(staged(url, password, room))
        browser = stack.enter_context(chromium())
        exchange.connect(url, password)
        drafts = stack.enter_context(workshop.drafts(browser, url, password, sign_in))
        for locale, short in LANGUAGES.items():
            for theme in ("light", "dark"):
                name = f"{short}-{theme}"
                take(camera, browser, url, password, scene, locale, name, theme)
                looks = {"locale": locale, "color_scheme": theme}
                if camera.wants("map-", name) or camera.wants("playback-", name):
                    full = looks | {"base_url": url}
                    maps.take(
                        browser, partial(sign_in, password=password), name, full, camera.shoot
                    )
                if camera.wants("figures-", name) or camera.wants("wall-", name):
                    signing_in = partial(sign_in, password=password)
                    figures.take(browser, signing_in, name, looks | {"base_url": url}, camera.shoot)
                    places.take(browser, signing_in, name, looks | {"base_url": url}, camera.shoot)
                if camera.wants("order", name) or camera.wants("handheld-order", name):
                    with orders.staged(url, password, room) as sent:
                        signing_in = partial(sign_in, password=password)
                        full = looks | {"base_url": url}
                        orders.take(browser, signing_in, sent, name, full, camera.shoot)
                if camera.wants("exchange-", name):
                    take_exchange(camera, browser, password, name, looks | {"base_url": url})
                if camera.wants("grid-", name):
                    take_workshop(camera, browser, url, password, drafts, name, looks)


def shown_in_the_docs() -> frozenset[str]:
    """Return the names of the pictures that README and docs show."""
    texts = [
        file.read_text(encoding="utf-8") for file in (DOCS.parent / "README.md", *DOCS.glob("*.md"))
    ]
    return frozenset(re.findall(r"pictures/([\w-]+)\.png", "\n".join(texts)))


@dataclass(frozen=True)
class Camera:
    """Takes the pictures that are wanted (None: all) into a folder."""

    folder: Path
    wanted: frozenset[str] | None

    def wants(self, prefix: str, suffix: str) -> bool:
        """Say whether a picture is wanted whose name begins and ends so."""
        names = self.wanted
        return names is None or any(n.startswith(prefix) and n.endswith(suffix) for n in names)

    def shoot(self, page: Page, name: str) -> None:
        if self.wanted is not None and name not in self.wanted:
            return
        page.wait_for_timeout(700)  # transitions of the page itself
        page.screenshot(path=self.folder / f"{name}.png", animations="disabled")
        click.echo(f"{name}.png")


@contextmanager
def staged(url: str, password: str, room: Account) -> Iterator[Scene]:
    """Report the calls, take each as far as its stage, and end them all afterwards."""
    calls = islice(made_up_calls(Random(20260310), read_cells(), 2, 40.0), len(STAGES))  # noqa: S311
    with ExitStack() as signed_in:
        officers: dict[str, Account] = {}
        tasks, to_sign, to_report = [], [], []
        for stage, call in zip(STAGES, calls, strict=True):
            incident = room.post(
                "/incidents",
                {
                    "source": "pictures",
                    "external_id": str(uuid.uuid4()),
                    "category": call.category,
                    "priority": call.priority,
                    "lon": call.lon,
                    "lat": call.lat,
                    "address": call.address,
                    "description": call.description,
                },
            )
            task, who = incident["task"]["id"], incident["task"]["assignee"]["username"]
            tasks.append(task)
            if who not in officers:
                officers[who] = signed_in.enter_context(Account(url, who, password))
            for verb, data in VERBS[:stage]:
                officers[who].command(task, verb, **data)
            if stage > len(VERBS):
                room.command(task, "close")
            if stage == 0 and who.isdigit():
                to_sign.append((who, task))
            if stage == AT_THE_SCENE and who.isdigit():
                to_report.append((who, task))
        try:
            yield Scene(tuple(tasks), *to_sign[0], *to_report[0])
        finally:
            for task in tasks:
                if room.get(f"/tasks/{task}")["state"] not in {"closed", "reported"}:
                    room.command(task, "cancel", reason="演示图片用")


def take(
    camera: Camera,
    browser: Browser,
    url: str,
    password: str,
    scene: Scene,
    locale: str,
    name: str,
    theme: str,
) -> None:
    """Take the pictures of one language and theme."""
    looks: dict[str, Any] = {"base_url": url, "locale": locale, "color_scheme": theme}
    with browser.new_context(viewport=DESKTOP, **looks) as context:
        page = context.new_page()
        page.goto("/login")
        camera.shoot(page, f"login-{name}")
        sign_in(page, "command", password)
        settle(page)
        camera.shoot(page, f"command-{name}")
        board.take(page, name, camera.shoot)
        page.get_by_test_id(f"queue-item-{scene.tasks[4]}").click()
        expect(page.get_by_test_id("task-drawer")).to_be_visible()
        settle(page)
        camera.shoot(page, f"task-{name}")
        page.get_by_test_id("explain").click()
        expect(page.get_by_test_id("explanation")).to_be_visible()
        camera.shoot(page, f"decision-{name}")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.get_by_test_id("account").click()
        page.get_by_test_id("mobilise").click()
        page.get_by_test_id("mobilise-why").fill("山火扑救")
        page.get_by_test_id("mobilise-by").fill("值班局长")
        camera.shoot(page, f"mobilise-{name}")
        page.keyboard.press("Escape")
        intake.take(page, name, camera.shoot)
        page.get_by_test_id("to-duty").click()
        expect(page.locator('[data-testid^="shift-"][title]').first).to_be_visible()
        page.get_by_test_id("void-toggle").click(force=True)
        camera.shoot(page, f"duty-{name}")
        page.get_by_test_id("more-pages").click()
        page.get_by_test_id("to-tables").click()
        expect(page.get_by_test_id("row-bureau/criminal")).to_be_visible()
        camera.shoot(page, f"tables-{name}")
    with browser.new_context(viewport=HANDHELD, device_scale_factor=2, **looks) as context:
        page = context.new_page()
        page.goto("/login")
        camera.shoot(page, f"login-handheld-{name}")
        sign_in(page, scene.officer, password)
        row = page.get_by_test_id(f"task-{scene.officers_task}")
        expect(row).to_be_visible()
        camera.shoot(page, f"handheld-tasks-{name}")
        row.click()
        settle(page)
        camera.shoot(page, f"handheld-task-{name}")
        page.get_by_test_id("back").click()
        page.get_by_test_id("tab-map").click()
        settle(page)
        camera.shoot(page, f"handheld-map-{name}")
        page.get_by_test_id("tab-duty").click()
        expect(page.get_by_test_id("duty-now")).to_be_visible()
        camera.shoot(page, f"handheld-duty-{name}")
        page.get_by_test_id("offer").first.click()
        camera.shoot(page, f"handheld-swap-{name}")
        page.get_by_test_id("swap-sheet").get_by_role("button").first.click()
        page.get_by_test_id("tab-me").click()
        camera.shoot(page, f"handheld-me-{name}")
    with browser.new_context(viewport=HANDHELD, device_scale_factor=2, **looks) as context:
        page = context.new_page()
        page.goto("/login")
        sign_in(page, scene.reporter, password)
        page.get_by_test_id(f"task-{scene.reporters_task}").click()
        page.get_by_test_id("verb-report").click()
        page.get_by_test_id("report-outcome-resolved").click()
        page.get_by_test_id("report-text").fill("现场已勘查，嫌疑人一名已带回派出所。")
        page.get_by_test_id("report-suspects").fill("1")
        page.get_by_test_id("report-offences").fill("1")
        camera.shoot(page, f"handheld-report-{name}")


def take_exchange(
    camera: Camera, browser: Browser, password: str, name: str, looks: dict[str, Any]
) -> None:
    """Take the admin's pictures of other agencies in one language and theme."""
    with browser.new_context(viewport=DESKTOP, **looks) as context:
        page = context.new_page()
        page.goto("/login")
        sign_in(page, "admin", password)
        exchange.take(page, name, camera.shoot)


def take_workshop(
    camera: Camera,
    browser: Browser,
    url: str,
    password: str,
    drafts: workshop.Drafts,
    name: str,
    looks: dict[str, Any],
) -> None:
    """Take the GIS admin's pictures of one language and theme."""
    with browser.new_context(base_url=url, viewport=DESKTOP, **looks) as context:
        page = context.new_page()
        page.goto("/login")
        sign_in(page, "gis", password)
        settle(page)
        workshop.take(page, name, drafts, camera.shoot)


def sign_in(page: Page, username: str, password: str) -> None:
    page.get_by_test_id("login-username").fill(username)
    page.get_by_test_id("login-password").fill(password)
    page.get_by_test_id("login-submit").click()
    expect(page).not_to_have_url(re.compile("login"))


def settle(page: Page) -> None:
    """Wait until the map has drawn what it shows."""
    expect(page.get_by_test_id("map").first).to_have_attribute("data-ready", "true", timeout=30_000)
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
