"""An admin cuts a lost handheld off, sees that it wiped itself, and admits it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.serving import PASSWORD

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]
OFFICER, NAME = "330824033", "handheld-e2e"


def sign_in_by_hand(address: str) -> requests.Response:
    """Sign in as a client that is no browser does."""
    credentials = {"username": OFFICER, "password": PASSWORD, "device": NAME, "battery": 0.08}
    return requests.post(f"{address}/api/v1/sessions", json=credentials, timeout=30)


@pytest.fixture
def token(served: str) -> str:
    signed_in = sign_in_by_hand(served)
    assert signed_in.status_code == 201, signed_in.text
    return signed_in.json()["token"]


def test_a_lost_handheld(served: str, token: str, open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login", locale="en"), "admin")
    page.get_by_test_id("to-devices").click()
    page.get_by_test_id("devices-words").fill(NAME)
    row = page.get_by_test_id(f"device-{NAME}")
    expect(page.get_by_test_id("devices").locator("tbody tr")).to_have_count(1)
    expect(row).to_contain_text("8%")
    row.get_by_test_id("revoke").click()
    expect(page.get_by_test_id("confirm")).to_be_disabled()
    page.get_by_test_id("revoke-reason").fill("Lost in the river")
    page.get_by_test_id("confirm").click()
    expect(row).to_have_attribute("data-state", "revoked")
    expect(row).to_contain_text("Lost in the river")
    assert sign_in_by_hand(served).json()["code"] == "access.device_revoked"

    bearer = {"Authorization": f"Bearer {token}"}
    wiped = requests.post(f"{served}/api/v1/devices/wiped", headers=bearer, timeout=30)
    assert wiped.status_code == 204
    expect(row.get_by_test_id("wiped")).to_be_visible(timeout=40_000)  # it looks by itself

    page.get_by_test_id("devices-revoked").click()
    row.get_by_test_id("admit").click()
    page.get_by_test_id("confirm").click()
    expect(row).to_have_count(0)
    assert sign_in_by_hand(served).status_code == 201


def test_a_station_sees_its_own(
    served: str, token: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    """The page that shows them is a device of the room's own, which it can't revoke."""
    page = sign_in(open_page("/settings/devices"), "room-33082401")
    this = page.get_by_test_id("devices").locator("tbody tr", has_text="本机")
    expect(this).to_have_count(1)
    expect(this.get_by_test_id("revoke")).to_have_count(0)
