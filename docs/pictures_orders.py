"""The pictures of orders: at the desk, being written, and on the handheld."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import expect

from docs import pictures_calls as calls
from docs.studio import County, PictureSet, Studio
from gridserver.demo.clients import Account

STATION = "33082405"
_CHOICES = ["能到位", "不能到位"]
_CHECKPOINT = {
    "unit": STATION,
    "kind": "order",
    "title": "夜间设卡",
    "text": "22:00 起在城西路口设卡，查控可疑车辆，注意自身安全。请报能否到位。",
    "urgency": "urgent",
    "asks": "choice",
    "choices": _CHOICES,
    "audience": {"everyone": True},
}
_NOTICE = {
    "unit": STATION,
    "kind": "notice",
    "title": "警务通系统维护",
    "text": "今晚 02:00—03:00 服务器维护，期间的操作会在恢复后自动发出。",
    "audience": {"everyone": True},
}


@dataclass(frozen=True)
class Scene:
    """The running order, and an officer who hasn't answered it."""

    order: int
    officer: str


@contextmanager
def sent(county: County) -> Iterator[Scene]:
    """Send an order and a notice, have some people answer, and recall both at the end."""
    due = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=30)
    with county.account("command") as room:
        order = room.post("/orders", _CHECKPOINT | {"answer_by": due.isoformat()})["id"]
        notice = room.post("/orders", _NOTICE)["id"]
        people = [each["username"] for each in room.get(f"/orders/{order}/recipients")["items"]]
        try:
            for nth, username in enumerate(people[1:14]):
                with county.account(username) as officer:
                    say(officer, f"/orders/{order}", "read")
                    if nth % 3:
                        choice = _CHOICES[nth % 4 == 1]
                        say(officer, f"/orders/{order}", "answer", choice=choice)
            yield Scene(order, people[0])
        finally:
            for each in (order, notice):
                room.post(f"/orders/{each}/recall", {"reason": "演示图片用"})


def say(officer: Account, subject: str, verb: str, **data: Any) -> None:
    """Say a verb to what stands at a path, as the officer's handheld does."""
    now = dt.datetime.now(dt.UTC).isoformat()
    said = {"id": str(uuid.uuid4()), "verb": verb, "occurred_at": now, "data": data}
    officer.post(f"{subject}/commands", said)


def take(studio: Studio, _calls: calls.Scene) -> None:
    """Take the pictures of one look, of an order that nobody has read on the handheld yet."""
    with sent(studio.county) as scene:
        _desk(studio, scene)
        _handheld(studio, scene)


def _desk(studio: Studio, scene: Scene) -> None:
    with studio.desk("/orders") as page:
        page.get_by_test_id(f"order-{scene.order}").click()
        expect(page.get_by_test_id("recipients").locator("tbody tr").first).to_be_visible()
        studio.shoot(page, "orders")
        page.get_by_test_id("compose-all").click()
        page.get_by_test_id("compose-title").fill(str(_CHECKPOINT["title"]))
        page.get_by_test_id("compose-text").fill(str(_CHECKPOINT["text"]))
        page.get_by_test_id("compose-asks").select_option("choice")
        page.get_by_test_id("within-30").click()
        expect(page.get_by_test_id("audience-count")).to_be_visible()
        studio.shoot(page, "order-form")
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("confirm-all")).to_be_visible()
        studio.shoot(page, "order-confirm")


def _handheld(studio: Studio, scene: Scene) -> None:
    with studio.handheld(scene.officer) as page:
        expect(page.get_by_test_id("urgent-order")).to_be_visible()
        studio.shoot(page, "handheld-urgent")
        page.get_by_test_id("tab-messages").click()
        expect(page.get_by_test_id(f"order-{scene.order}")).to_be_visible()
        studio.shoot(page, "handheld-messages")
        page.get_by_test_id(f"order-{scene.order}").click()
        page.get_by_test_id("choice-0").click()
        studio.shoot(page, "handheld-order")


PICTURES = PictureSet(
    (
        "orders",
        "order-form",
        "order-confirm",
        "handheld-urgent",
        "handheld-messages",
        "handheld-order",
    ),
    take,
)
