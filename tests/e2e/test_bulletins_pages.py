"""A missing child, from the report to an officer's hand and back: few steps, two persons, and what
is kept without signal goes when it is over."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.axe import assert_accessible
from tests.browser import HANDHELD
from tests.e2e.bulletining import NAME, ROOM, STATION, chosen, on_duty_in
from tests.e2e.handhelds import CommandRoom
from tests.e2e.hands import Hand
from tests.photos import photo

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]

DESCRIPTION = f"{NAME}，女，9岁，身高约130厘米，穿红色外套。"
#: From the board of the room to the last press.
MOST_STEPS, MOST_SECONDS = 6, 120
#: A count of the panel is asked for every ten seconds.
COUNTED_MS = 60_000
#: Of a photo, small enough to be sent as it is.
SIDE_PX = 240


@pytest.fixture
def on_duty(served: str) -> str:
    """An officer of the station who is on duty now."""
    return on_duty_in(served, STATION)[0]


def write_draft(room: Page, number: str) -> int:
    """Write a bulletin that waits for its second person."""
    room.get_by_test_id("to-bulletins").click()
    room.get_by_test_id("write-bulletin").click()
    room.get_by_test_id("bulletin-number").fill(number)
    room.get_by_test_id("bulletin-fact").fill(DESCRIPTION)
    room.get_by_test_id("bulletin-urgent").uncheck()
    room.get_by_test_id("confirm").click()
    expect(room.get_by_test_id("bulletin-state")).to_have_text("待批准")
    return chosen(room)


def open_at_the_bureau(desk: Page, bulletin: int) -> None:
    """Choose a station's bulletin at a desk of the bureau."""
    desk.get_by_test_id("to-bulletins").click()
    desk.get_by_test_id("bulletins-unit").select_option(STATION)
    desk.get_by_test_id(f"bulletin-{bulletin}").click()
    expect(desk.get_by_test_id("bulletin-panel")).to_be_visible()


def end(page: Page, verb: str, reason: str, state: str) -> None:
    """Resolve or withdraw the bulletin that stands open."""
    page.get_by_test_id(f"bulletin-{verb}").click()
    page.get_by_test_id("end-reason").fill(reason)
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("bulletin-state")).to_have_text(state)


def is_refused(form: Page, what: str) -> None:
    """Check that the form names what is missing, and sends nothing."""
    expect(form.get_by_test_id("lacking")).to_contain_text(what)
    expect(form.get_by_test_id("confirm")).to_be_disabled()


def test_the_form_refuses_what_lacks_its_ground_its_area_or_its_end(
    open_page: OpenPage, sign_in: SignIn
) -> None:
    room = sign_in(open_page("/login"), ROOM)
    room.get_by_test_id("to-bulletins").click()
    room.get_by_test_id("write-bulletin").click()
    sent: list[Request] = []
    room.on("request", lambda each: _writes(each) and sent.append(each))
    send, field = room.get_by_test_id("confirm"), room.get_by_test_id
    is_refused(room, "依据文书编号")
    expect(field("bulletin-number")).to_be_focused()
    assert_accessible(room)
    field("bulletin-number").fill("1号")
    is_refused(room, "已核实情况")
    field("bulletin-fact").fill("女，9岁。")
    expect(send).to_be_enabled()

    field("bulletin-more").click()
    authority = field("bulletin-authority").input_value()
    for name, empty, full, what in (
        ("bulletin-authority", "", authority, "出具机关"),
        ("bulletin-date", "", "2026-03-10", "文书日期"),
        ("bulletin-lasts", "", "24", "有效时间"),
        ("bulletin-lasts", "73", "72", "有效时间"),
    ):
        field(name).fill(empty)
        is_refused(room, what)
        field(name).fill(full)
        expect(send).to_be_enabled()

    field("bulletin-reach").select_option("whole")
    is_refused(room, "协查范围")
    field("bulletin-whole-reason").fill("可能已乘车离开")
    expect(send).to_be_enabled()
    field("bulletin-to-do").fill("发现后立即抓捕")
    expect(field("word-of-arrest")).to_contain_text("抓捕")
    expect(send).to_be_disabled()
    field("bulletin-fact").press("Control+Enter")
    field("bulletin-to-do").fill("联系值班室")
    expect(send).to_be_enabled()
    assert sent == []


