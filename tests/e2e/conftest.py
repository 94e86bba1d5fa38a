"""A served demo county and real browsers.

Every browser context fails its test when a request leaves this host, when a page logs an
error, or when the content security policy had to stop something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from gridserver.base.settings import ROOT
from tests.browser import DESKTOP, PATIENCE_MS, Watch, chromium
from tests.e2e.serving import PASSWORD, County, county

#: What the pages of a test that failed looked like.
PICTURES = ROOT / "build" / "failed"
_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note of a test that it failed, for the fixtures that are ended after it."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def kaihua() -> Iterator[County]:
    """A running demo county with one day of past incidents."""
    with county() as served:
        yield served


@pytest.fixture(scope="session")
def served(kaihua: County) -> str:
    """Its address."""
    return kaihua.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for a file: Playwright's loop holds the thread from others while it runs."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(
    browser: Browser, served: str, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser of its own: `open_page("/command", locale="en")`.

    `refused` names the statuses of the refusals that the test provokes there. Where the test
    fails, a picture of each page is left in `PICTURES`.
    """
    contexts: list[BrowserContext] = []
    watch = Watch()

    def open_page(
        path: str,
        *,
        locale: str = "zh-CN",
        viewport: dict[str, int] = DESKTOP,
        refused: Collection[int] = (),
        **options: object,
    ) -> Page:
        context = browser.new_context(base_url=served, locale=locale, viewport=viewport, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watch.over(context, refused)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    if request.node.stash.get(_FAILED, False):
        _keep_pictures(request.node.name, contexts)
    for context in contexts:
        context.close()
    watch.end()


def _keep_pictures(test: str, contexts: Collection[BrowserContext]) -> None:
    name = re.sub(r"\W+", "-", test).strip("-")
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages, 1):
        with suppress(Error):  # of a page that hangs there is none
            page.screenshot(path=PICTURES / f"{name}-{number}.png")


@pytest.fixture
def sign_in() -> Callable[[Page, str], Page]:
    def sign_in(page: Page, username: str) -> Page:
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        return page

    return sign_in
