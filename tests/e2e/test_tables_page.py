"""An admin tries a change of the bureau's tables on past incidents, and puts it in force."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]


def test_a_change_is_tried_applied_and_remembered(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login"), "admin")
    page.get_by_test_id("to-tables").click()
    page.get_by_test_id("table-sign_limit").click()
    row = page.get_by_test_id("row-bureau/3")
    row.get_by_role("button").click()
    page.get_by_test_id("value-seconds").fill("240")
    page.get_by_test_id("change-why").fill("三级警情提速")
    page.get_by_test_id("try").click()
    expect(page.get_by_test_id("tried")).to_have_attribute("data-differ", re.compile("[1-9]"))
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row).to_contain_text("240 s")
    page.get_by_test_id("history").check()
    expect(row).to_have_count(2)
    expect(row.first).to_contain_text("三级警情提速")


def test_the_rungs_of_a_ladder_are_put_in_order(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login"), "admin")
    page.get_by_test_id("to-tables").click()
    page.get_by_test_id("table-ladder").click()
    row = page.get_by_test_id("row-bureau/case/pooled")
    row.get_by_role("button").click()
    page.get_by_test_id("up-duty_leader").click()
    page.get_by_test_id("change-why").fill("值班领导先行")
    page.get_by_test_id("confirm").click()
    expect(row).to_contain_text("值班领导 → 值班组 → 所指挥室")


def test_a_command_room_only_reads(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login", locale="en"), "command")
    page.get_by_test_id("to-tables").click()
    expect(page.get_by_test_id("row-bureau/criminal")).to_contain_text("Case team")
    expect(page.get_by_test_id("row-add")).to_have_count(0)
