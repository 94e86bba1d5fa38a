"""The pictures of bulletins: being written, at the desk of who approves, and on the handheld."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from docs.pictures_orders import say
from docs.studio import County, PictureSet, Studio
from gridserver.demo.clients import Account

STATION = "33082407"
ROOM = f"room-{STATION}"
_NUMBER = "开公（齐溪）接字〔2026〕1123号"
_FACT = "甄小北，女，9岁，身高约130厘米，短发，穿红色外套、蓝色校裤，背黄色书包。"
_PLACE = "齐溪镇中心小学东门"
#: What stands in the list beside the missing child: written by the station, approved by the bureau.
_OTHERS: tuple[dict[str, Any], ...] = (
    {
        "kind": "protection_order",
        "basis": ("protection_order", "（2026）浙0824民保令3号", "开化县人民法院"),
        "fact": "申请人住齐溪镇，被申请人已接到裁定，不得接近其住所。",
        "to_do": "核实有无违反保护令的情形，保护申请人安全，报告发布单位。",
        "not_to_do": "不要向被申请人透露申请人的住处和行踪。",
    },
    {
        "kind": "warrant",
        "basis": ("arrest_warrant", "开公捕字〔2026〕18号", "开化县公安局"),
        "fact": "男，四十岁上下，身高约175厘米，左手背有烫伤疤痕。",
        "to_do": "核实身份，报告发布单位确认后依法处置。",
        "not_to_do": "未经发布单位确认，不要采取强制措施。",
    },
)
#: Officers whose handhelds took a copy, and how many of them opened it.
_HOLDING, _READ = 5, 3


@dataclass(frozen=True)
class Scene:
    """The officer on whose handheld it is shown, and the photo that comes with it."""

    officer: str
    photo: bytes


@contextmanager
def staged(_browser: Browser, county: County) -> Iterator[Scene]:
    """Issue the other bulletins, and withdraw them at the end."""
    with county.account(ROOM) as room, county.account("command") as bureau, ExitStack() as stack:
        for other in _OTHERS:
            made = room.post("/bulletins", _document(other))["id"]
            stack.callback(_withdraw, room, made)
            bureau.post(f"/bulletins/{made}/steps", {"verb": "approve"})
            bureau.post(f"/bulletins/{made}/steps", {"verb": "issue"})
        people = room.get(f"/bulletins/{made}/recipients")["items"]
        yield Scene(people[-1]["username"], _portrait())


def _document(other: dict[str, Any]) -> dict[str, Any]:
    kind, number, authority = other["basis"]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return {
        "unit": STATION,
        "kind": other["kind"],
        "basis": {"type": kind, "number": number, "authority": authority, "date": today},
        "area": {"units": [STATION]},
        "lasts_h": 168,
        "contents": {name: other[name] for name in ("fact", "to_do", "not_to_do")},
    }


def _withdraw(room: Account, bulletin: int) -> None:
    said = {"verb": "withdraw", "reason": "演示图片用"}
    room.post(f"/bulletins/{bulletin}/steps", said)


def _portrait() -> bytes:
    """Draw a child whom nobody knows."""
    picture = Image.new("RGB", (720, 900), "#c9d6e2")
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((130, 600, 590, 1000), 150, "#c8403a")
    draw.rectangle((310, 520, 410, 660), "#e8b995")
    draw.ellipse((190, 130, 530, 560), "#2e2622")
    draw.ellipse((220, 190, 500, 570), "#f0c6a4")
    draw.pieslice((200, 130, 520, 420), 180, 360, "#2e2622")
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


def take(studio: Studio, scene: Scene) -> None:
    """Take the pictures of one look: a missing child's bulletin, from the form to the handheld."""
    with studio.county.account(ROOM) as room, ExitStack() as stack:
        with studio.desk("/bulletins", ROOM) as page:
            bulletin = _write(studio, page, scene)
        stack.callback(_withdraw, room, bulletin)
        people = room.get(f"/bulletins/{bulletin}/recipients")["items"]
        _held(studio.county, bulletin, [each["username"] for each in people[:_HOLDING]])
        with studio.desk("/bulletins", "command-2") as page:
            page.get_by_test_id("bulletins-unit").select_option(STATION)
            page.get_by_test_id(f"bulletin-{bulletin}").click()
            page.get_by_test_id("bulletin-look").click()
            expect(page.get_by_test_id("bulletin-text").get_by_role("img")).to_be_visible()
            expect(page.get_by_test_id("count-read")).to_have_text(str(_READ))
            page.wait_for_load_state("networkidle")
            studio.shoot(page, "bulletins")
            page.get_by_test_id("bulletin-approve").click()
            expect(page.get_by_test_id("bulletin-approve")).to_have_count(0)
        with studio.handheld(scene.officer) as page:
            page.get_by_test_id("tab-bulletins").click()
            row = page.get_by_test_id(f"bulletin-{bulletin}")
            expect(row.locator("b")).to_be_visible()
            studio.shoot(page, "handheld-bulletins")
            row.click()
            expect(page.get_by_test_id("bulletin").get_by_role("img")).to_be_visible()
            studio.shoot(page, "handheld-bulletin")


def _write(studio: Studio, page: Page, scene: Scene) -> int:
    page.get_by_test_id("write-bulletin").click()
    page.get_by_test_id("bulletin-number").fill(_NUMBER)
    page.get_by_test_id("bulletin-fact").fill(_FACT)
    page.get_by_test_id("bulletin-place").fill(_PLACE)
    chosen = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": scene.photo}
    page.get_by_test_id("bulletin-photo").set_input_files([chosen])
    expect(page.get_by_test_id("photo")).to_be_visible()
    studio.shoot(page, "bulletin-form")
    page.get_by_test_id("confirm").click()
    row = page.locator("[aria-current=true][data-testid^=bulletin-]")
    return int((row.get_attribute("data-testid") or "").rsplit("-", 1)[1])


def _held(county: County, bulletin: int, people: list[str]) -> None:
    """Have officers' handhelds take a copy, and some of them open it."""
    for nth, username in enumerate(people):
        with county.account(username) as officer:
            officer.put(f"/bulletins/{bulletin}/copy", {})
            if nth < _READ:
                say(officer, f"/bulletins/{bulletin}", "read")


PICTURES = PictureSet(
    ("bulletins", "bulletin-form", "handheld-bulletins", "handheld-bulletin"), take, staged
)
