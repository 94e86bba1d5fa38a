"""An admin connects the 110 platform, mends its mapping, and takes again what was refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest
import requests
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from gridserver.base.clock import SystemClock
from gridserver.base.db import Database
from gridserver.partners.models import Partner
from tests.browser import PATIENCE
from tests.e2e.handhelds import CommandRoom
from tests.e2e.serving import County
from tests.exchange import SECRETS, signed

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]

FIELDS = {"external_id": "jjdbh", "category": "bjlb", "lon": "/wz/jd", "lat": "/wz/wd"}
MESSAGE = {"jjdbh": "E2E-1", "bjlb": "0301", "wz": {"jd": 118.415, "wd": 29.137}}


@pytest.fixture
def platform(served: str) -> str:
    """A code that has a secret and is no partner's yet. A partner stays once it is added, so a test
    that is tried again adds another."""
    partners = CommandRoom(served, "admin").get("/exchange/partners")["items"]
    taken = {each["code"] for each in partners}
    return next(code for code in SECRETS if code not in taken)


@pytest.fixture
def hotline() -> str:
    """A code that nobody else has."""
    return f"hotline-{uuid.uuid4().hex[:6]}"


def send(address: str, code: str, message: dict[str, object]) -> int:
    path, body = f"/api/v1/exchange/{code}/incidents", json.dumps(message).encode()
    headers = signed(path, body, SystemClock().now(), secret=SECRETS[code])
    return requests.post(address + path, data=body, headers=headers, timeout=PATIENCE).status_code


def test_the_110_platform_is_connected(
    served: str, platform: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    page = sign_in(open_page("/exchange", locale="en", refused=(422,)), "admin")
    page.get_by_test_id("add-partner").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_test_id("partner-code").fill(platform)
    dialog.get_by_test_id("partner-name").fill(f"{platform}接警平台")
    dialog.get_by_test_id("confirm").click()
    row = page.get_by_test_id(f"partner-{platform}")
    expect(row).to_have_attribute("aria-current", "true")

    page.get_by_test_id("exchange-mapping").click()
    for ours, theirs in FIELDS.items():
        page.get_by_test_id(f"field-{ours}").fill(theirs)
    page.get_by_test_id("mapping-categories").fill("01* = dispute")
    page.get_by_test_id("sample").fill(json.dumps(MESSAGE))
    page.get_by_test_id("try-sample").click()
    expect(page.get_by_role("main").get_by_role("alert")).to_be_visible()
    page.get_by_test_id("save-mapping").click()
    versions = page.get_by_test_id("mapping-versions").locator("li")
    expect(versions).to_have_count(1)
    assert send(served, platform, MESSAGE) == 422

    page.reload()
    row.click()
    page.get_by_test_id("exchange-rejects").click()
    rejects = page.get_by_test_id("rejects")
    expect(rejects).to_contain_text("incident.unknown_category")
    rejects.get_by_role("button", name="Look").click()
    expect(page.get_by_test_id("reject-body")).to_contain_text("E2E-1")

    page.get_by_test_id("exchange-mapping").click()
    page.get_by_test_id("mapping-categories").fill("01* = dispute\n03* = help")
    page.get_by_test_id("sample").fill(json.dumps(MESSAGE))
    page.get_by_test_id("try-sample").click()
    expect(page.get_by_test_id("mapped")).to_contain_text("help")
    page.get_by_test_id("save-mapping").click()
    expect(versions).to_have_count(2)
    page.get_by_test_id("exchange-rejects").click()
    page.get_by_test_id("replay-all").click()
    expect(page.get_by_test_id("replay-outcome")).to_have_text("Taken: 1. Left: 0.")
    assert send(served, platform, MESSAGE) == 200, "it was taken, so it is known now"


def test_an_address_without_tls_is_refused_and_an_old_one_told(
    kaihua: County, hotline: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    page = sign_in(open_page("/exchange", locale="en", refused=(422,)), "admin")
    page.get_by_test_id("add-partner").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_test_id("partner-code").fill(hotline)
    dialog.get_by_test_id("partner-name").fill(f"热线{hotline}")
    dialog.get_by_test_id("partner-url").fill("http://10.1.2.3/police")
    dialog.get_by_test_id("confirm").click()
    expect(dialog.get_by_role("alert")).to_contain_text("https")
    dialog.get_by_test_id("partner-url").fill("https://10.1.2.3/police")
    dialog.get_by_test_id("confirm").click()
    row = page.get_by_test_id(f"partner-{hotline}")
    expect(row).to_have_attribute("aria-current", "true")
    expect(row).not_to_contain_text("https")

    database = Database(kaihua.database_url)
    with database.transaction() as session:  # as from before it was asked for
        old = sa.update(Partner).where(Partner.code == hotline)
        session.execute(old.values(webhook_url="http://10.1.2.3/police"))
    database.dispose()
    page.reload()
    expect(row).to_contain_text("Address without https: nothing is sent")
