"""The pictures of orders: at the desk, being written, and on the handheld.

`pictures.py` takes them among the others; by itself: `python -m docs.pictures_orders`.
"""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Browser, Page, expect

from gridserver.base.settings import from_environment
from gridserver.demo import accounts
from gridserver.demo.clients import Account
from tests.browser import DESKTOP, HANDHELD, chromium

Shoot = Callable[[Page, str], None]

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
def staged(url: str, password: str, room: Account) -> Iterator[Scene]:
    """Send an order and a notice, have some people answer, and recall both at the end."""
    due = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=30)
    order = room.post("/orders", _CHECKPOINT | {"answer_by": due.isoformat()})["id"]
    notice = room.post("/orders", _NOTICE)["id"]
    people = [each["username"] for each in room.get(f"/orders/{order}/recipients")["items"]]
    try:
        for nth, username in enumerate(people[1:14]):
            with Account(url, username, password) as officer:
                _say(officer, order, "read")
                if nth % 3:
                    _say(officer, order, "answer", choice=_CHOICES[nth % 4 == 1])
        yield Scene(order, people[0])
    finally:
        for each in (order, notice):
            room.post(f"/orders/{each}/recall", {"reason": "演示图片用"})


def _say(officer: Account, order: int, verb: str, **data: Any) -> None:
    now = dt.datetime.now(dt.UTC).isoformat()
    said = {"id": str(uuid.uuid4()), "verb": verb, "occurred_at": now, "data": data}
    officer.post(f"/orders/{order}/commands", said)


def take(
    browser: Browser,
    sign_in: Callable[[Page, str], None],
    scene: Scene,
    name: str,
    looks: dict[str, Any],
    shoot: Shoot,
) -> None:
    """Take the pictures of one language and theme."""
    with browser.new_context(viewport=DESKTOP, **looks) as context:
        page = context.new_page()
        page.goto("/login")
        sign_in(page, "command")
        page.get_by_test_id("to-orders").click()
        page.get_by_test_id(f"order-{scene.order}").click()
        expect(page.get_by_test_id("recipients").locator("tbody tr").first).to_be_visible()
        shoot(page, f"orders-{name}")
        page.get_by_test_id("compose-all").click()
        page.get_by_test_id("compose-title").fill(_CHECKPOINT["title"])
        page.get_by_test_id("compose-text").fill(_CHECKPOINT["text"])
        page.get_by_test_id("compose-asks").select_option("choice")
        page.get_by_test_id("within-30").click()
        expect(page.get_by_test_id("audience-count")).to_be_visible()
        shoot(page, f"order-form-{name}")
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("confirm-all")).to_be_visible()
        shoot(page, f"order-confirm-{name}")
    with browser.new_context(viewport=HANDHELD, device_scale_factor=2, **looks) as context:
        page = context.new_page()
        page.goto("/login")
        sign_in(page, scene.officer)
        expect(page.get_by_test_id("urgent-order")).to_be_visible()
        shoot(page, f"handheld-urgent-{name}")
        page.get_by_test_id("tab-messages").click()
        expect(page.get_by_test_id(f"order-{scene.order}")).to_be_visible()
        shoot(page, f"handheld-messages-{name}")
        page.get_by_test_id(f"order-{scene.order}").click()
        page.get_by_test_id("choice-0").click()
        shoot(page, f"handheld-order-{name}")


@click.command()
@click.option("--url", default="http://localhost:8000", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(url: str, out: Path) -> None:
    """Take these pictures alone, in both languages, by day and night, into a folder."""
    password = accounts.password(from_environment(os.environ))
    out.mkdir(parents=True, exist_ok=True)

    def sign_in(page: Page, username: str) -> None:
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(password)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("login-submit")).to_have_count(0)

    def shoot(page: Page, name: str) -> None:
        page.wait_for_timeout(700)  # transitions of the page itself
        page.screenshot(path=out / f"{name}.png", animations="disabled")
        click.echo(f"{name}.png")

    with ExitStack() as stack:
        room = stack.enter_context(Account(url, "command", password))
        browser = stack.enter_context(chromium())
        for locale, short in (("zh-CN", "zh"), ("en", "en")):
            for theme in ("light", "dark"):
                looks = {"base_url": url, "locale": locale, "color_scheme": theme}
                with staged(url, password, room) as scene:
                    take(browser, sign_in, scene, f"{short}-{theme}", looks, shoot)


if __name__ == "__main__":
    main()
