"""A handheld without signal lets go of a bulletin by its own clock: what it said and its picture
can't be read any more, also where the clock is set back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import HANDHELD, PATIENCE
from tests.e2e.bulletining import kept_on, on_duty_in
from tests.e2e.handhelds import PIN, CommandRoom, enter, kept_by, set_pin, wait_until_installed
from tests.photos import photo
from tests.waiting import until

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]

STATION = "33082404"
ROOM = f"room-{STATION}"
NAME = "甄小西"
NUMBER = "开公接字〔2026〕3006号"
SIDE_PX = 240


@pytest.fixture
def room(served: str) -> CommandRoom:
    return CommandRoom(served, ROOM)


@pytest.fixture
def officer(served: str) -> str:
    return on_duty_in(served, STATION)[0]


@pytest.fixture
def unapproved(
    open_page: OpenPage, sign_in: SignIn, room: CommandRoom, officer: str
) -> Iterator[int]:
    """A missing child's bulletin with a photo, sent at once and approved by nobody; the officer is
    on duty by then."""
    page = sign_in(open_page("/login"), ROOM)
    page.get_by_test_id("to-bulletins").click()
    page.get_by_test_id("write-bulletin").click()
    page.get_by_test_id("bulletin-number").fill(NUMBER)
    page.get_by_test_id("bulletin-fact").fill(f"{NAME}，女，9岁，穿红色外套。")
    picture = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo(side=SIDE_PX).content}
    page.get_by_test_id("bulletin-photo").set_input_files([picture])
    expect(page.get_by_test_id("photo")).to_have_count(1)
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("bulletin-state")).to_have_text("先行发布")
    found = room.get(f"/bulletins?unit={STATION}")["items"]
    bulletin = next(each["id"] for each in found if each["basis"]["number"] == NUMBER)
    page.get_by_test_id("alarms-all").click()
    waits = page.get_by_test_id(f"alarm-unapproved:{bulletin}")
    expect(waits).to_contain_text("尚未批准")
    yield bulletin
    said = {"verb": "resolve", "reason": "测试完毕"}
    room.post(f"/bulletins/{bulletin}/steps", said)


@pytest.fixture
def handheld(open_page: OpenPage, sign_in: SignIn, officer: str, unapproved: int) -> Page:
    """The officer's handheld that has taken the bulletin and has no signal since."""
    page = sign_in(open_page("/login", viewport=HANDHELD), officer)
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
    wait_until_installed(page)
    set_pin(page)
    page.get_by_test_id("tab-bulletins").click()
    page.get_by_test_id(f"bulletin-{unapproved}").click()
    picture = page.get_by_test_id("bulletin").get_by_role("img", name="照片")
    expect(picture).to_have_js_property("naturalWidth", SIDE_PX)
    until(lambda: unapproved in kept_on(page), PATIENCE)
    page.context.set_offline(True)
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "offline")
    return page


def approve_by(room: CommandRoom, bulletin: int) -> dt.datetime:
    return dt.datetime.fromisoformat(room.get(f"/bulletins/{bulletin}")["approve_by"])


def test_unapproved_for_half_an_hour_it_goes_without_signal(
    handheld: Page, room: CommandRoom, unapproved: int
) -> None:
    over = approve_by(room, unapproved)
    page = handheld
    page.clock.set_fixed_time(over - dt.timedelta(minutes=1))
    expect(page.get_by_test_id("fact")).to_contain_text(NAME)
    assert not [each for each in kept_by(page) if NAME in each], "sealed while it is held"
    page.clock.set_fixed_time(over)
    expect(page.get_by_text("已失效")).to_be_visible()
    expect(page.get_by_test_id("bulletin")).to_have_count(0)
    expect(page.get_by_role("img", name="照片")).to_have_count(0)
    until(lambda: unapproved not in kept_on(page), PATIENCE)

    # Neither a reload nor another time brings it back.
    page.clock.set_fixed_time(over - dt.timedelta(minutes=29))
    page.reload()
    enter(page, PIN)
    expect(page.get_by_text("已失效")).to_be_visible()
    expect(page.get_by_test_id("bulletin")).to_have_count(0)

    # The server hasn't ended it yet, and hears that this terminal has it no more.
    page.context.set_offline(False)
    removed = f"/bulletins/{unapproved}/recipients?filter=removed"
    until(lambda: room.get(removed)["items"], PATIENCE)


def test_a_clock_that_is_set_back_keeps_it_no_longer(
    handheld: Page, room: CommandRoom, unapproved: int
) -> None:
    over = approve_by(room, unapproved)
    page = handheld
    page.clock.set_system_time(over - dt.timedelta(seconds=2))
    page.reload()
    expect(page.get_by_test_id("lock")).to_be_visible()
    page.clock.set_system_time(over - dt.timedelta(hours=2))
    page.reload()
    enter(page, PIN)
    expect(page.get_by_text("已失效")).to_be_visible()
    expect(page.get_by_test_id("bulletin")).to_have_count(0)
    until(lambda: unapproved not in kept_on(page), PATIENCE)
