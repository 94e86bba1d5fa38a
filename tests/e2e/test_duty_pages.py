"""The command room keeps its roster: by hand, by pattern, around absences and holidays."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from gridserver.base.clock import SystemClock
from tests.e2e.handhelds import CommandRoom
from tests.e2e.workshop import csrf

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]
SMALL_STATION = "33082404"
NEXT_DAY = "day => new Date(Date.parse(day + 'T00:00Z') + 864e5).toISOString().slice(0, 10)"


@pytest.fixture
def roster(open_page: OpenPage, sign_in: SignIn) -> Page:
    page = sign_in(open_page("/login"), "command")
    page.get_by_test_id("to-duty").click()
    expect(bars(page).first).to_be_visible(timeout=60_000)
    return page


@pytest.fixture
def absences_taken_back(served: str) -> Iterator[None]:
    """Have the station's officers back afterwards: other tests tell them of something."""
    room, now = CommandRoom(served), SystemClock().now()
    span = {"from": now.isoformat(), "to": (now + dt.timedelta(days=1)).isoformat()}
    of_today = f"/force/absences?{urlencode({'unit': SMALL_STATION} | span)}"
    with room.undone(of_today, lambda each: room.delete(f"/force/absences/{each['id']}")):
        yield


@pytest.fixture
def headquarters_duty_taken_back(served: str, roster: Page) -> Iterator[None]:
    """Leave the station without headquarters duty, as it was: who tries again puts the same
    officers on it at the same hours."""
    room, now = CommandRoom(served), SystemClock().now()
    station = roster.get_by_test_id("duty-unit").input_value()
    two_months = {"from": now.isoformat(), "to": (now + dt.timedelta(days=63)).isoformat()}
    yield
    for pattern in room.get("/force/patterns", unit=station)["items"]:
        if pattern["duty"] == "headquarters":
            room.delete(f"/force/patterns/{pattern['id']}")
    for shift in list(room.items("/force/shifts", unit=station, limit="500", **two_months)):
        if shift["duty"] == "headquarters":
            room.delete(f"/force/shifts/{shift['id']}")


def bars(page: Page) -> Locator:
    return page.get_by_test_id(re.compile(r"^shift-\d+$"))


def confirm(page: Page) -> None:
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.usefixtures("headquarters_duty_taken_back")
def test_a_shift_by_hand_across_midnight_is_one_bar(roster: Page) -> None:
    roster.get_by_test_id("days-after").click()
    night = roster.locator('[data-testid^="shift-"][title^="机关勤务"]')
    roster.get_by_test_id("shift-add").click()
    roster.get_by_test_id("shift-officer").select_option(index=0)
    start = roster.get_by_test_id("span-start")
    day = start.input_value()[:10]
    start.fill(f"{day}T20:00")
    end = roster.get_by_test_id("span-end")
    end.fill(roster.evaluate(NEXT_DAY, day) + "T06:00")
    roster.get_by_test_id("shift-duty").select_option("headquarters")
    confirm(roster)
    expect(night).to_have_count(1)
    expect(night).to_have_attribute("title", re.compile("20:00 – .* 06:00"))
    night.click()
    roster.get_by_test_id("shift-remove").click()
    expect(night).to_have_count(0)


@pytest.mark.usefixtures("absences_taken_back")
def test_the_alarm_says_where_nobody_will_be(roster: Page) -> None:
    """A whole station is away but for one, of whom the room says so by hand."""
    *others, last = numbers_of(roster, SMALL_STATION)
    today = roster.evaluate("() => new Date().toISOString()")
    later = roster.evaluate("() => new Date(Date.now() + 5 * 864e5).toISOString()")
    for number in others:
        body = {"officer": number, "reason": "training", "start": today, "end": later}
        roster.request.post("/api/v1/force/absences", headers=csrf(roster), data=body)
    roster.get_by_test_id("duty-unit").select_option(SMALL_STATION)
    expect(roster.get_by_test_id(f"roster-row-{last}")).to_be_visible()
    roster.get_by_test_id("view-absences").click()
    roster.get_by_test_id("absence-add").click()
    roster.get_by_test_id("absence-officer").select_option(last)
    roster.get_by_test_id("absence-stand-in").select_option("")
    roster.get_by_test_id("span-end").fill(later[:10] + "T00:00")
    confirm(roster)
    roster.get_by_test_id("void-toggle").click()
    alarm = roster.get_by_test_id("void-alarm")
    gap = alarm.get_by_role("listitem").filter(has_text=re.compile("^派出所"))
    expect(gap.first).to_contain_text("桐村派出所")
    expect(gap.first).to_contain_text("分钟")
    roster.get_by_test_id("view-roster").click()
    gap.first.get_by_role("button").click()
    expect(roster.get_by_test_id(f"roster-unit-{SMALL_STATION}")).to_have_class(
        re.compile("pointed")
    )


def numbers_of(page: Page, unit: str) -> list[str]:
    """The service numbers of a unit's police officers."""
    found = page.request.get(f"/api/v1/force/officers?unit={unit}&limit=100").json()["items"]
    return [each["service_number"] for each in found if each["kind"] == "officer"]


@pytest.mark.usefixtures("headquarters_duty_taken_back")
def test_a_pattern_makes_a_month_that_is_shown_before(roster: Page) -> None:
    roster.get_by_test_id("view-patterns").click()
    roster.get_by_test_id("pattern-add").click()
    roster.get_by_test_id("pattern-name").fill("机关四班")
    roster.get_by_test_id("pattern-duty").select_option("headquarters")
    roster.get_by_test_id("four-shifts").click()
    station = roster.get_by_test_id("duty-unit").input_value()
    for crew, number in enumerate(numbers_of(roster, station)[:4]):
        field = roster.get_by_test_id(f"crew-{crew}")
        field.locator("input").fill(number)
        roster.locator(".el-select-dropdown__item:visible", has_text=number).last.click()
        expect(field).to_contain_text(number)
        roster.get_by_test_id("pattern-name").click()
    confirm(roster)
    made = roster.get_by_role("row").filter(has_text="机关四班")
    made.get_by_test_id("make-month").click()
    expect(roster.get_by_test_id("month-preview")).to_contain_text(re.compile(r"新增\D*1[12]\d"))
    confirm(roster)
    roster.get_by_test_id("view-roster").click()
    expect(roster.get_by_test_id("roster")).to_have_attribute("data-scale", "month")
    expect(roster.locator('[data-testid^="shift-"][title^="机关勤务"]').first).to_be_visible()


def test_the_bureau_sets_a_day(roster: Page) -> None:
    roster.get_by_test_id("view-calendar").click()
    day = roster.get_by_test_id(re.compile(r"^day-\d{4}-03-03$"))
    day.click()
    roster.get_by_test_id("day-kind").select_option("holiday")
    confirm(roster)
    expect(day).to_have_attribute("data-kind", "holiday")


def test_who_only_reads_changes_nothing(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login", locale="en"), "auditor")
    page.get_by_test_id("to-duty").click()
    expect(bars(page).first).to_be_visible()
    expect(page.get_by_test_id("shift-add")).to_have_count(0)
