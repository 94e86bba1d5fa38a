"""An admin tries a change of the bureau's tables on past incidents, and puts it in force."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]


def test_a_change_is_tried_applied_and_remembered(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login"), "admin")
    page.get_by_test_id("more-pages").click()
    page.get_by_test_id("to-tables").click()
    page.get_by_test_id("table-sign_limit").click()
    row = page.get_by_test_id("row-bureau/3")
    row.get_by_role("button").first.click()
    page.get_by_test_id("value-seconds").fill("240")
    page.get_by_test_id("change-why").fill("三级警情提速")
    page.get_by_test_id("try").click()
    expect(page.get_by_test_id("tried")).to_have_attribute("data-differ", re.compile("[1-9]"))
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row).to_contain_text("4分钟")
    page.get_by_test_id("history").check()
    expect(row).to_have_count(2)
    expect(row.first).to_contain_text("三级警情提速")


def test_what_is_planned_is_taken_back_and_what_holds_is_taken_away(
    open_page: OpenPage, sign_in: SignIn
) -> None:
    page = sign_in(open_page("/login"), "admin")
    page.get_by_test_id("more-pages").click()
    page.get_by_test_id("to-tables").click()
    page.get_by_test_id("table-sign_limit").click()
    row = page.get_by_test_id("row-33082404/1")
    page.get_by_test_id("row-add").click()
    page.get_by_test_id("value-scope").select_option("33082404")
    page.get_by_test_id("value-priority").fill("1")
    page.get_by_test_id("value-seconds").fill("120")
    page.get_by_test_id("change-why").fill("山区")
    page.get_by_test_id("confirm").click()
    expect(row).to_contain_text("2分钟")

    row.get_by_role("button").first.click()
    page.get_by_test_id("value-seconds").fill("90")
    page.get_by_test_id("change-why").fill("新装备到位")
    page.get_by_test_id("change-from").fill("2030-01-01T08:00")
    page.get_by_test_id("confirm").click()
    planned = row.filter(has=page.get_by_test_id("planned"))
    expect(planned).to_contain_text("90秒")
    remove(planned, "take_back", "装备推迟")
    expect(planned).to_have_count(0)
    expect(row).to_have_count(1)
    expect(row).not_to_contain_text("2030")

    remove(row, "take_away", "试点结束")
    expect(row).to_have_count(0)
    page.get_by_test_id("history").check()
    expect(row).to_have_count(2)


def remove(row: Locator, act: str, why: str) -> None:
    page = row.page
    row.get_by_test_id("remove").click()
    expect(page.get_by_test_id("removal")).to_have_attribute("data-act", act)
    page.get_by_test_id("change-why").fill(why)
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_rungs_of_a_ladder_are_put_in_order(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login"), "admin")
    page.get_by_test_id("more-pages").click()
    page.get_by_test_id("to-tables").click()
    page.get_by_test_id("table-ladder").click()
    row = page.get_by_test_id("row-bureau/case/pooled")
    row.get_by_role("button").first.click()
    page.get_by_test_id("up-duty_leader").click()
    page.get_by_test_id("change-why").fill("值班领导先行")
    page.get_by_test_id("confirm").click()
    expect(row).to_contain_text("值班领导 → 值班组 → 所指挥室")


def test_a_command_room_only_reads(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login", locale="en"), "command")
    page.get_by_test_id("more-pages").click()
    page.get_by_test_id("to-tables").click()
    expect(page.get_by_test_id("row-bureau/criminal")).to_contain_text("Case team")
    expect(page.get_by_test_id("row-add")).to_have_count(0)
