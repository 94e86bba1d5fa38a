"""The pictures of bulletins: being written, at the desk of who approves, and on the handheld; what
officers saw, where it was read, and a message from another bureau."""

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
from docs.studio import County, PictureSet, Studio, drawn
from gridserver.bulletins import cap
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
_HOLDING, _READ = 5, 1
#: What the officer saw: by the road, and with a child of their own village.
_SEEN: tuple[dict[str, Any], ...] = (
    {"text": "桥头小卖部店主说十分钟前有一女孩来买水，穿红衣服。", "place": "左溪桥头"},
    {"text": "候车亭内一女孩独自避雨，红外套，黄书包。", "place": "田畈公交站"},
)
_REFUTED = "已联系家长，是本村学生，不是通报对象。"
_NOW_SEEN = ("沿步道往山上走，背黄色书包，步子很慢。", "步道口指示牌旁")
_SPOT = {"longitude": 118.33, "latitude": 29.355, "accuracy": 12}
_LOCATED = {"geolocation": _SPOT, "permissions": ["geolocation"]}
_THEIR_NUMBER = "衢公协字〔2026〕31号"


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
            written = room.post("/bulletins", _document(other))
            made = written["id"]
            stack.callback(_withdraw, room, made)
            approved = {"verb": "approve", "version": written["version"]}
            bureau.post(f"/bulletins/{made}/steps", approved)
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
        _held(studio.county, bulletin, [each["username"] for each in people[-_HOLDING:]])
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
        with studio.handheld(scene.officer, **_LOCATED) as page:
            page.get_by_test_id("tab-bulletins").click()
            row = page.get_by_test_id(f"bulletin-{bulletin}")
            expect(row.locator("b")).to_be_visible()
            studio.shoot(page, "handheld-bulletins")
            row.click()
            expect(page.get_by_test_id("bulletin").get_by_role("img")).to_be_visible()
            studio.shoot(page, "handheld-bulletin")
            _sight(studio, page, room, bulletin, scene)
        with studio.desk("/bulletins", ROOM) as page:
            page.get_by_test_id(f"bulletin-{bulletin}").click()
            _answered_and_counted(studio, page)
            _taken_in(studio, page)


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
    for nth, username in enumerate(reversed(people)):
        with county.account(username) as officer:
            officer.put(f"/bulletins/{bulletin}/copy", {})
            if nth < _READ:
                say(officer, f"/bulletins/{bulletin}", "read")


def _sight(studio: Studio, page: Page, room: Account, bulletin: int, scene: Scene) -> None:
    """Have the officer's first sighting refuted and the next one waited for; write a third."""
    at = {"lon": _SPOT["longitude"], "lat": _SPOT["latitude"]}
    with studio.county.account(scene.officer) as officer:
        for seen in _SEEN:
            say(officer, f"/bulletins/{bulletin}", "sight", **seen, **at)
    first = room.get(f"/bulletins/{bulletin}/sightings")["items"][0]["id"]
    said = {"verb": "refute", "text": _REFUTED}
    room.post(f"/bulletins/{bulletin}/sightings/{first}/answers", said)
    expect(page.get_by_test_id("sighting").last).to_have_attribute("data-state", "refuted")
    page.get_by_test_id("own-sightings-mark").click()
    studio.shoot(page, "handheld-sightings")
    page.get_by_test_id("sight").click()
    drawn(page, "capture-map")
    for field, words in zip(("sight-text", "sight-place"), _NOW_SEEN, strict=True):
        page.get_by_test_id(field).fill(words)
    studio.shoot(page, "handheld-sighting")


def _answered_and_counted(studio: Studio, page: Page) -> None:
    """Show what was seen, and then by cell where it was read."""
    page.get_by_test_id("sightings-look").click()
    page.get_by_test_id("sighting-to-map").first.click()
    drawn(page, "sighting-map")
    _to_the_top(page, "bulletin-sightings")
    studio.shoot(page, "bulletin-sightings")
    page.get_by_test_id("sightings-hide").click()
    page.get_by_test_id("cells-look").click()
    drawn(page, "bulletin-cells-map")
    _to_the_top(page, "bulletin-at-cells")
    studio.shoot(page, "bulletin-cells")


def _to_the_top(page: Page, test_id: str) -> None:
    page.get_by_test_id(test_id).evaluate("part => part.scrollIntoView({block: 'start'})")


def _taken_in(studio: Studio, page: Page) -> None:
    """Choose another bureau's message, as far as the last press."""
    page.get_by_test_id("cap-import").click()
    document = {"name": "quzhou-31.xml", "mimeType": "text/xml", "buffer": _message()}
    page.get_by_test_id("cap-file").set_input_files([document])
    page.get_by_test_id("cap-number").fill(_THEIR_NUMBER)
    expect(page.get_by_test_id("confirm")).to_be_enabled()
    studio.shoot(page, "bulletin-cap")


def _message() -> bytes:
    sent = dt.datetime.now(dt.UTC).replace(microsecond=0)
    info = cap.Info(category="Rescue", event="走失人员", description=_FACT)
    given = cap.CapMessage("31", "330800.command", sent, "Actual", "Alert", info=info)
    return cap.write(given, "内部")


PICTURES = PictureSet(
    (
        "bulletins",
        "bulletin-form",
        "handheld-bulletins",
        "handheld-bulletin",
        "handheld-sightings",
        "handheld-sighting",
        "bulletin-sightings",
        "bulletin-cells",
        "bulletin-cap",
    ),
    take,
    staged,
)
