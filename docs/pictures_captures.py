"""The pictures of field capture: being written, what became of some, and at the desk."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import shapely
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect
from shapely import Point

from docs.studio import County, PictureSet, Studio, drawn
from gridserver.demo.county import read_cells

OFFICER = "330824001"
#: kind, name, text of what is captured beforehand, and whether it is accepted.
_BEFORE = (
    ("place", "文化礼堂停车场", "新建，地图上没有。", True),
    ("address_correction", "虹桥村 12 号", "门牌重编，原为 8 号。", False),
)
_WHY_NOT = "与门牌登记不一致，请核实。"
_HAZARD = "山坡落石，占半幅路面。"
_PLACE = ("滨江广场", "本周启用，地图上没有。")


@dataclass(frozen=True)
class Scene:
    """Where the officer stands (EPSG:4326), and what their camera sees."""

    lon: float
    lat: float
    photo: bytes


@contextmanager
def staged(_browser: Browser, county: County) -> Iterator[Scene]:
    """Capture some things and decide on them."""
    cell = max((cell.shape for cell in read_cells()), key=lambda each: each.area)
    at = Point(shapely.maximum_inscribed_circle(cell).coords[0])
    with county.account(OFFICER) as officer, county.account("gis") as gis:
        for kind, name, text, accepted in _BEFORE:
            said = {"kind": kind, "name": name, "text": text, "lon": at.x, "lat": at.y}
            made = officer.post("/captures", said)["capture"]["id"]
            if accepted:
                gis.post(f"/captures/{made}/accept", {})
            else:
                gis.post(f"/captures/{made}/decline", {"reason": _WHY_NOT})
    yield Scene(at.x, at.y, _road())


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


def take(studio: Studio, scene: Scene) -> None:
    """Take the pictures of one look."""
    here = {"longitude": scene.lon, "latitude": scene.lat, "accuracy": 12}
    with studio.handheld(OFFICER, geolocation=here, permissions=["geolocation"]) as page:
        page.get_by_test_id("to-capture").click()
        _write(page, scene, "hazard", "", _HAZARD)
        page.get_by_test_id("capture-send").click()
        expect(page.get_by_test_id("capture-known").first).to_contain_text(_HAZARD)
        page.get_by_test_id("capture-show-form").click()
        _write(page, scene, "place", *_PLACE)
        page.get_by_test_id("capture-kind-place").scroll_into_view_if_needed()
        studio.shoot(page, "handheld-capture")
        page.get_by_test_id("capture-send").click()
        expect(page.get_by_test_id("capture-known").first).to_contain_text(_PLACE[0])
        expect(page.get_by_test_id("photos-sending")).to_be_hidden()
        studio.shoot(page, "handheld-captured")
    with studio.desk("/captures", "gis") as page:
        drawn(page, "capture-map")
        studio.shoot(page, "captures")


def _write(page: Page, scene: Scene, kind: str, title: str, text: str) -> None:
    drawn(page, "capture-map")
    page.get_by_test_id(f"capture-kind-{kind}").click()
    photo = {"name": "IMG.jpg", "mimeType": "image/jpeg", "buffer": scene.photo}
    page.get_by_test_id("photo-input").set_input_files(photo)
    expect(page.get_by_test_id("photo").locator("img")).to_be_visible()
    page.get_by_test_id("capture-name").fill(title)
    page.get_by_test_id("capture-text").fill(text)


PICTURES = PictureSet(("handheld-capture", "handheld-captured", "captures"), take, staged)
