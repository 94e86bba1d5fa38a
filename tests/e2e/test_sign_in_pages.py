"""Signing in with an app's codes, a security key and recovery codes, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.axe import assert_accessible
from tests.e2e.handhelds import CommandRoom
from tests.e2e.serving import PASSWORD, County
from tests.e2e.workshop import named

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]
#: Accounts that no other file signs in by.
WATCHED, LOCKED = "330824314", "room-33082406"
#: Nor by these officers, of whom each attempt at a test has one to itself.
_OFFICERS = map(str, range(330824316, 330824332))


@pytest.fixture
def officer() -> str:
    """One whom nobody signed in as before: an attempt that fails leaves a second factor, sessions
    or another password behind."""
    return next(_OFFICERS)


@pytest.fixture
def grid_admin(kaihua: County) -> str:
    """One of this attempt's own: other tests sign in as *gis*, by the password alone, which an
    attempt that fails would leave with a second factor."""
    username = named("gis")
    kaihua.run("account", "add", username, "--role", "gis_admin", "--password-stdin", said=PASSWORD)
    return username


@pytest.fixture
def policy_restored(served: str) -> Iterator[None]:
    """Demand afterwards of who signs in what was demanded before, however far the test came."""
    admin = CommandRoom(served, "admin")
    before = admin.get("/sign-in-policy")
    yield
    admin.put("/sign-in-policy", before)


def plug_in_a_key(page: Page) -> None:
    """Plug a security key into the page's browser (CDP WebAuthn); its owner touches it at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def came_in(page: Page) -> None:
    page.wait_for_url(lambda url: "/login" not in url)


def give_password_again(page: Page) -> None:
    page.get_by_test_id("again-password").fill(PASSWORD)
    page.get_by_test_id("again-submit").click()


def begin_to_enrol(page: Page, kind: str) -> None:
    came_in(page)
    page.goto("/account")
    page.get_by_test_id("factor-add").click()
    page.get_by_test_id(f"enrol-{kind}").click()
    give_password_again(page)


def sign_out(page: Page) -> None:
    """Leave the session behind; the browser is still known."""
    page.context.clear_cookies(name="gridserver_session")
    page.goto("/login")


def begin_to_remove(page: Page, kind: str) -> None:
    page.goto("/account")
    page.get_by_test_id(f"factor-{kind}").get_by_role("button").click()
    give_password_again(page)


def is_gone(page: Page, kind: str) -> None:
    expect(page.get_by_test_id("factor-add")).to_be_visible()
    expect(page.get_by_test_id(f"factor-{kind}")).to_have_count(0)


def test_codes_of_an_app(open_page: OpenPage, sign_in: SignIn, officer: str) -> None:
    page = sign_in(open_page("/login", locale="en", refused=(401,)), officer)
    begin_to_enrol(page, "totp")
    secret = page.get_by_test_id("totp-secret").inner_text().replace(" ", "")
    app = pyotp.TOTP(secret)
    assert_accessible(page)
    page.get_by_test_id("enrol-code").fill(app.now())
    page.get_by_test_id("enrol-confirm").click()
    listed = page.get_by_test_id("recovery-codes").locator("code")
    expect(listed).to_have_count(10)
    codes = listed.all_inner_texts()
    page.get_by_test_id("codes-kept").click()
    expect(page.get_by_test_id("factor-totp")).to_be_visible()
    sign_out(page)

    sign_in(page, officer)
    page.get_by_test_id("second-code").fill("000000")
    page.get_by_test_id("second-submit").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    assert_accessible(page)
    # The next one: a telephone's clock may be half a minute fast, and a code is good once.
    page.get_by_test_id("second-code").fill(app.at(int(time.time()) + 30))
    page.get_by_test_id("second-submit").click()
    came_in(page)
    sign_out(page)

    sign_in(page, officer)
    page.get_by_test_id("second-by-recovery_code").click()
    page.get_by_test_id("second-recovery").fill(codes[0].lower())
    page.get_by_test_id("second-submit").click()
    came_in(page)
    # The password alone removes it no more than it signs in.
    begin_to_remove(page, "totp")
    page.get_by_test_id("second-code").fill("000000")
    page.get_by_test_id("second-submit").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    assert_accessible(page)
    page.get_by_test_id("second-by-recovery_code").click()
    page.get_by_test_id("second-recovery").fill(codes[1])
    page.get_by_test_id("second-submit").click()
    is_gone(page, "totp")


