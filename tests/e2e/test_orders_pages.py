"""An order from the desk to a station: answered at once, answered without signal, and recalled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import HANDHELD
from tests.e2e.handhelds import CommandRoom

STATION = "33082405"
#: Two officers of that station.
NEAR, FAR = "330824081", "330824082"
TITLE = "夜间设卡"


@pytest.fixture(autouse=True)
def orders_recalled(served: str) -> Iterator[None]:
    """Recall what was sent: an urgent order that nobody opened stays on top of the next one."""
    room = CommandRoom(served)

    def recall(order: dict[str, Any]) -> None:
        room.post(f"/orders/{order['id']}/recall", {"reason": "试验结束"})

    with room.undone("/orders", recall):
        yield


@pytest.fixture
def desk(open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]) -> Page:
    page = sign_in(open_page("/login"), "command")
    page.get_by_test_id("to-orders").click()
    expect(page.get_by_test_id("orders")).to_be_visible()
    return page


@pytest.fixture
def handheld(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> Callable[[str], Page]:
    def handheld(username: str) -> Page:
        page = sign_in(open_page("/login", viewport=HANDHELD), username)
        page.get_by_test_id("tab-messages").click()
        expect(page.get_by_test_id("messages")).to_be_visible()
        expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
        return page

    return handheld


def compose(desk: Page) -> None:
    """Write an urgent order that asks for a choice within half an hour."""
    desk.get_by_test_id("compose-title").fill(TITLE)
    desk.get_by_test_id("compose-text").fill("22:00 在城西路口设卡，请报能否到位。")
    desk.get_by_test_id("compose-urgency").select_option("urgent")
    desk.get_by_test_id("compose-asks").select_option("choice")
    desk.get_by_test_id("within-30").click()


def send_to(desk: Page, *officers: str) -> int:
    """Send it to these officers and return the order's id."""
    desk.get_by_test_id("compose").click()
    compose(desk)
    desk.get_by_test_id("compose-unit").select_option(STATION)
    picker = desk.get_by_test_id("audience-officers")
    for officer in officers:
        picker.locator("input").fill(officer)
        desk.get_by_role("option", name=re.compile(f"^{officer}")).click()
    desk.get_by_test_id("compose-title").click()  # which closes the list
    count = desk.get_by_test_id("audience-count")
    expect(count).to_have_attribute("data-people", str(len(officers)))
    desk.get_by_test_id("confirm").click()
    panel = desk.get_by_test_id("order-panel")
    expect(panel).to_contain_text(TITLE)
    return shown(desk)


def shown(desk: Page) -> int:
    """Return the id of the order that is looked at."""
    row = desk.locator("[aria-current=true][data-testid^=order-]")
    expect(row).to_be_visible()
    return int((row.get_attribute("data-testid") or "").rsplit("-", 1)[1])


def answer(officer: Page, nth: int) -> None:
    officer.get_by_test_id(f"choice-{nth}").click()
    officer.get_by_test_id("answer").click()


def test_an_order_is_answered_near_and_far_and_recalled(
    desk: Page, handheld: Callable[[str], Page]
) -> None:
    near, far = handheld(NEAR), handheld(FAR)
    order_id = send_to(desk, NEAR, FAR)
    panel = desk.get_by_test_id("order-panel")
    expect(panel.get_by_test_id("progress-received")).to_contain_text("2/2")

    # An urgent order stays on top of every page until it is opened.
    for officer in (near, far):
        officer.get_by_test_id("tab-me").click()
        officer.get_by_test_id("urgent-order").click()
        expect(officer.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(panel.get_by_test_id("progress-read")).to_contain_text("2/2")
    answer(near, 0)
    expect(near.get_by_test_id("answer-standing")).to_have_attribute("data-status", "done")
    expect(panel.get_by_test_id("progress-answered")).to_contain_text("1/2")
    expect(panel.get_by_test_id(f"recipient-{NEAR}")).to_contain_text("能到")
    panel.get_by_test_id("filter-not_answered").click()
    expect(panel.get_by_test_id("recipients").locator("tbody tr")).to_have_count(1)
    panel.get_by_test_id("remind").click()
    expect(panel.get_by_test_id("reminded")).to_contain_text("1")

    # What is answered without signal waits on the device, and is sent once it is back.
    far.context.set_offline(True)
    expect(far.get_by_test_id("link-state")).not_to_have_attribute("data-state", "live")
    answer(far, 1)
    expect(far.get_by_test_id("answer-standing")).to_have_attribute("data-status", "queued")
    far.context.set_offline(False)
    expect(far.get_by_test_id("answer-standing")).to_have_attribute("data-status", "done")
    expect(panel.get_by_test_id("progress-answered")).to_contain_text("2/2")

    panel.get_by_test_id("recall").click()
    desk.get_by_test_id("recall-reason").fill("任务取消")
    desk.get_by_test_id("confirm").click()
    expect(panel.get_by_test_id("recall-note")).to_contain_text("任务取消")
    for officer in (near, far):
        expect(officer.get_by_test_id("recalled")).to_contain_text("任务取消")
        officer.get_by_test_id("back").click()
        others = officer.get_by_test_id("messages-others")
        expect(others.get_by_test_id(f"order-{order_id}")).to_be_visible()


def test_one_key_to_all_names_how_many(desk: Page, handheld: Callable[[str], Page]) -> None:
    officer = handheld(NEAR)
    desk.get_by_test_id("compose-all").click()
    compose(desk)
    desk.get_by_test_id("compose-asks").select_option("read")
    count = desk.get_by_test_id("audience-count")
    expect(count).to_have_attribute("data-people", re.compile(r"^[3-9]\d\d$"))
    people = count.get_attribute("data-people") or ""
    desk.get_by_test_id("confirm").click()
    expect(desk.get_by_test_id("confirm-all")).to_contain_text(people)
    desk.get_by_test_id("confirm").click()
    expect(desk.get_by_test_id("order-panel")).to_contain_text(f"/{people}")
    officer.get_by_test_id(f"order-{shown(desk)}").click()
    officer.get_by_test_id("answer").click()
    expect(officer.get_by_test_id("answer-standing")).to_have_attribute("data-status", "done")
    answered = desk.get_by_test_id("order-panel").get_by_test_id(f"recipient-{NEAR}")
    desk.get_by_test_id("filter-answered").click()
    expect(answered).to_be_visible()
    # The list is read at each answer that comes; while it is, everybody can be saved all the same.
    desk.route(re.compile(r"/recipients\?.*filter="), lambda _: None)
    desk.get_by_test_id("filter-not_read").click()
    with desk.expect_download() as download:
        desk.get_by_test_id("export").click()
    text = download.value.path().read_text("utf-8-sig")
    assert text.splitlines()[0].startswith("人员,单位,送达")
    assert len(text.splitlines()) == int(people) + 1
