"""The handheld without signal: what it keeps, who opens it, and when it lets go of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import HANDHELD
from tests.e2e.handhelds import (
    PIN,
    Call,
    CommandRoom,
    enter,
    kept_by,
    set_pin,
    wait_until_mapped,
)

ADDRESS = "解放街十七号三单元"
#: A cheap device under load: it seals what it keeps a while after it was given.
SEALS_SLOWLY = """
() => {
  const { subtle } = crypto
  const seal = subtle.encrypt.bind(subtle)
  subtle.encrypt = async (...words) => {
    await new Promise((resolve) => setTimeout(resolve, 1500))
    return seal(...words)
  }
}
"""


@pytest.fixture(scope="module")
def room(served: str) -> CommandRoom:
    return CommandRoom(served)


@pytest.fixture
def handheld(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> Callable[[str], Page]:
    """Sign in on a device of its own, which is ready to open without signal."""

    def handheld(username: str, **options: object) -> Page:
        page = sign_in(open_page("/login", viewport=HANDHELD, **options), username)
        expect(link_of(page)).to_have_attribute("data-state", "live")
        wait_until_mapped(page)
        return page

    return handheld


def link_of(page: Page) -> Locator:
    return page.get_by_test_id("link-state")


def expect_queued(page: Page) -> None:
    """The one command of a task is kept on the device and waits for signal."""
    said = page.get_by_test_id("command-trail").locator("li")
    expect(said).to_have_attribute("data-status", "queued")


def with_task(room: CommandRoom, handheld: Callable[[str], Page]) -> tuple[Page, Call]:
    """Give an officer a task, on a device with a PIN."""
    call = room.call(ADDRESS)
    page = handheld(call.officer)
    expect(page.get_by_test_id(f"task-{call.task}")).to_be_visible()
    set_pin(page)
    return page, call


def test_a_reload_without_signal_opens_by_the_pin_and_loses_nothing(
    room: CommandRoom, handheld: Callable[[str], Page]
) -> None:
    page, call = with_task(room, handheld)
    page.context.set_offline(True)
    page.reload()
    enter(page, PIN)
    task = page.get_by_test_id(f"task-{call.task}")
    expect(task).to_contain_text(ADDRESS)
    expect(link_of(page)).to_have_attribute("data-state", "offline")
    task.click()
    page.get_by_test_id("verb-sign").click()
    expect_queued(page)
    # What was queued is there after yet another reload, and done once when there's signal.
    page.reload()
    enter(page, PIN)
    expect(page.get_by_test_id("command-trail").locator("li")).to_have_count(1)
    page.context.set_offline(False)
    expect(page.get_by_test_id("command-trail")).to_have_count(0)
    verbs = [entry["verb"] for entry in room.get(f"/tasks/{call.task}")["history"]]
    assert verbs.count("sign") == 1


def test_a_wrong_pin_shows_nothing(room: CommandRoom, handheld: Callable[[str], Page]) -> None:
    page, call = with_task(room, handheld)
    page.context.set_offline(True)
    page.reload()
    for _ in range(5):
        enter(page, "111112")
        expect(page.get_by_test_id("lock-says")).to_contain_text(re.compile("口令不对|请等"))
    expect(page.get_by_test_id("lock-says")).to_contain_text("请等")
    expect(page.get_by_test_id("pin-1")).to_be_disabled()
    page.goto(f"/terminal/tasks/{call.task}")
    expect(page.get_by_test_id("lock")).to_be_visible()
    # A session that stands needs no PIN once there is signal.
    page.context.set_offline(False)
    expect(page.get_by_test_id("because")).not_to_be_empty()


def test_without_a_pin_nothing_opens_without_signal(
    room: CommandRoom, handheld: Callable[[str], Page]
) -> None:
    call = room.call(ADDRESS)
    page = handheld(call.officer)
    expect(page.get_by_test_id(f"task-{call.task}")).to_be_visible()
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_test_id("lock-says")).to_contain_text("没有设口令")
    expect(page.get_by_test_id("pin-1")).to_have_count(0)
    page.context.set_offline(False)
    expect(page.get_by_test_id(f"task-{call.task}")).to_be_visible()


def test_nothing_that_was_received_can_be_read_on_the_device(
    room: CommandRoom, handheld: Callable[[str], Page]
) -> None:
    page, call = with_task(room, handheld)
    page.get_by_test_id(f"task-{call.task}").click()
    expect(page.get_by_test_id("because")).not_to_be_empty()
    kept = kept_by(page)
    assert any("/records:" in each for each in kept), "there is something to look at"
    assert any("gridserver-common" in each for each in kept), "the caches are looked at too"
    assert not [each for each in kept if ADDRESS in each]
    assert not [each for each in kept if "key:true" in each], "no key can be read"


def test_what_is_shown_as_queued_is_kept_however_slow_the_device(
    room: CommandRoom, handheld: Callable[[str], Page]
) -> None:
    page, call = with_task(room, handheld)
    page.get_by_test_id(f"task-{call.task}").click()
    page.context.set_offline(True)
    expect(link_of(page)).to_have_attribute("data-state", "offline")
    page.evaluate(SEALS_SLOWLY)
    page.get_by_test_id("verb-sign").click()
    expect(page.get_by_test_id("verb-depart")).to_be_visible()
    expect_queued(page)
    page.reload()
    enter(page, PIN)
    expect_queued(page)


def test_a_day_without_contact_wipes_what_was_received(
    room: CommandRoom, handheld: Callable[[str], Page]
) -> None:
    page, call = with_task(room, handheld)
    page.get_by_test_id(f"task-{call.task}").click()
    page.context.set_offline(True)
    expect(link_of(page)).to_have_attribute("data-state", "offline")
    page.get_by_test_id("verb-sign").click()
    expect_queued(page)
    page.clock.set_fixed_time(page.evaluate("Date.now() / 1000 + 24 * 3600"))
    page.reload()
    expect(page.get_by_test_id("lock-wiped")).to_be_visible()
    enter(page, PIN)
    page.goto("/terminal")
    enter(page, PIN)
    expect(page.get_by_test_id("tab-tasks")).to_be_visible()
    expect(page.get_by_test_id(f"task-{call.task}")).to_have_count(0)
    # The officer's own work outlives the wipe.
    page.context.set_offline(False)
    expect(page.get_by_test_id(f"task-{call.task}")).to_be_visible()
    expect(
        page.get_by_test_id("tasks-under-way").get_by_test_id(f"task-{call.task}")
    ).to_be_visible()


def test_help_is_called_by_a_long_press_without_signal(
    room: CommandRoom, handheld: Callable[[str], Page]
) -> None:
    call = room.call(ADDRESS)
    page = handheld(call.officer)
    page.get_by_test_id(f"task-{call.task}").click()
    page.get_by_test_id("verb-sign").click()
    button = page.get_by_test_id("verb-call_support")
    expect(button).to_be_visible()
    page.context.set_offline(True)
    expect(link_of(page)).to_have_attribute("data-state", "offline")
    button.click()
    expect(button).not_to_have_attribute("data-status", re.compile("."))
    button.hover()
    page.mouse.down()
    expect(button).to_have_attribute("data-status", "queued")
    page.mouse.up()
    page.context.set_offline(False)
    expect(button).to_have_attribute("data-status", "done")
    verbs = [entry["verb"] for entry in room.get(f"/tasks/{call.task}")["history"]]
    assert verbs.count("call_support") == 1


def test_the_way_is_handed_to_a_map_app(room: CommandRoom, handheld: Callable[[str], Page]) -> None:
    call = room.call(ADDRESS)
    page = handheld(call.officer)
    page.get_by_test_id(f"task-{call.task}").click()
    page.get_by_test_id("navigate").click()
    incident = room.get(f"/tasks/{call.task}")["incident"]
    geo = page.get_by_test_id("navigate-other").get_attribute("href")
    assert geo is not None
    assert geo.startswith(f"geo:{incident['lat']:.6f},{incident['lon']:.6f}")
    links = [
        page.get_by_test_id(f"navigate-{app}").get_attribute("href") or ""
        for app in ("amap", "baidu", "tencent")
    ]
    assert [link.split(":")[0] for link in links] == ["amapuri", "baidumap", "qqmap"]
    assert not [link for link in links if ADDRESS in link]


def test_the_app_can_be_installed(open_page: Callable[..., Page]) -> None:
    page = open_page("/login", viewport=HANDHELD)
    manifest = page.request.get(page.locator("link[rel=manifest]").get_attribute("href") or "")
    told = manifest.json()
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    assert told["name"] == "警务网格终端"
    assert told["display"] == "standalone"
    assert told["start_url"].startswith(told["scope"])
    for icon in told["icons"]:
        picture = page.request.get(icon["src"])
        assert picture.headers["content-type"] == "image/png"
        side = int(icon["sizes"].split("x")[0])
        assert picture.body()[16:24] == side.to_bytes(4, "big") * 2
    assert {icon.get("purpose", "any") for icon in told["icons"]} == {"any", "maskable"}