def test_a_security_key(open_page: OpenPage, sign_in: SignIn, officer: str) -> None:
    page = open_page("/login", refused=(401,))
    plug_in_a_key(page)
    sign_in(page, officer)
    begin_to_enrol(page, "webauthn")
    page.get_by_test_id("codes-kept").click()
    expect(page.get_by_test_id("factor-webauthn")).to_contain_text("安全密钥")
    sign_out(page)

    sign_in(page, officer)
    page.get_by_test_id("second-key").click()
    came_in(page)
    begin_to_remove(page, "webauthn")
    page.get_by_test_id("second-key").click()
    is_gone(page, "webauthn")
    sign_out(page)
    sign_in(page, officer)
    came_in(page)


def test_one_s_own_password_and_sessions(
    open_page: OpenPage, sign_in: SignIn, officer: str
) -> None:
    came_in(sign_in(open_page("/login", refused=(401,)), officer))
    there = sign_in(open_page("/login", refused=(401,)), officer)
    came_in(there)
    here = sign_in(open_page("/login", refused=(401, 422)), officer)
    came_in(here)
    here.goto("/account")
    expect(here.get_by_test_id("session-end")).to_have_count(2)
    # The newest comes first, so that this is the one that was opened before the others.
    here.get_by_test_id("session-end").last.click()
    assert_accessible(here)
    here.get_by_test_id("again-password").fill("a guess")
    here.get_by_test_id("again-submit").click()
    expect(here.get_by_role("alert")).to_be_visible()
    give_password_again(here)
    expect(here.get_by_test_id("session-end")).to_have_count(1)

    def change(old: str, new: str) -> int:
        for name, text in (("old", old), ("new", new), ("again", new)):
            here.get_by_test_id(f"password-{name}").fill(text)
        with here.expect_response("**/password") as answer:
            here.get_by_test_id("password-submit").click()
        return answer.value.status

    assert change(PASSWORD, "woaini5201314") == 422
    expect(here.get_by_role("alert")).to_contain_text("常见密码")
    assert change(PASSWORD, "another-of-my-own") < 300
    expect(here.get_by_test_id("password-changed")).to_be_visible()
    expect(here.get_by_test_id("session-end")).to_have_count(0)
    there.goto("/account")
    expect(there.get_by_test_id("login-username")).to_be_visible()
    assert change("another-of-my-own", PASSWORD) < 300
    expect(here.get_by_test_id("password-changed")).to_be_visible()


def test_a_desk_that_nobody_touches_is_locked_over_the_call_being_taken(
    open_page: OpenPage, sign_in: SignIn
) -> None:
    page = open_page("/login", refused=(401, 403))
    page.clock.install()
    sign_in(page, LOCKED)
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
    page.keyboard.press("n")
    address = page.get_by_test_id("intake-place")
    address.fill("解放街二十号")
    page.clock.fast_forward("31:00")
    expect(page.get_by_test_id("idle-lock")).to_be_visible()
    page.get_by_test_id("unlock-password").fill("a guess")
    page.get_by_test_id("unlock").click()
    expect(page.get_by_test_id("idle-lock").get_by_role("alert")).to_be_visible()
    page.get_by_test_id("unlock-password").fill(PASSWORD)
    page.get_by_test_id("unlock").click()
    expect(page.get_by_test_id("idle-lock")).to_have_count(0)
    expect(address).to_have_value("解放街二十号")


def test_a_reload_does_not_open_a_locked_desk(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login", locale="en", refused=(403,)), LOCKED)
    came_in(page)
    # What is under way when a page is left is refused, too.
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
    expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")
    lock(page)
    page.reload()
    expect(page.get_by_test_id("idle-lock")).to_be_visible()
    assert_accessible(page)
    page.get_by_test_id("unlock-password").fill(PASSWORD)
    page.get_by_test_id("unlock").click()
    expect(page.get_by_test_id("idle-lock")).to_have_count(0)
    # What the page asked for meanwhile is there without another reload.
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kaihua")


@pytest.mark.parametrize(("who", "path"), [(WATCHED, "/account"), (LOCKED, "/map")])
def test_signing_out_is_at_hand_where_there_is_no_menu(
    open_page: OpenPage, sign_in: SignIn, who: str, path: str
) -> None:
    page = sign_in(open_page("/login", refused=(401,)), who)
    came_in(page)
    page.goto(path)
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("login-username")).to_be_visible()
    assert not page.evaluate("localStorage.getItem('gridserver.account')")
    page.goto(path)
    expect(page.get_by_test_id("login-username")).to_be_visible()


