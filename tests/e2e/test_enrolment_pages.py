"""An admin shows a code, a handheld is enrolled by it, and a second one is not."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.axe import assert_accessible
from tests.browser import HANDHELD

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]
#: Whom no other file signs in.
WHO = "330824315"

#: Whether the browser would let the private key out.
_EXTRACTABLE = """
async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const database = await done(indexedDB.open('gridserver.device key'))
  const [{ pair }] = await done(database.transaction('pairs').objectStore('pairs').getAll())
  database.close()
  const letOut = await crypto.subtle.exportKey('pkcs8', pair.privateKey).catch(() => null)
  return pair.privateKey.extractable || letOut !== null
}
"""


def test_a_handheld_is_enrolled_by_a_code_once(
    served: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    admin = sign_in(open_page("/login?to=/settings/devices", locale="en"), "admin")
    admin.get_by_test_id("enrol-device").click()
    admin.get_by_test_id("enrol-username").fill(WHO)
    admin.get_by_test_id("confirm").click()
    code = admin.get_by_test_id("enrol-qr")
    expect(code).to_be_visible()
    assert_accessible(admin)
    link = code.get_attribute("data-url")
    assert link is not None and link.startswith(f"{served}/enrol#")

    handheld = open_page(link, viewport=HANDHELD)
    expect(handheld.get_by_test_id("enrol-whose")).to_have_text(WHO)
    assert_accessible(handheld)
    handheld.get_by_test_id("enrol-submit").click()
    expect(handheld.get_by_test_id("enrolled")).to_be_visible()
    assert handheld.evaluate(_EXTRACTABLE) is False

    second = open_page(link, viewport=HANDHELD, refused=(401,))
    expect(second.get_by_test_id("enrol-device").get_by_role("alert")).to_contain_text("登记码")
    second.close()

    handheld.get_by_test_id("enrol-go-on").click()
    with handheld.expect_response("**/api/v1/sessions/device") as proof:
        sign_in(handheld, WHO)
    assert proof.value.status == 201
    handheld.wait_for_url("**/terminal")
    name = handheld.evaluate("localStorage.getItem('gridserver.device')")

    # All that a page can copy of it, on another machine: its name, and the password.
    thief = open_page("/login", viewport=HANDHELD, refused=(401,), locale="en")
    thief.evaluate("name => localStorage.setItem('gridserver.device', name)", name)
    sign_in(thief, WHO)
    expect(thief.get_by_role("alert")).to_contain_text("not the device")

    admin.keyboard.press("Escape")
    admin.get_by_test_id("devices-words").fill(WHO)
    expect(admin.get_by_test_id(f"device-{name}").get_by_test_id("is-enrolled")).to_be_visible()
