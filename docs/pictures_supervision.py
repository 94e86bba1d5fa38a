"""The pictures of supervision: the list, an incident whole, a review, a watch to hand over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, expect

from docs.studio import County, PictureSet, Studio, drawn


@dataclass(frozen=True)
class Scene:
    """The incident that is shown whole, and the review."""

    incident: int
    review: int


@contextmanager
def staged(_browser: Browser, county: County) -> Iterator[Scene]:
    """Review two incidents that were closed; the review stays."""
    with county.account("command") as room:
        closed = room.get("/incidents?state=closed&limit=2")["items"]
        said = {"title": "夜间警情处置复盘", "incidents": [each["id"] for each in closed]}
        review = room.post("/reviews", said)
        signed = next(each["id"] for each in review["timeline"] if each["verb"] == "sign")
        remark = {"text": "签收及时，出发前未核对门牌号。", "event": signed}
        room.post(f"/reviews/{review['id']}/remarks", remark)
    yield Scene(closed[0]["id"], review["id"])


def take(studio: Studio, scene: Scene) -> None:
    """Take the pictures of one look."""
    with studio.desk("/incidents") as page:
        expect(page.get_by_test_id("task-state").first).to_be_visible()
        studio.shoot(page, "incidents")
        page.goto(f"/incidents/{scene.incident}")
        drawn(page, "steps-map")
        studio.shoot(page, "incident")
        page.goto(f"/reviews?id={scene.review}")
        expect(page.get_by_test_id("review")).to_be_visible()
        studio.shoot(page, "review")
        page.goto("/handovers")
        expect(page.get_by_test_id("watch-report")).to_be_visible()
        studio.shoot(page, "handover")


PICTURES = PictureSet(("incidents", "incident", "review", "handover"), take, staged)
