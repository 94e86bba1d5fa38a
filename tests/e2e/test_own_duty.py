"""An officer's own duty on the handheld: read without signal, and a shift handed to a colleague."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import HANDHELD
from tests.e2e.handhelds import CommandRoom

Handheld = Callable[[str], Page]
#: One of a community team's group of three.
OFFICER = "330824060"


@pytest.fixture
def handheld(
    open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> Callable[[str], Page]:
    def handheld(username: str) -> Page:
        page = sign_in(open_page("/login", viewport=HANDHELD), username)
        page.get_by_test_id("tab-duty").click()
        expect(page.get_by_test_id("duty-now")).to_have_attribute(
            "data-is", re.compile("^(on|off)$")
        )
        return page

    return handheld


@pytest.fixture
def swaps_declined(served: str) -> Iterator[None]:
    """Leave nothing of the officer's on offer: a shift is offered once, and who tries again would
    find it without its button."""
    yield
    room = CommandRoom(served)
    for swap in room.get("/force/swaps")["items"]:
        if swap["officer"]["service_number"] == OFFICER:
            room.post(f"/force/swaps/{swap['id']}/commands", {"verb": "decline"})


def to_hand_over(page: Page) -> tuple[int, str]:
    """A shift that has not begun, and a colleague who has no duty of that kind at that time."""
    duty = page.request.get("/api/v1/force/my-duty").json()
    now = dt.datetime.now(dt.UTC)  # the county that is served keeps the real time
    for shift in duty["shifts"]:
        busy = {
            other["officer"]["service_number"]
            for other in duty["colleagues"]
            if other["duty"] == shift["duty"] and overlap(shift, other)
        }
        free = {other["officer"]["service_number"] for other in duty["colleagues"]} - busy
        if free and dt.datetime.fromisoformat(shift["start"]) > now:
            return shift["id"], min(free)
    raise LookupError("nobody could take anything over")


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["start"] < other["end"] and other["start"] < one["end"]


@pytest.mark.usefixtures("swaps_declined")
def test_a_shift_is_offered_agreed_on_and_consented_to(
    handheld: Handheld, open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]
) -> None:
    officer = handheld(OFFICER)
    shift, number = to_hand_over(officer)
    row = officer.get_by_test_id(f"own-shift-{shift}")
    colleague = handheld(number)
    row.get_by_test_id("offer").click()
    officer.get_by_test_id("swap-other").select_option(number)
    officer.get_by_test_id("confirm").click()
    swap = re.compile(r"^swap-\d+$")
    expect(officer.get_by_test_id(swap)).to_have_attribute("data-state", "proposed")
    expect(row).to_contain_text("换班中")

    # The colleague's handheld learns of it by itself.
    expect(colleague.get_by_test_id("tab-duty")).to_contain_text("1")
    expect(colleague.get_by_test_id(swap)).to_contain_text("申请与您换班")
    colleague.context.set_offline(True)
    colleague.get_by_test_id("swap-agree").click()
    trail = colleague.get_by_test_id(swap).get_by_role("listitem")
    expect(trail).to_have_attribute("data-status", "queued")
    expect(colleague.get_by_test_id("swap-agree")).to_have_count(0)
    colleague.context.set_offline(False)
    expect(officer.get_by_test_id(swap)).to_contain_text("待领导批准")

    room = sign_in(open_page("/login"), "command")
    room.get_by_test_id("to-duty").click()
    room.get_by_test_id("view-swaps").click()
    room.get_by_test_id(re.compile(r"^swap-\d+-consent$")).click()
    expect(officer.get_by_test_id(swap)).to_have_count(0)
    expect(row).to_have_count(0)
    expect(colleague.get_by_test_id(f"own-shift-{shift}")).to_be_visible()


def test_duty_is_readable_without_signal(handheld: Handheld) -> None:
    officer = handheld(OFFICER)
    shifts = officer.get_by_test_id(re.compile(r"^own-shift-\d+$"))
    expect(shifts).not_to_have_count(0)
    officer.context.set_offline(True)
    expect(officer.get_by_test_id("duty-as-of")).to_be_visible()
    expect(shifts).not_to_have_count(0)
    shifts.last.get_by_test_id("offer").click()
    expect(officer.get_by_test_id("swap-sheet")).to_contain_text("申请换班须联网办理")
    expect(officer.get_by_test_id("confirm")).to_be_disabled()
