"""The board by the keyboard: queues, filters, several tasks at once, the command line, alarms and a
lost link."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.axe import assert_accessible
from tests.browser import PATIENCE
from tests.e2e.board import row_of
from tests.e2e.serving import PASSWORD
from tests.waiting import until

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]
#: Inside the county.
LON, LAT = 118.41, 29.14


class Caller:
    """An account by HTTP."""

    def __init__(self, address: str, username: str) -> None:
        self._http = requests.Session()
        self._api = f"{address}/api/v1"
        body = {"username": username, "password": PASSWORD}
        self._http.headers["Authorization"] = f"Bearer {self.post('/sessions', body)['token']}"

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._http.post(self._api + path, json=body, timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json()

    def report(self, address: str, category: str = "dispute") -> dict[str, Any]:
        body = {"source": "110", "external_id": str(uuid.uuid4()), "category": category}
        return self.post("/incidents", body | {"lon": LON, "lat": LAT, "address": address})

    def say(self, task_id: int, verb: str, **data: object) -> None:
        now = dt.datetime.now(dt.UTC).isoformat()
        command = {"id": str(uuid.uuid4()), "verb": verb, "occurred_at": now, "data": data}
        self.post(f"/tasks/{task_id}/commands", command)


@pytest.fixture
def caller(served: str) -> Callable[[str], Caller]:
    return lambda username: Caller(served, username)


@pytest.fixture
def room(caller: Callable[[str], Caller]) -> Caller:
    return caller("command")


def board(open_page: OpenPage, sign_in: SignIn, query: str = "") -> Page:
    page = sign_in(open_page(f"/login?to=/command{query}"), "command")
    # Which stands there once the tasks are there, too.
    expect(page.get_by_test_id("filter-q")).to_be_visible()
    return page


def test_tasks_are_found_walked_and_cancelled_together(
    room: Caller, open_page: OpenPage, sign_in: SignIn
) -> None:
    street = f"第{uuid.uuid4().hex[:6]}街"
    tasks = [room.report(f"{street} {number} 号")["task"]["id"] for number in (1, 2, 3)]
    page = board(open_page, sign_in, f"%3Fq={street}")
    items = page.get_by_test_id(re.compile(r"^queue-item-\d+$"))
    expect(items).to_have_count(3)
    expect(page.get_by_test_id("chip-q")).to_contain_text(street)
    kept = page.evaluate("localStorage.getItem('gridserver.filter.command')")
    assert kept == "", "words stay in no browser"
    items.first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("task-drawer")).to_be_focused()
    expect(page).to_have_url(re.compile(r"task=\d+"))
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("task-drawer")).to_have_count(0)
    expect(items.nth(1)).to_be_focused()
    page.keyboard.press("Control+a")
    expect(page.get_by_test_id("bulk")).to_contain_text("3")
    assert_accessible(page)
    page.get_by_test_id("bulk-cancel").click()
    page.get_by_test_id("form-reason").fill("重复报警")
    # Meanwhile somebody else cancels one of them.
    room.say(tasks[0], "cancel", reason="误报")
    page.get_by_test_id("confirm").click()
    count = page.get_by_test_id("bulk-count")
    expect(count).to_have_attribute("data-of", re.compile("[23]"))
    expect(page.get_by_test_id(f"bulk-result-{tasks[2]}")).to_have_attribute("data-status", "done")
    page.keyboard.press("Escape")
    page.get_by_test_id("filter-clear").click()
    expect(page).not_to_have_url(re.compile("q="))


def test_the_command_line_says_what_is_wrong_and_does_what_is_right(
    room: Caller, open_page: OpenPage, sign_in: SignIn
) -> None:
    street = f"巷{uuid.uuid4().hex[:6]}"
    incident = room.report(street)
    page = board(open_page, sign_in)
    row_of(page, incident["task"]["id"])
    page.keyboard.press("/")
    line = page.get_by_test_id("line-input")
    expect(line).to_be_focused()
    line.fill("dance")
    line.press("Enter")
    expect(page.get_by_test_id("line-complaint")).to_have_attribute("data-code", "unknown")
    line.fill(f"查找 {street}")
    line.press("Enter")
    page.get_by_test_id("line-found").get_by_role("button").first.click()
    expect(page.get_by_test_id("task-drawer")).to_contain_text(street)
    page.keyboard.press("/")
    line.fill(f"取消 {incident['number']:04} 误报")
    line.press("Enter")
    expect(page.get_by_test_id("line-done")).to_be_visible()
    line.press("ArrowUp")
    expect(line).to_have_value(re.compile("^取消"))
    line.fill("?")
    line.press("Enter")
    expect(page.get_by_test_id("line-help")).to_contain_text("assign")
    assert_accessible(page)


def test_an_alarm_is_silenced_with_a_name_that_all_see(
    room: Caller, caller: Callable[[str], Caller], open_page: OpenPage, sign_in: SignIn
) -> None:
    task = room.report(f"桥{uuid.uuid4().hex[:6]}")["task"]
    officer = caller(task["assignee"]["username"])
    officer.say(task["id"], "sign")
    officer.say(task["id"], "call_support", text="对方持械")
    page = board(open_page, sign_in)
    # Another test's call for help may be older, and stand first.
    first = page.get_by_test_id("alarm-first")
    expect(first).to_contain_text("请求增援")
    assert_accessible(page)
    page.get_by_test_id("alarms-all").click()
    alarm = page.get_by_test_id(f"alarm-support:{task['id']}")
    expect(alarm).to_contain_text("对方持械")
    alarm.get_by_role("button").click()
    page.get_by_test_id("silence-note").fill("特警已出发")
    page.get_by_test_id("confirm").click()
    expect(alarm).to_have_attribute("data-silenced", "true")
    other = sign_in(open_page("/login?to=/duty"), "admin")
    other.get_by_test_id("alarms-all").click()
    expect(other.get_by_test_id(f"alarm-support:{task['id']}")).to_contain_text("特警已出发")
    officer.say(task["id"], "return", reason="已移交特警")
    room.say(task["id"], "cancel", reason="结束")


def test_a_lost_link_is_shown_at_once_and_heals_with_what_was_missed(
    room: Caller, open_page: OpenPage, sign_in: SignIn
) -> None:
    street = f"断网{uuid.uuid4().hex[:6]}路"
    page = board(open_page, sign_in, f"%3Fq={street}")
    link = page.get_by_test_id("link-state")
    expect(link).to_have_attribute("data-state", "live")
    page.context.set_offline(True)
    expect(link).to_have_attribute("data-state", "offline")
    since, noticed = (int(link.get_attribute(name) or 0) for name in ("data-since", "data-noticed"))
    assert 0 <= noticed - since <= 3000
    expect(page.get_by_test_id("alarm-first")).to_be_visible()
    task = room.report(f"{street} 1 号")["task"]
    expect(page.get_by_test_id(f"queue-item-{task['id']}")).to_have_count(0)
    page.context.set_offline(False)
    expect(link).to_have_attribute("data-state", "live")
    expect(page.get_by_test_id(f"queue-item-{task['id']}")).to_be_visible()
    until(lambda: link.get_attribute("data-since") is None, within=PATIENCE)
    room.say(task["id"], "cancel", reason="试验")
