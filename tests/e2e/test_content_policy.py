"""Every page of the router by day and by night: the content security policy has nothing to stop."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from gridserver.base.settings import ROOT
from tests.browser import DESKTOP, HANDHELD

#: Who opens which pages of the router, on which screen.
WALKS = {
    "command": (
        DESKTOP,
        (
            "/command",
            "/incidents",
            "/incidents/1",
            "/reviews",
            "/logs",
            "/handovers",
            "/figures",
            "/map",
            "/orders",
            "/bulletins",
            "/captures",
            "/account",
            # The last one: its session is a wall's from then on, which opens nothing else.
            "/wall",
        ),
    ),
    "admin": (
        DESKTOP,
        (
            "/playback",
            "/exchange",
            "/duty",
            "/settings/tables",
            "/settings/places",
            "/settings/accounts",
            "/settings/devices",
        ),
    ),
    "gis": (DESKTOP, ("/grid",)),
    "auditor": (DESKTOP, ("/audit",)),
    "330824041": (
        HANDHELD,
        (
            "/terminal",
            "/terminal/map",
            "/terminal/duty",
            "/terminal/messages",
            "/terminal/messages/1",
            "/terminal/bulletins",
            "/terminal/bulletins/1",
            "/terminal/capture",
            "/terminal/log",
            "/terminal/me",
            "/terminal/tasks/1",
            "/terminal/lock",
        ),
    ),
}
#: Before anybody signs in; a code and an answer that nobody gave.
OPEN = ("/login", "/enrol#x", "/login/provider?code=x&state=x", "/api/docs")
#: No pages of the router.
_BESIDE = {"/api/docs"}
#: Goes on by itself where there is signal.
_GOES_ON = "/terminal/lock"
#: Pages that only send on.
_SENDS_ON = {"/", "/:rest(.*)*"}

_LISTENS = """
document.addEventListener('securitypolicyviolation', (event) =>
  tellViolation(`${location.pathname}: ${event.violatedDirective} ${event.blockedURI}`))
"""


def pages_of_the_router() -> set[str]:
    """Return the router's paths, an id in the place of each parameter."""
    source = ROOT / "web" / "src"
    router = (source / "router.ts").read_text("utf-8")
    named = router + (source / "login" / "provider.ts").read_text("utf-8")
    constants = dict(re.findall(r"const ([A-Z]+) = '(/[^']*)'", named))
    paths = set(re.findall(r"path: '(/[^']*)'", router)) - _SENDS_ON
    paths |= {constants[name] for name in re.findall(r"path: ([A-Z]+),", router)}
    paths |= {f"/terminal/{each}" for each in re.findall(r"path: '([^/'][^']*)'", router)}
    return {re.sub(r":\w+(\(.*?\))?", "1", path) for path in paths}


def test_every_page_is_walked() -> None:
    walked = {path for _, paths in WALKS.values() for path in paths}
    walked |= {urlsplit(path).path for path in OPEN} - _BESIDE
    assert walked == pages_of_the_router()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("username", WALKS)
def test_nothing_is_stopped(
    username: str,
    scheme: str,
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], Page],
) -> None:
    screen, paths = WALKS[username]
    # What has the id 1 may be nobody's, or another's.
    page = open_page("/login", viewport=screen, color_scheme=scheme, refused={401, 403, 404})
    stopped = listen(page)
    page.goto("/login")
    sign_in(page, username)
    page.wait_for_url(lambda url: "/login" not in url)
    for path in paths:
        look(page, path)
    assert stopped == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nor_before_anybody_signs_in(scheme: str, open_page: Callable[..., Page]) -> None:
    # The code is none.
    page = open_page("/login", color_scheme=scheme, refused={401, 403, 404})
    stopped = listen(page)
    for path in OPEN:
        look(page, path)
    assert stopped == []


def test_what_is_stopped_is_told(open_page: Callable[..., Page]) -> None:
    page = open_page("/login", refused={403, 404})
    stopped = listen(page)
    page.goto("/login")
    page.evaluate(
        """async () => {
        const stopped = { violatedDirective: 'style-src', blockedURI: 'inline' }
        document.dispatchEvent(new SecurityPolicyViolationEvent('securitypolicyviolation', stopped))
        await tellViolation('then')
        }"""
    )
    assert stopped == ["/login: style-src inline", "then"]


def listen(page: Page) -> list[str]:
    """Return what the policy stops from the next page on, as it is stopped."""
    stopped: list[str] = []
    page.expose_function("tellViolation", lambda said: stopped.append(said))
    page.add_init_script(_LISTENS)
    return stopped


def look(page: Page, path: str) -> None:
    """Open a page, and wait until it has loaded what it loads."""
    page.goto(path)
    expect(page.locator("main, #app, .swagger-ui, body > *").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    asked = urlsplit(path).path
    assert asked == _GOES_ON or urlsplit(page.url).path == asked, "sent on to another page"