def _writes(request: Request) -> bool:
    return request.method != "GET" and "/bulletins" in request.url


def test_a_bureau_names_who_needs_to_know(open_page: OpenPage, sign_in: SignIn) -> None:
    desk = sign_in(open_page("/login", locale="en"), "command-2")
    desk.get_by_test_id("to-bulletins").click()
    desk.get_by_test_id("write-bulletin").click()
    desk.get_by_test_id("bulletin-number").fill("No. 1")
    desk.get_by_test_id("bulletin-fact").fill("A girl of nine.")
    is_refused(desk, "area")
    desk.get_by_test_id("bulletin-units").click()
    units = desk.locator(".el-select-dropdown__item:visible")
    expect(units.filter(has_text="Qixi Station")).to_be_visible()
    expect(units.filter(has_text="Kaihua County")).to_have_count(0)
    units.filter(has_text="Qixi Station").click()
    expect(desk.get_by_test_id("confirm")).to_be_enabled()


def send_urgent(room: Page) -> int:
    """Send a missing child's bulletin through the form, as fast as a person does."""
    hand = Hand(room)
    hand.click("to-bulletins")
    hand.click("write-bulletin")
    hand.type("bulletin-number", "开公接字〔2026〕1123号")
    hand.type("bulletin-fact", DESCRIPTION)
    hand.type("bulletin-place", "芹阳小学门口")
    hand.click("confirm")
    number = chosen(room)
    assert hand.steps <= MOST_STEPS
    assert hand.seconds < MOST_SECONDS
    return number


