"""The pictures of field capture: being written, what became of some, and at the desk.

Taken by itself: `python -m docs.pictures_captures --out FOLDER` beside `make serve`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import shapely
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect
from shapely import Point

from gridserver.base.settings import from_environment
from gridserver.demo import accounts
from gridserver.demo.clients import Account
from gridserver.demo.county import read_cells
from tests.browser import DESKTOP, HANDHELD, chromium

Shoot = Callable[[Page, str], None]

OFFICER = "330824001"
#: kind, name, text of what is captured beforehand, and whether it is accepted.
_BEFORE = (
    ("place", "文化礼堂停车场", "新建，地图上没有。", True),
    ("address_correction", "虹桥村 12 号", "门牌重编，原为 8 号。", False),
)
_HAZARD = "山坡落石，占半幅路面。"
_PLACE = ("滨江广场", "本周启用，地图上没有。")


@dataclass(frozen=True)
class Scene:
    """Where the officer stands (EPSG:4326), and what their camera sees."""

    lon: float
    lat: float
    photo: bytes


def staged(officer: Account, gis: Account) -> Scene:
    """Capture some things and decide on them."""
    cell = max((cell.shape for cell in read_cells()), key=lambda each: each.area)
    at = Point(shapely.maximum_inscribed_circle(cell).coords[0])
    for kind, name, text, accepted in _BEFORE:
        said = {"kind": kind, "name": name, "text": text, "lon": at.x, "lat": at.y}
        made = officer.post("/captures", said)["capture"]["id"]
        verdict: Mapping[str, str] = {} if accepted else {"reason": "与门牌登记不一致，请核实。"}
        gis.post(f"/captures/{made}/{'accept' if accepted else 'decline'}", dict(verdict))
    return Scene(at.x, at.y, _road())


def _road() -> bytes:
    """Draw a road in the hills."""
    picture = Image.new("RGB", (2000, 1500), "#8fa9c6")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, 1500), (700, 500), (1250, 1000), (2000, 420), (2000, 1500)], "#4d6344")
    draw.polygon([(800, 1500), (950, 780), (1040, 780), (1300, 1500)], "#5a5a60")
    for x, y, size in ((1010, 1180, 90), (1100, 1120, 60), (1060, 1010, 40)):
        draw.ellipse((x, y, x + size, y + size * 0.7), "#8a8378")
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


def take(
    browser: Browser,
    sign_in: Callable[[Page, str], None],
    scene: Scene,
    name: str,
    looks: dict[str, Any],
    shoot: Shoot,
) -> None:
    """Take the pictures of one language and theme."""
    here = {"longitude": scene.lon, "latitude": scene.lat, "accuracy": 12}
    with browser.new_context(
        viewport=HANDHELD,
        device_scale_factor=2,
        geolocation=here,
        permissions=["geolocation"],
        **looks,
    ) as context:
        page = context.new_page()
        page.goto("/login")
        sign_in(page, OFFICER)
        page.get_by_test_id("to-capture").click()
        _write(page, scene, "hazard", "", _HAZARD)
        page.get_by_test_id("capture-send").click()
        expect(page.get_by_test_id("capture-known").first).to_contain_text(_HAZARD)
        page.get_by_test_id("capture-show-form").click()
        _write(page, scene, "place", *_PLACE)
        page.get_by_test_id("capture-kind-place").scroll_into_view_if_needed()
        shoot(page, f"handheld-capture-{name}")
        page.get_by_test_id("capture-send").click()
        expect(page.get_by_test_id("capture-known").first).to_contain_text(_PLACE[0])
        expect(page.get_by_test_id("photos-sending")).to_be_hidden()
        shoot(page, f"handheld-captured-{name}")
    with browser.new_context(viewport=DESKTOP, **looks) as context:
        page = context.new_page()
        page.goto("/captures")
        sign_in(page, "gis")
        expect(page.get_by_test_id("capture-map")).to_have_attribute("data-ready", "true")
        shoot(page, f"captures-{name}")


def _write(page: Page, scene: Scene, kind: str, title: str, text: str) -> None:
    expect(page.get_by_test_id("capture-map")).to_have_attribute("data-ready", "true")
    page.get_by_test_id(f"capture-kind-{kind}").click()
    photo = {"name": "IMG.jpg", "mimeType": "image/jpeg", "buffer": scene.photo}
    page.get_by_test_id("photo-input").set_input_files(photo)
    expect(page.get_by_test_id("photo").locator("img")).to_be_visible()
    page.get_by_test_id("capture-name").fill(title)
    page.get_by_test_id("capture-text").fill(text)


@click.command()
@click.option("--url", default="http://localhost:8000", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(url: str, out: Path) -> None:
    """Take these pictures, in both languages, by day and night, into a folder."""
    expect.set_options(timeout=30_000)  # the map is drawn without a graphics card
    password = accounts.password(from_environment(os.environ))
    out.mkdir(parents=True, exist_ok=True)

    def sign_in(page: Page, username: str) -> None:
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(password)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("login-submit")).to_have_count(0)

    def shoot(page: Page, name: str) -> None:
        page.wait_for_timeout(1500)  # the map's labels, and transitions of the page itself
        page.screenshot(path=out / f"{name}.png", animations="disabled")
        click.echo(f"{name}.png")

    with ExitStack() as stack:
        officer, gis = (
            stack.enter_context(Account(url, who, password)) for who in (OFFICER, "gis")
        )
        scene = staged(officer, gis)
        browser = stack.enter_context(chromium())
        for locale, short in (("zh-CN", "zh"), ("en", "en")):
            for theme in ("light", "dark"):
                looks = {"base_url": url, "locale": locale, "color_scheme": theme}
                take(browser, sign_in, scene, f"{short}-{theme}", looks, shoot)


if __name__ == "__main__":
    main()
