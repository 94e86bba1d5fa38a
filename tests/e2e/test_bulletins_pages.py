"""A missing child, from the report to an officer's hand and back: few steps, two persons, and what
is kept without signal goes when it is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.axe import assert_accessible
from tests.browser import HANDHELD
from tests.e2e.handhelds import CommandRoom

STATION = "33082407"
ROOM = f"room-{STATION}"
NAME = "甄小北"
#: As many things to click, choose or type as a person needs less than two minutes for.
FEW = 6


class Hand:
    """A person at a desk, whose steps are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.steps = page, 0

    def click(self, name: str) -> None:
        self.steps += 1
        self.page.get_by_test_id(name).click()

    def type(self, name: str, text: str) -> None:
        self.steps += 1
        self.page.get_by_test_id(name).fill(text)


@pytest.fixture
def on_duty(served: str) -> str:
    """An officer of the station who is on duty now."""
    found = CommandRoom(served).get(f"/force/officers?unit={STATION}&limit=500")["items"]
    return next(each["username"] for each in found if each["on_duty"] and each["kind"] == "officer")


def send_urgent(room: Page) -> int:
    """Send a missing child's bulletin through the form; return its number."""
    hand = Hand(room)
    hand.click("to-bulletins")
    hand.click("write-bulletin")
    hand.type("bulletin-number", "开公接字〔2026〕1123号")
    hand.type("bulletin-fact", f"{NAME}，女，9岁，身高约130厘米，穿红色外套。")
    hand.type("bulletin-place", "芹阳小学门口")
    hand.click("confirm")
    row = room.locator("[aria-current=true][data-testid^=bulletin-]")
    expect(row).to_be_visible()
    assert hand.steps <= FEW
    return int((row.get_attribute("data-testid") or "").rsplit("-", 1)[1])


def test_the_form_says_what_is_missing(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> None:
    room = sign_in(open_page("/login"), ROOM)
    room.get_by_test_id("to-bulletins").click()
    room.get_by_test_id("write-bulletin").click()
    send, lacking = room.get_by_test_id("confirm"), room.get_by_test_id("lacking")
    expect(lacking).to_contain_text("依据文书编号")
    expect(send).to_be_disabled()
    expect(room.get_by_test_id("bulletin-number")).to_be_focused()
    assert_accessible(room)
    room.get_by_test_id("bulletin-number").fill("1号")
    room.get_by_test_id("bulletin-fact").fill("女，9岁。")
    expect(send).to_be_enabled()
    room.get_by_test_id("bulletin-reach").select_option("whole")
    expect(lacking).to_contain_text("协查范围")
    room.get_by_test_id("bulletin-reach").select_option("units")
    room.get_by_test_id("bulletin-lasts").fill("73")
    expect(lacking).to_contain_text("有效时间")
    room.get_by_test_id("bulletin-lasts").fill("72")
    room.get_by_test_id("bulletin-to-do").fill("发现后立即抓捕")
    expect(room.get_by_test_id("word-of-arrest")).to_contain_text("抓捕")
    expect(send).to_be_disabled()


def test_a_missing_child_reaches_an_officer_and_goes_again(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page], on_duty: str
) -> None:
    handheld = sign_in(open_page("/login", viewport=HANDHELD), on_duty)
    handheld.get_by_test_id("tab-bulletins").click()
    expect(handheld.get_by_test_id("link-state")).to_have_attribute("data-state", "live")

    room = sign_in(open_page("/login"), ROOM)
    number = send_urgent(room)
    expect(room.get_by_test_id("bulletin-state")).to_have_text("先行发布")
    expect(room.get_by_test_id("needs-another")).to_be_visible()
    expect(room.get_by_test_id("bulletin-approve")).to_have_count(0)

    row = handheld.get_by_test_id(f"bulletin-{number}")
    expect(row).to_contain_text("走失人员")
    expect(handheld.get_by_test_id("bulletins")).not_to_contain_text(NAME)
    row.click()
    expect(handheld.get_by_test_id("fact")).to_contain_text(NAME)
    expect(handheld.get_by_test_id("lead")).to_be_visible()
    assert_accessible(handheld)

    desk = sign_in(open_page("/login"), "command")
    desk.get_by_test_id("to-bulletins").click()
    desk.get_by_test_id("bulletins-unit").select_option(STATION)
    desk.get_by_test_id(f"bulletin-{number}").click()
    expect(desk.get_by_test_id("bulletin-panel")).not_to_contain_text(NAME)
    desk.get_by_test_id("bulletin-look").click()
    expect(desk.get_by_test_id("bulletin-text")).to_contain_text(NAME)
    assert_accessible(desk)
    desk.get_by_test_id("bulletin-approve").click()
    expect(desk.get_by_test_id("bulletin-state")).to_have_text("已发布")
    expect(room.get_by_test_id("bulletin-state")).to_have_text("已发布")

    # Without signal it is there, from the device's own seal; with the end of it, it is gone.
    expect(handheld.get_by_text("有效至")).to_be_visible()
    expect(handheld.get_by_text("30分钟内未批准")).to_have_count(0)
    handheld.context.set_offline(True)
    expect(handheld.get_by_test_id("link-state")).to_have_attribute("data-state", "offline")
    handheld.get_by_test_id("back").click()
    handheld.get_by_test_id(f"bulletin-{number}").click()
    expect(handheld.get_by_test_id("fact")).to_contain_text(NAME)

    room.get_by_test_id("bulletin-resolve").click()
    room.get_by_test_id("end-reason").fill("已平安找到")
    room.get_by_test_id("confirm").click()
    expect(room.get_by_test_id("bulletin-state")).to_have_text("已办结")
    handheld.context.set_offline(False)
    expect(handheld.get_by_text("已失效")).to_be_visible()
    expect(handheld.get_by_test_id("bulletin")).to_have_count(0)
    handheld.get_by_test_id("back").click()
    expect(handheld.get_by_test_id(f"bulletin-{number}")).to_have_count(0)