def test_a_missing_child_reaches_an_officer_and_goes_again(
    open_page: OpenPage, sign_in: SignIn, on_duty: str
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
    expect(room.get_by_test_id("count-read")).to_have_text("1", timeout=COUNTED_MS)

    desk = sign_in(open_page("/login"), "command")
    open_at_the_bureau(desk, number)
    expect(desk.get_by_test_id("bulletin-panel")).not_to_contain_text(NAME)
    expect(desk.get_by_test_id("bulletin-approve")).to_be_disabled()
    expect(desk.get_by_test_id("read-first")).to_be_visible()
    desk.get_by_test_id("bulletin-look").click()
    expect(desk.get_by_test_id("bulletin-text")).to_contain_text(NAME)
    assert_accessible(desk)
    desk.get_by_test_id("bulletin-approve").click()
    for page in (desk, room):
        expect(page.get_by_test_id("bulletin-state")).to_have_text("已发布")
    expect(desk.get_by_test_id("bulletin-text")).to_contain_text(NAME)
    desk.get_by_test_id("bulletin-hide").click()
    expect(desk.get_by_test_id("bulletin-panel")).not_to_contain_text(NAME)

    # Without signal it is there, from the device's own seal; with the end of it, it is gone.
    expect(handheld.get_by_text("有效至")).to_be_visible()
    expect(handheld.get_by_text("30分钟内未批准")).to_have_count(0)
    handheld.context.set_offline(True)
    expect(handheld.get_by_test_id("link-state")).to_have_attribute("data-state", "offline")
    handheld.get_by_test_id("back").click()
    handheld.get_by_test_id(f"bulletin-{number}").click()
    expect(handheld.get_by_test_id("fact")).to_contain_text(NAME)

    end(room, "resolve", "已平安找到", "已办结")
    handheld.context.set_offline(False)
    expect(handheld.get_by_text("已失效")).to_be_visible()
    expect(handheld.get_by_test_id("bulletin")).to_have_count(0)
    handheld.get_by_test_id("back").click()
    expect(handheld.get_by_test_id(f"bulletin-{number}")).to_have_count(0)
    expect(room.get_by_test_id("bulletin-state")).to_have_text("已办结")


def say_that_it_may_be_approved(route: Route) -> None:
    """Answer as the server does, but for the verbs: a page that lies to its reader."""
    answer = route.fetch()
    route.fulfill(response=answer, body=json.dumps(answer.json() | {"allowed": ["approve"]}))


def test_who_wrote_it_does_not_approve_it(
    served: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    room = sign_in(open_page("/login", refused=(403,)), ROOM)
    number = write_draft(room, "开公接字〔2026〕1124号")
    expect(room.get_by_test_id("needs-another")).to_contain_text("请由另一名指挥室民警批准")
    approve = room.get_by_test_id("bulletin-approve")
    expect(approve).to_have_count(0)

    # Nor where the page offers it all the same.
    room.route(re.compile(f"/bulletins/{number}$"), say_that_it_may_be_approved)
    room.get_by_test_id(f"bulletin-{number}").click()
    room.get_by_test_id("bulletin-look").click()
    with room.expect_response(f"**/bulletins/{number}/steps") as answer:
        approve.click()
    assert answer.value.status == 403
    assert answer.value.json()["code"] == "bulletin.two_persons"
    expect(room.get_by_test_id("bulletin-panel")).to_contain_text("起草人不能批准")
    room.unroute_all(behavior="wait")

    api = CommandRoom(served)
    standing = api.get(f"/bulletins/{number}")
    assert (standing["state"], standing["approver"]) == ("draft", None)
    api.post(f"/bulletins/{number}/steps", {"verb": "withdraw", "reason": "测试完毕"})


def change(page: Page, fact: str) -> Locator:
    """Open the draft's form and write something else; return what saves it."""
    page.get_by_test_id("bulletin-edit").click()
    page.get_by_test_id("bulletin-fact").fill(fact)
    return page.get_by_test_id("confirm")


def test_a_draft_is_approved_as_it_was_read(open_page: OpenPage, sign_in: SignIn) -> None:
    room = sign_in(open_page("/login"), ROOM)
    number = write_draft(room, "开公接字〔2026〕1125号")
    desk = sign_in(open_page("/login", refused=(412,)), "command")
    open_at_the_bureau(desk, number)
    desk.get_by_test_id("bulletin-look").click()
    expect(desk.get_by_test_id("bulletin-approve")).to_be_enabled()
    save = change(desk, "另一说法。")
    expect(desk.get_by_text("修改后您即为起草人")).to_be_visible()

    # The room is faster, and nothing of it is lost.
    change(room, f"{DESCRIPTION}背黄色书包。").click()
    expect(room.get_by_role("dialog")).to_have_count(0)
    save.click()
    expect(desk.get_by_role("dialog")).to_contain_text("其他人已修改")
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)

    # Nor is it approved unread.
    expect(desk.get_by_test_id("bulletin-stale")).to_be_visible()
    expect(desk.get_by_test_id("bulletin-approve")).to_be_disabled()
    desk.get_by_test_id("bulletin-look").click()
    expect(desk.get_by_test_id("bulletin-text")).to_contain_text("黄色书包")
    desk.get_by_test_id("bulletin-approve").click()
    expect(desk.get_by_test_id("bulletin-state")).to_have_text("已批准")
    expect(desk.get_by_test_id("bulletin-edit")).to_have_count(0)
    desk.get_by_test_id("bulletin-issue").click()
    expect(desk.get_by_test_id("bulletin-state")).to_have_text("已发布")
    end(desk, "withdraw", "测试完毕", "已撤回")


def test_a_photo_comes_with_it(open_page: OpenPage, sign_in: SignIn, on_duty: str) -> None:
    room = sign_in(open_page("/login"), ROOM)
    room.get_by_test_id("to-bulletins").click()
    room.get_by_test_id("write-bulletin").click()
    room.get_by_test_id("bulletin-number").fill("开公接字〔2026〕1126号")
    room.get_by_test_id("bulletin-fact").fill(DESCRIPTION)
    picture = photo(side=SIDE_PX)
    chosen_file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.content}
    room.get_by_test_id("bulletin-photo").set_input_files([chosen_file])
    expect(room.get_by_test_id("photo")).to_have_count(1)
    room.get_by_test_id("confirm").click()
    expect(room.get_by_test_id("bulletin-state")).to_have_text("先行发布")
    number = chosen(room)
    room.get_by_test_id("bulletin-look").click()
    shown = room.get_by_test_id("bulletin-text").get_by_role("img", name="照片")
    expect(shown).to_have_js_property("naturalWidth", SIDE_PX)

    handheld = sign_in(open_page("/login", viewport=HANDHELD), on_duty)
    handheld.get_by_test_id("tab-bulletins").click()
    handheld.get_by_test_id(f"bulletin-{number}").click()
    held = handheld.get_by_test_id("bulletin").get_by_role("img", name="照片")
    expect(held).to_have_js_property("naturalWidth", SIDE_PX)
    end(room, "resolve", "已平安找到", "已办结")
    expect(handheld.get_by_text("已失效")).to_be_visible()
