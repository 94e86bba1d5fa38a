"""The decision explained, calls about the same event linked, and what follows from a report."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.board import row_of
from tests.e2e.handhelds import CommandRoom
from tests.e2e.workshop import csrf

#: A place in the county town.
PLACE = {"lon": 118.4147, "lat": 29.1366}


@pytest.fixture
def room(open_page: Callable[..., Page], sign_in: Callable[[Page, str], Page]) -> Page:
    page = sign_in(open_page("/login"), "command")
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
    return page


@pytest.fixture
def mobilisations_ended(served: str) -> Iterator[None]:
    """Leave nobody mobilised, however far the test came: walls show it, and two orders clash."""
    yield
    room = CommandRoom(served)
    for each in room.get("/dispatch/mobilisations")["items"]:
        if each["state"] == "in_force":
            room.post(f"/dispatch/mobilisations/{each['id']}/end", {})


def reported(page: Page, category: str) -> dict[str, Any]:
    """An incident that just came in."""
    body = {"source": "test", "external_id": str(uuid.uuid4()), "category": category, **PLACE}
    answer = page.request.post("/api/v1/incidents", headers=csrf(page), data=body)
    assert answer.ok, answer.text()
    return answer.json()


def command(page: Page, task: int, verb: str, **data: Any) -> None:
    body = {"id": str(uuid.uuid4()), "verb": verb, "data": data}
    address = f"/api/v1/tasks/{task}/commands"
    answer = page.request.post(address, headers=csrf(page), data=body)
    assert answer.ok, answer.text()


def open_task(page: Page, incident: dict[str, Any]) -> None:
    row_of(page, incident["task"]["id"]).click()
    expect(page.get_by_test_id("task-drawer")).to_be_visible()


def test_a_decision_is_explained_and_a_second_call_linked(room: Page) -> None:
    first, second = reported(room, "dispute"), reported(room, "dispute")
    open_task(room, second)
    room.get_by_test_id("explain").click()
    expect(room.get_by_test_id("explanation")).to_have_attribute("data-identical", "true")
    expect(room.get_by_test_id("replay")).to_contain_text("结果一致")
    expect(room.get_by_test_id("facts").get_by_role("listitem")).not_to_have_count(0)
    room.keyboard.press("Escape")
    room.get_by_test_id(f"link-{first['id']}").click()
    room.get_by_test_id("link-kind-follow_up").check()
    room.get_by_test_id("confirm").click()
    expect(room.get_by_test_id(f"linked-{first['id']}")).to_contain_text("本警情是其后续")


def test_who_could_help_is_said_and_asked_again(room: Page) -> None:
    incident = reported(room, "criminal")
    asked = re.compile(rf"/tasks/{incident['task']['id']}/units$")
    with room.expect_response(asked):
        open_task(room, incident)
    panel = room.get_by_test_id("field-units")
    units = panel.get_by_test_id(re.compile("^unit-"))
    expect(units).not_to_have_count(0)
    with room.expect_response(asked) as again:
        panel.get_by_test_id("units-refresh").click()
    known = again.value.json()
    expect(units).to_have_count(len(known["proposed"]) + len(known["passed_over"]))
    command(room, incident["task"]["id"], "cancel", reason="误报")
    expect(panel).to_have_count(0)


def test_what_an_agency_answered_stands_on_the_task(room: Page) -> None:
    incident = reported(room, "help")
    open_task(room, incident)
    room.get_by_test_id("verb-hand_over").click()
    room.get_by_test_id("form-agency").fill("县城管局")
    room.get_by_test_id("report-text").fill("占道经营，非警务。")
    room.get_by_test_id("confirm").click()
    expect(room.get_by_test_id("hand-over")).to_contain_text("对方尚未答复")
    room.get_by_test_id("verb-answer").click()
    room.get_by_test_id("report-text").fill("已派员劝离。")
    room.get_by_test_id("confirm").click()
    expect(room.get_by_test_id("agency-answer")).to_contain_text("已派员劝离。")


def test_three_or_more_is_advised_and_followed_by_one_click(room: Page) -> None:
    incident = reported(room, "criminal")
    task = incident["task"]["id"]
    command(room, task, "reassign", to="command")
    for verb in ("sign", "depart", "arrive"):
        command(room, task, verb)
    open_task(room, incident)
    room.get_by_test_id("verb-report").click()
    room.get_by_test_id("report-outcome-unresolved").check()
    room.get_by_test_id("report-text").fill("两名嫌疑人逃离。")
    room.get_by_test_id("report-suspects").fill("2")
    room.get_by_test_id("report-offences").fill("1")
    room.get_by_test_id("confirm").click()
    expect(room.get_by_test_id("counts")).to_have_text("嫌疑人 2 名 · 案件 1 起")
    expect(room.get_by_test_id("advice")).to_contain_text("刑事侦查大队")
    room.get_by_test_id("follow-advice").click()
    expect(room.get_by_test_id("advice")).to_have_count(0)
    expect(room.get_by_test_id("task-drawer")).to_contain_text(re.compile("专业警种"))


@pytest.mark.usefixtures("mobilisations_ended")
def test_everybody_sees_who_mobilised_and_why(room: Page) -> None:
    room.get_by_test_id("account").click()
    room.get_by_test_id("mobilise").click()
    room.get_by_test_id("mobilise-unit").select_option("33082407")
    room.get_by_test_id("mobilise-why").fill("山火扑救")
    room.get_by_test_id("mobilise-by").fill("值班局长")
    room.get_by_test_id("confirm").click()
    bar = room.get_by_test_id("mobilised").filter(has_text="齐溪派出所")
    expect(bar).to_contain_text("山火扑救")
    expect(bar).to_contain_text("值班局长")
    bar.get_by_test_id("mobilised-end").click()
    expect(bar).to_have_count(0)
