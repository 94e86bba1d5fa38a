"""The pictures of supervision: the list, one incident whole, a review, a watch to be handed over.

Taken by itself: `python -m docs.pictures_supervision --out FOLDER` beside `make serve`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Browser, Page, expect

from gridserver.base.settings import from_environment
from gridserver.demo import accounts
from gridserver.demo.clients import Account
from tests.browser import DESKTOP, chromium

Shoot = Callable[[Page, str], None]

ROOM = "command"


@dataclass(frozen=True)
class Scene:
    """The incident that is shown whole, and the review."""

    incident: int
    review: int


def staged(room: Account) -> Scene:
    """Review two incidents that were closed."""
    closed = room.get("/incidents?state=closed&limit=2")["items"]
    said = {"title": "夜间警情处置复盘", "incidents": [each["id"] for each in closed]}
    review = room.post("/reviews", said)
    signed = next(each["id"] for each in review["timeline"] if each["verb"] == "sign")
    remark = {"text": "签收及时，出发前未核对门牌号。", "event": signed}
    room.post(f"/reviews/{review['id']}/remarks", remark)
    return Scene(closed[0]["id"], review["id"])


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
        page.goto("/incidents")
        sign_in(page, ROOM)
        expect(page.get_by_test_id("task-state").first).to_be_visible()
        shoot(page, f"incidents-{name}")
        page.goto(f"/incidents/{scene.incident}")
        expect(page.get_by_test_id("steps-map")).to_have_attribute("data-ready", "true")
        shoot(page, f"incident-{name}")
        page.goto(f"/reviews?id={scene.review}")
        expect(page.get_by_test_id("review")).to_be_visible()
        shoot(page, f"review-{name}")
        page.goto("/handovers")
        expect(page.get_by_test_id("watch-report")).to_be_visible()
        shoot(page, f"handover-{name}")


@click.command()
@click.option("--url", default="http://localhost:8000", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(url: str, out: Path) -> None:
    """Take these pictures, in both languages, by day and night, into a folder."""
    expect.set_options(timeout=30_000)  # the map is drawn without a graphics card
    password = accounts.password(from_environment(os.environ))
    out.mkdir(parents=True, exist_ok=True)

    def sign_in(page: Page, username: str) -> None:
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(password)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("login-submit")).to_have_count(0)

    def shoot(page: Page, name: str) -> None:
        page.wait_for_timeout(1500)  # the map's labels, and transitions of the page itself
        page.screenshot(path=out / f"{name}.png", animations="disabled")
        click.echo(f"{name}.png")

    with ExitStack() as stack:
        scene = staged(stack.enter_context(Account(url, ROOM, password)))
        browser = stack.enter_context(chromium())
        for locale, short in (("zh-CN", "zh"), ("en", "en")):
            for theme in ("light", "dark"):
                looks = {"base_url": url, "locale": locale, "color_scheme": theme}
                take(browser, sign_in, scene, f"{short}-{theme}", looks, shoot)


if __name__ == "__main__":
    main()