def lock(page: Page) -> None:
    page.evaluate(
        """async () => {
            const { csrf_token } = await (await fetch('/api/v1/sessions/current')).json()
            const headers = { 'X-CSRF-Token': csrf_token }
            await fetch('/api/v1/sessions/current/lock', { method: 'POST', headers })
        }"""
    )


def sign_in_behind_it(page: Page, username: str) -> None:
    """Have another window of the page's browser sign in."""
    page.evaluate(
        """async (given) => {
            const headers = { 'Content-Type': 'application/json' }
            const body = JSON.stringify({ ...given, cookie: true })
            const answer = await fetch('/api/v1/sessions', { method: 'POST', headers, body })
            if (!answer.ok) throw new Error(await answer.text())
        }""",
        {"username": username, "password": PASSWORD},
    )


def is_live(page: Page) -> None:
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")


def test_two_windows_of_one_browser_are_opened_by_one_password(
    open_page: OpenPage, sign_in: SignIn
) -> None:
    page = sign_in(open_page("/login", refused=(403,)), LOCKED)
    is_live(page)
    beside = page.context.new_page()
    beside.goto("/command")
    is_live(beside)
    lock(page)
    for each in (page, beside):
        each.reload()
        expect(each.get_by_test_id("idle-lock")).to_be_visible()
    cookie = page.context.cookies()
    page.get_by_test_id("unlock-password").fill(PASSWORD)
    page.get_by_test_id("unlock").click()
    for each in (page, beside):
        expect(each.get_by_test_id("idle-lock")).to_have_count(0)
        is_live(each)
    assert page.context.cookies() != cookie


def test_a_window_goes_on_where_another_one_signed_in(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login", refused=(401, 403)), LOCKED)
    is_live(page)
    sign_in_behind_it(page, LOCKED)
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "offline")
    is_live(page)
    # Somebody else's session is no ground to show this one's any longer.
    sign_in_behind_it(page, "gis")
    page.wait_for_url("**/grid")


def test_an_admin_looks_after_accounts(served: str, open_page: OpenPage, sign_in: SignIn) -> None:
    there = sign_in(open_page("/login", refused=(401,)), WATCHED)
    came_in(there)
    page = sign_in(open_page("/login"), "admin")
    came_in(page)
    page.goto("/settings/accounts")
    page.get_by_test_id("accounts-words").fill(WATCHED)
    row = page.get_by_test_id(f"account-{WATCHED}")
    assert_accessible(page)
    row.get_by_test_id("account-show").click()
    page.get_by_test_id("account-end-all").click()
    expect(row.get_by_test_id("account-show")).to_have_count(0)
    there.goto("/account")
    expect(there.get_by_test_id("login-username")).to_be_visible()


@pytest.mark.usefixtures("policy_restored")
def test_a_role_that_demands_one_is_led_through_its_enrolment(
    open_page: OpenPage, sign_in: SignIn, grid_admin: str
) -> None:
    admin = sign_in(open_page("/login"), "admin")
    came_in(admin)
    admin.goto("/settings/accounts")

    def demand(demanded: bool) -> None:
        admin.get_by_test_id("demand-gis_admin").set_checked(demanded)
        admin.get_by_test_id("policy-save").click()
        expect(admin.get_by_test_id("policy-saved")).to_contain_text("已保存")

    demand(True)
    page = sign_in(open_page("/login"), grid_admin)
    page.get_by_test_id("enrol-totp").click()
    app = pyotp.TOTP(page.get_by_test_id("totp-secret").inner_text().replace(" ", ""))
    page.get_by_test_id("enrol-code").fill(app.now())
    page.get_by_test_id("enrol-confirm").click()
    page.get_by_test_id("codes-kept").click()
    came_in(page)
    page.close()  # before its session ends
    admin.get_by_test_id("accounts-words").fill(grid_admin)
    row = admin.get_by_test_id(f"account-{grid_admin}")
    row.get_by_test_id("account-reset").click()
    admin.get_by_test_id("reset-reason").fill("e2e")
    admin.get_by_test_id("confirm").click()
    expect(row).to_contain_text("未登记")
    demand(False)
