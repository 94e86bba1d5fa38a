"""An admin tries a change of the bureau's tables on past incidents, and puts it in force."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from gridserver.base.clock import SystemClock
from tests.e2e.handhelds import CommandRoom

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]
WHY = "试验结束"


class Table:
    """One of the bureau's tables, as an admin reads and changes it over HTTP."""

    def __init__(self, admin: CommandRoom, name: str) -> None:
        self._admin = admin
        self._path = f"/dispatch/tables/{name}"

    def rows(self) -> list[dict[str, Any]]:
        """What holds, and what is planned."""
        return self._admin.get(f"{self._path}?limit=500")["items"]

    def past(self, key: str) -> int:
        """How many rows it ever had for a key."""
        return len(self._admin.get(f"{self._path}/history?{urlencode({'key': key})}")["items"])

    def restore(self, former: list[dict[str, Any]]) -> None:
        """Have it say what these rows say, which it had when nothing was planned."""
        now = SystemClock().now()
        for row in self.rows():
            if row["valid_from"] and dt.datetime.fromisoformat(row["valid_from"]) > now:
                planned = f"{self._path}/rows/{row['id']}?{urlencode({'why': WHY})}"
                self._admin.delete(planned, seen=self._path)
        keys = [row["key"] for row in former]
        changes = [{"key": row["key"], "values": row["values"]} for row in former]
        for row in self.rows():
            if row["key"] not in keys:
                changes.append({"key": row["key"], "values": None})
        self._admin.post(f"{self._path}/changes", {"changes": changes, "why": WHY}, seen=self._path)


@pytest.fixture
def table(served: str) -> Iterator[Callable[[str], Table]]:
    """Give a table to be changed, which says afterwards what it said before: a test that is tried
    again changes it once more."""
    admin = CommandRoom(served, "admin")
    former: list[tuple[Table, list[dict[str, Any]]]] = []

    def table(name: str) -> Table:
        found = Table(admin, name)
        former.append((found, found.rows()))
        return found

    yield table
    for each, rows in former:
        each.restore(rows)


def test_a_change_is_tried_applied_and_remembered(
    table: Callable[[str], Table], open_page: OpenPage, sign_in: SignIn
) -> None:
    past = table("sign_limit").past("bureau/3")
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
    expect(row).to_have_count(past + 1)
    expect(row.first).to_contain_text("三级警情提速")


def test_what_is_planned_is_taken_back_and_what_holds_is_taken_away(
    table: Callable[[str], Table], open_page: OpenPage, sign_in: SignIn
) -> None:
    past = table("sign_limit").past("33082404/1")
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
    expect(row).to_have_count(past + 2)


def remove(row: Locator, act: str, why: str) -> None:
    page = row.page
    row.get_by_test_id("remove").click()
    expect(page.get_by_test_id("removal")).to_have_attribute("data-act", act)
    page.get_by_test_id("change-why").fill(why)
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_rungs_of_a_ladder_are_put_in_order(
    table: Callable[[str], Table], open_page: OpenPage, sign_in: SignIn
) -> None:
    table("ladder")
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
