"""Figures open the calls behind them; the wall shows what is unsigned, and nothing of a caller."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from playwright.sync_api import Page, expect

from gridserver.demo.clients import Account
from tests.axe import assert_accessible
from tests.e2e.serving import PASSWORD

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]

ADDRESS = "测试路一百零一号"


def report(address: str) -> None:
    """Have a call come in at the county's seat."""
    with Account(address, "command", PASSWORD) as room:
        room.post(
            "/incidents",
            {
                "source": "110",
                "external_id": str(uuid.uuid4()),
                "category": "dispute",
                "priority": 1,
                "lon": 118.4,
                "lat": 29.14,
                "address": ADDRESS,
                "description": "两邻居争吵",
            },
        )


def test_every_figure_of_the_day_opens_as_many_calls(
    open_page: OpenPage, sign_in: SignIn, served: str
) -> None:
    page = sign_in(open_page("/login"), "command")
    page.get_by_test_id("more-pages").click()
    page.get_by_test_id("to-figures").click()
    received = page.get_by_test_id("figure-received")
    expect(received).to_be_visible()
    before = int(received.get_attribute("data-value") or 0)
    report(served)
    expect(received).to_have_attribute("data-value", str(before + 1))
    for figure in ("received", "assigned", "closed"):
        tile = page.get_by_test_id(f"figure-{figure}")
        tile.focus()
        page.keyboard.press("Enter")
        total = page.get_by_test_id("calls-total")
        expect(total).to_have_attribute("data-total", tile.get_attribute("data-value") or "")
    received.click()
    expect(page.locator('[data-testid^="call-"]').first).to_be_visible()
    assert_accessible(page)
    page.get_by_test_id("as-table").first.click()
    expect(page.get_by_role("columnheader").first).to_be_visible()
    page.get_by_test_id("to-list").click()
    expect(page.get_by_test_id("incidents-total")).to_contain_text(str(before + 1))


def test_intervals_load_and_cells(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login", locale="en"), "command")
    page.wait_for_url(re.compile("/command"))
    page.goto("/figures?view=intervals")
    everything = page.get_by_test_id("group-all")
    expect(everything).to_be_visible()
    page.get_by_test_id("interval-to_sign").click()
    sample = everything.get_by_test_id("sample")
    counted = sample.inner_text()
    sample.click()
    expect(page.get_by_test_id("calls-total")).to_have_attribute("data-total", counted)
    page.get_by_test_id("group-by").select_option("hour")
    expect(page.locator('[data-testid^="group-"] th', has_text=":00").first).to_be_visible()
    assert_accessible(page)
    page.get_by_test_id("view-officers").click()
    rows = page.locator('[data-testid^="officer-"]')
    expect(rows.first).to_be_visible()
    numbers = rows.locator("td:first-child").all_inner_texts()
    assert numbers == sorted(numbers)
    expect(page.get_by_test_id("order")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_test_id("export").click()
    assert download.value.suggested_filename == "officers.csv"
    assert_accessible(page)
    page.get_by_test_id("view-cells").click()
    expect(page.get_by_test_id("cells-now")).to_have_text("0")


def test_the_wall_stands_without_scrolling(
    open_page: OpenPage, sign_in: SignIn, served: str
) -> None:
    page = open_page("/login?to=/wall", viewport={"width": 1920, "height": 1080})
    sign_in(page, "command")
    expect(page.get_by_test_id("wall-queue")).to_be_visible()
    report(served)
    expect(page.locator('[data-testid^="wall-task-"]').first).to_be_visible()
    expect(page.get_by_test_id("wall-unsigned")).not_to_have_attribute("data-value", "0")
    expect(page.get_by_test_id("wall-mode")).to_have_attribute("data-mode", "normal")
    assert ADDRESS not in page.inner_text("body")
    fits = "() => document.documentElement.scrollHeight <= innerHeight && scrollY === 0"
    page.wait_for_function(fits)
    assert_accessible(page)
