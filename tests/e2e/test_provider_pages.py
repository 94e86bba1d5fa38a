"""Signing in, and opening a locked desk, by a real identity provider, in a real browser.

The provider is on another site (127.0.0.1, to a page of localhost), as a bureau's is: cookies that
are for one site alone must still do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.engine import URL

from gridserver.base.db import Database
from tests import identity
from tests.axe import assert_accessible
from tests.browser import DESKTOP, Watch
from tests.conftest import copied
from tests.county import PASSWORD, commit_county
from tests.processes import WebProcess, free_port

WHO, OTHER = "room-33082401", "room-33082402"
Open = Callable[..., Page]


@dataclass(frozen=True)
class Served:
    """A small county beside its identity provider."""

    address: str
    issuer: str


@pytest.fixture(scope="module")
def served_with(
    template: URL, superuser: sa.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Not the worker's demo county: no page of another test shows the button."""
    folder, port = tmp_path_factory.mktemp("provider"), free_port()
    address = f"http://localhost:{port}"
    with copied(template, superuser) as url, identity.provider(folder, address) as provider:
        database = Database(url)
        commit_county(database)
        database.dispose()
        environ = provider.environ | {"GRIDSERVER_OIDC_NAME": "公安身份认证"}
        process = WebProcess(url, folder, port, **environ)
        yield Served(address, provider.issuer)
        assert process.stop() == 0, process.log.read_text()


@pytest.fixture
def open_page(browser: Browser, served_with: Served) -> Iterator[Open]:
    """Open a page; the browser must have nothing to complain of, the content security policy
    included, and go nowhere but to the two servers."""
    watch = Watch(served_with.issuer)
    contexts = []

    def open_page(path: str, *, refused: tuple[int, ...] = (), locale: str = "en") -> Page:
        context = browser.new_context(base_url=served_with.address, viewport=DESKTOP, locale=locale)
        contexts.append(context)
        watch.over(context, refused)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    watch.end()


def be(page: Page, name: str) -> None:
    """Be `name` at the provider's page."""
    page.get_by_label("name").fill(name)
    page.get_by_role("button").click()


def test_signing_in_and_opening_a_locked_desk(open_page: Open, served_with: Served) -> None:
    page = open_page("/login?to=/duty", refused=(401, 403))
    button = page.get_by_test_id("login-provider")
    expect(button).to_contain_text("公安身份认证")
    assert_accessible(page)
    button.click()
    page.wait_for_url(f"{served_with.issuer}/**")
    be(page, WHO)
    page.wait_for_url("**/duty")
    kept = {each["name"]: each for each in page.context.cookies()}
    cookie = kept["gridserver_session"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    assert "gridserver_provider" not in kept

    page.evaluate(
        """async () => {
            const { csrf_token } = await (await fetch('/api/v1/sessions/current')).json()
            const headers = { 'X-CSRF-Token': csrf_token }
            await fetch('/api/v1/sessions/current/lock', { method: 'POST', headers })
        }"""
    )
    page.goto("/command")
    lock = page.get_by_test_id("idle-lock")
    expect(lock).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_test_id("unlock-provider").click()
    beside = opened.value
    # Who is signed in there still, is asked for the password all the same.
    beside.wait_for_url(f"{served_with.issuer}/interaction/**")
    with beside.expect_event("close"):
        be(beside, WHO)
    expect(lock).to_have_count(0)

    page.get_by_test_id("account").click()
    page.get_by_test_id("sign-out").click()
    page.wait_for_url(f"{served_with.issuer}/session/end**")
    assert "gridserver_session" not in {each["name"] for each in page.context.cookies()}
    page.get_by_role("button").click()
    page.wait_for_url(f"{served_with.address}/login")
    expect(page.get_by_test_id("login-provider")).to_be_visible()
    # Whoever sits down here next is nobody at the provider either.
    assert not {"_session"} & {each["name"] for each in page.context.cookies(served_with.issuer)}


def test_who_has_no_account_here(open_page: Open, served_with: Served) -> None:
    page = open_page("/login", refused=(401,))
    page.get_by_test_id("login-provider").click()
    be(page, "somebody-else")
    expect(page.get_by_role("alert")).to_contain_text("no active account")
    assert_accessible(page)
    page.get_by_test_id("login-username").fill(WHO)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    page.wait_for_url("**/command")


def test_who_was_given_the_name_of_another(open_page: Open, served_with: Served) -> None:
    page = open_page("/login")
    page.get_by_test_id("login-provider").click()
    be(page, OTHER)
    page.wait_for_url("**/command")
    page = open_page("/login", refused=(401,))
    page.get_by_test_id("login-provider").click()
    be(page, f"7:{OTHER}")
    expect(page.get_by_role("alert")).to_contain_text("somebody else's at the identity provider")
    assert_accessible(page)
