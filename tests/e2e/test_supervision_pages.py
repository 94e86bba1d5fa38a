"""Supervision in browsers: from a filtered list to a signed review, and a watch handed over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.axe import assert_accessible

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]


@pytest.fixture
def desk(open_page: OpenPage, sign_in: SignIn) -> Callable[[str, str], Page]:
    def desk(path: str, username: str = "command") -> Page:
        page = open_page(f"/login?to={path}", locale="en")
        sign_in(page, username)
        page.wait_for_url(f"**{path}")
        return page

    return desk


def test_from_a_filtered_list_to_a_signed_review(desk: Callable[..., Page]) -> None:
    page = desk("/incidents")
    page.get_by_test_id("filter-state").select_option("closed")
    page.wait_for_url("**state=closed")
    chips = page.get_by_test_id("task-state")
    expect(chips.first).to_have_text("Closed")
    expect(page.get_by_test_id("incidents-total")).to_contain_text(" in all")
    assert_accessible(page)
    page.get_by_role("checkbox", name="Choose incident").first.check()
    page.get_by_test_id("review-chosen").click()
    page.get_by_test_id("review-title").fill("A long night")
    page.get_by_test_id("confirm").click()
    review = page.get_by_test_id("review")
    expect(review).to_have_attribute("data-state", "drafted")
    review.get_by_role("button", name="Remark on “Sign”").first.click()
    page.get_by_test_id("words").fill("Quickly done.")
    page.get_by_test_id("confirm").click()
    expect(review.get_by_text("Quickly done.")).to_be_visible()
    assert_accessible(page)
    page.get_by_test_id("review-submit").click()
    page.get_by_test_id("words").fill("All in all well done.")
    page.get_by_test_id("confirm").click()
    expect(review).to_have_attribute("data-state", "submitted")
    expect(page.get_by_test_id("review-sign-off")).to_have_count(0)
    signer = desk("/reviews", "admin")
    signer.get_by_role("button", name="A long night").first.click()
    signer.get_by_test_id("review-sign-off").click()
    expect(signer.get_by_test_id("review-signed")).to_be_visible()


def test_one_incident_whole_and_its_form(desk: Callable[..., Page]) -> None:
    page = desk("/incidents?state=closed")
    page.get_by_test_id("incidents").locator("tbody a").first.click()
    timeline = page.get_by_test_id("timeline")
    for step in ("Sign", "Depart", "Arrive", "Report back", "Close"):
        expect(timeline.get_by_text(step, exact=True).first).to_be_visible()
    expect(page.get_by_test_id("steps-map")).to_have_attribute("data-ready", "true")
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_test_id("print").click()
    assert download.value.suggested_filename.startswith("incident-")
    page.get_by_test_id("to-board").click()
    page.wait_for_url("**/command?task=*")


def test_a_watch_is_handed_over_and_a_day_looked_at(desk: Callable[..., Page]) -> None:
    page = desk("/handovers")
    page.get_by_test_id("watch-remark").fill("The river rises.")
    came = page.get_by_test_id("part-came")
    expect(came).to_be_visible()
    assert_accessible(page)
    page.get_by_test_id("watch-give").click()
    expect(page.get_by_test_id("handover")).to_have_attribute("data-state", "given")
    expect(page.get_by_test_id("watch-take")).to_have_count(0)
    page.goto("/logs")
    page.get_by_test_id("log-officer").fill("330824009")
    page.get_by_test_id("log-officer").press("Enter")
    page.wait_for_url("**officer=330824009")
    expect(page.get_by_test_id("day-log")).to_contain_text("330824009")
    expect(page.get_by_test_id("log-export")).to_be_visible()
    assert_accessible(page)
