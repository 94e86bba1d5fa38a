"""The pictures of the command map: layers, heat, the map alone, and playback.

Taken by itself: `python -m docs.pictures_map --out FOLDER` beside `make serve`. In the docs the
calls of `docs.pictures` are on the map.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Browser, Page, expect

from gridserver.base.settings import from_environment
from gridserver.demo import accounts
from tests.browser import DESKTOP, chromium

Shoot = Callable[[Page, str], None]
SignIn = Callable[[Page, str], None]

WALL = {"width": 2560, "height": 1440}
_PURPOSE = {"zh-CN": "复盘昨夜警情", "en": "review of last night"}


def take(browser: Browser, sign_in: SignIn, name: str, looks: dict[str, Any], shoot: Shoot) -> None:
    """Take the pictures of one language and theme at a desk's size."""
    with browser.new_context(viewport=DESKTOP, **looks) as context:
        page = context.new_page()
        page.goto("/command")
        sign_in(page, "command")
        _ready(page, "map")
        _layers(page)
        shoot(page, f"map-load-{name}")
        page.get_by_test_id("layers").click()
        page.get_by_test_id("cells-category").check()
        page.keyboard.press("Escape")
        shoot(page, f"map-category-{name}")
        page.get_by_test_id("layers").click()
        page.get_by_test_id("cells-station").check()
        page.get_by_test_id("show-heat").check()
        page.keyboard.press("Escape")
        shoot(page, f"map-heat-{name}")
        page.goto("/playback")
        _play(page, _PURPOSE[looks["locale"]])
        shoot(page, f"playback-{name}")


def take_large(
    browser: Browser, sign_in: SignIn, name: str, looks: dict[str, Any], shoot: Shoot
) -> None:
    """Take the board and the map alone on a large screen."""
    with browser.new_context(viewport=WALL, **looks) as context:
        page = context.new_page()
        page.goto("/command")
        sign_in(page, "command")
        _ready(page, "map")
        shoot(page, f"command-large-{name}")
        page.goto("/map")
        _ready(page, "map")
        shoot(page, f"map-alone-{name}")


def _ready(page: Page, test_id: str) -> None:
    expect(page.get_by_test_id(test_id)).to_have_attribute("data-ready", "true")


def _layers(page: Page) -> None:
    """Colour the cells by the calls of a month."""
    page.get_by_test_id("layers").click()
    page.get_by_test_id("cells-load").check()
    page.get_by_test_id("load-basis").select_option("calls")
    page.get_by_test_id("load-days").select_option("30")
    page.keyboard.press("Escape")


def _play(page: Page, purpose: str) -> None:
    _ready(page, "playback-map")
    page.get_by_test_id("last-24").click()
    page.get_by_test_id("playback-positions").check()
    page.get_by_test_id("playback-purpose").fill(purpose)
    page.get_by_test_id("playback-open").click()
    page.get_by_test_id("moment").press("End")


@click.command()
@click.option("--url", default="http://localhost:8000", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(url: str, out: Path) -> None:
    """Take these pictures, in both languages, by day and night, into a folder."""
    expect.set_options(timeout=60_000)  # the map is drawn without a graphics card
    password = accounts.password(from_environment(os.environ))
    out.mkdir(parents=True, exist_ok=True)

    def sign_in(page: Page, username: str) -> None:
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(password)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("login-submit")).to_have_count(0)

    def shoot(page: Page, name: str) -> None:
        page.wait_for_timeout(3000)  # the map's labels, and transitions of the page itself
        page.screenshot(path=out / f"{name}.png", animations="disabled")
        click.echo(f"{name}.png")

    with chromium() as browser:
        for locale, short in (("zh-CN", "zh"), ("en", "en")):
            for theme in ("light", "dark"):
                looks = {"base_url": url, "locale": locale, "color_scheme": theme}
                take(browser, sign_in, f"{short}-{theme}", looks, shoot)
                take_large(browser, sign_in, f"{short}-{theme}", looks, shoot)


if __name__ == "__main__":
    main()
