"""An admin cuts a lost handheld off, sees that it wiped itself, and admits it again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser import HANDHELD, PATIENCE
from tests.e2e.handhelds import CommandRoom, kept_by, set_pin, wait_until_mapped
from tests.e2e.serving import PASSWORD
from tests.waiting import until

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]
ADDRESS = "解放街十七号三单元"
OFFICER = "330824033"


def sign_in_by_hand(address: str, device: str) -> requests.Response:
    """Sign in as a client that is no browser does."""
    credentials = {"username": OFFICER, "password": PASSWORD, "device": device, "battery": 0.08}
    return requests.post(f"{address}/api/v1/sessions", json=credentials, timeout=PATIENCE)


@pytest.fixture
def name() -> str:
    """A handheld of the test's own."""
    return f"handheld-{uuid.uuid4().hex[:6]}"


@pytest.fixture
def token(served: str, name: str) -> str:
    signed_in = sign_in_by_hand(served, name)
    assert signed_in.status_code == 201, signed_in.text
    return signed_in.json()["token"]


def test_a_lost_handheld(
    served: str, name: str, token: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    page = sign_in(open_page("/login", locale="en"), "admin")
    page.get_by_test_id("more-pages").click()
    page.get_by_test_id("to-devices").click()
    page.get_by_test_id("devices-words").fill(name)
    row = page.get_by_test_id(f"device-{name}")
    expect(page.get_by_test_id("devices").locator("tbody tr")).to_have_count(1)
    expect(row).to_contain_text("8%")
    row.get_by_test_id("revoke").click()
    expect(page.get_by_test_id("confirm")).to_be_disabled()
    page.get_by_test_id("revoke-reason").fill("Lost in the river")
    page.get_by_test_id("confirm").click()
    expect(row).to_have_attribute("data-state", "revoked")
    expect(row).to_contain_text("Lost in the river")
    assert sign_in_by_hand(served, name).json()["code"] == "access.device_revoked"

    bearer = {"Authorization": f"Bearer {token}"}
    wiped = requests.post(f"{served}/api/v1/devices/wiped", headers=bearer, timeout=PATIENCE)
    assert wiped.status_code == 204
    expect(row.get_by_test_id("wiped")).to_be_visible()  # it looks by itself

    page.get_by_test_id("devices-revoked").click()
    row.get_by_test_id("admit").click()
    page.get_by_test_id("confirm").click()
    expect(row).to_have_count(0)
    assert sign_in_by_hand(served, name).status_code == 201


def test_a_station_sees_its_own(
    served: str, token: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    """The page that shows them is a device of the room's own, which it can't revoke."""
    page = sign_in(open_page("/settings/devices"), "room-33082401")
    this = page.get_by_test_id("devices").locator("tbody tr", has_text="本机")
    expect(this).to_have_count(1)
    expect(this.get_by_test_id("revoke")).to_have_count(0)


def test_a_revoked_handheld_wipes_itself(served: str, open_page: OpenPage, sign_in: SignIn) -> None:
    room, admin = CommandRoom(served), CommandRoom(served, "admin")
    call = room.call(ADDRESS)

    def device() -> dict[str, Any]:
        """The newest of the officer's, who may have signed in for another test."""
        found = admin.get(f"/devices?words={call.officer}")["items"]
        return max(found, key=lambda each: each["first_seen_at"])

    page = sign_in(open_page("/login", viewport=HANDHELD, refused=(401, 403)), call.officer)
    expect(page.get_by_test_id(f"task-{call.task}")).to_be_visible()
    wait_until_mapped(page)
    set_pin(page)
    assert any("/records:" in each for each in kept_by(page)), "there is something to wipe"
    until(lambda: device()["app_version"], within=PATIENCE)

    admin.post(f"/devices/{device()['id']}/revoke", {"reason": "e2e"})
    expect(page.get_by_test_id("revoked")).to_contain_text("已被停用")
    until(lambda: device()["wiped_at"], within=PATIENCE)
    local_storage, _session_storage, *records_keys_and_caches = kept_by(page)
    assert all(each.endswith(": []") for each in records_keys_and_caches)
    assert ADDRESS not in local_storage
    # The notice of the revocation is an alert of the same words: only the answer tells.
    with page.expect_response("**/api/v1/sessions") as answer:
        sign_in(page, call.officer)
    assert answer.value.status == 403
    expect(page.get_by_role("alert")).to_contain_text("停用")

    admin.post(f"/devices/{device()['id']}/admit", None)
    sign_in(page, call.officer)
    expect(page.get_by_test_id(f"task-{call.task}")).to_be_visible()


def test_an_officer_cuts_off_a_lost_handheld(
    served: str, name: str, token: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    page = sign_in(open_page("/login", viewport=HANDHELD), OFFICER)
    page.get_by_test_id("tab-me").click()
    page.get_by_test_id(f"lost-{name}").click()
    page.get_by_test_id("lost-confirm").click()
    row = page.get_by_test_id("own-devices").get_by_role("listitem").filter(has_text=name[-4:])
    expect(row).to_contain_text("已停用")
    assert sign_in_by_hand(served, name).status_code == 403
