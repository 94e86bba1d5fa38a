"""Where the docs' pictures are taken: a browser before a running demo county."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
from playwright.sync_api import Browser, Page, expect

from gridserver.demo.clients import Account
from tests.browser import DESKTOP, HANDHELD

#: A large screen on the wall, or on a desk.
LARGE = {"width": 2560, "height": 1440}
_SHORT = {"zh-CN": "zh", "en": "en"}
#: Transitions of a page, and the labels of a map that is drawn without a graphics card.
_REST_MS = 700
_MAP_REST_MS = 4000


@dataclass(frozen=True)
class Look:
    """A language and a theme; its name ends the names of its pictures."""

    locale: str
    theme: str

    @property
    def name(self) -> str:
        return f"{_SHORT[self.locale]}-{self.theme}"


LOOKS = tuple(Look(locale, theme) for locale in _SHORT for theme in ("light", "dark"))


@dataclass(frozen=True)
class Camera:
    """Takes the pictures that are wanted (None: all) into a folder."""

    folder: Path
    wanted: frozenset[str] | None

    def wants(self, name: str) -> bool:
        return self.wanted is None or name in self.wanted

    def shoot(self, page: Page, name: str, rest_ms: int) -> None:
        if not self.wants(name):
            return
        page.wait_for_timeout(rest_ms)
        page.screenshot(path=self.folder / f"{name}.png", animations="disabled")
        click.echo(f"{name}.png")


@dataclass(frozen=True)
class County:
    """A running demo county: where it answers, and the password of its accounts."""

    url: str
    password: str

    def account(self, username: str) -> Account:
        return Account(self.url, username, self.password)


@dataclass(frozen=True)
class Studio:
    """The county in a browser, in one look."""

    browser: Browser
    county: County
    camera: Camera
    look: Look

    def wants(self, *subjects: str) -> bool:
        """Say whether a picture of one of the subjects is wanted in this look."""
        return any(self.camera.wants(f"{each}-{self.look.name}") for each in subjects)

    def shoot(self, page: Page, subject: str) -> None:
        """Take a picture; a page with a map rests until its labels stand."""
        has_map = page.locator("canvas").count() > 0
        name = f"{subject}-{self.look.name}"
        self.camera.shoot(page, name, _MAP_REST_MS if has_map else _REST_MS)

    @contextmanager
    def opened(self, viewport: dict[str, int], **options: Any) -> Iterator[Page]:
        """A page of the size, before anybody has signed in."""
        with self.browser.new_context(
            base_url=self.county.url,
            viewport=viewport,
            locale=self.look.locale,
            color_scheme=self.look.theme,
            **options,
        ) as context:
            yield context.new_page()

    @contextmanager
    def desk(
        self, path: str, username: str = "command", viewport: dict[str, int] = DESKTOP
    ) -> Iterator[Page]:
        """A page of a desktop where somebody is signed in."""
        with self.opened(viewport) as page:
            self.sign_in(page, username, path)
            yield page

    @contextmanager
    def handheld(self, username: str, **options: Any) -> Iterator[Page]:
        """A handheld where an officer is signed in."""
        with self.opened(HANDHELD, device_scale_factor=2, **options) as page:
            self.sign_in(page, username, "/terminal")
            yield page

    def sign_in(self, page: Page, username: str, path: str) -> None:
        """Sign in and go to a page."""
        page.goto(f"/login?to={quote(path)}")
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(self.county.password)
        page.get_by_test_id("login-submit").click()
        expect(page).not_to_have_url(re.compile("/login"))


@dataclass(frozen=True)
class PictureSet:
    """Pictures that belong together.

    Parameters
    ----------
    subjects
        What the pictures' names begin with.
    take
        Takes them in one look, of what was staged for them, or else of the calls.
    staged
        Makes in the county what they show, and takes back what can be.
    """

    subjects: tuple[str, ...]
    take: Callable[[Studio, Any], None]
    staged: Callable[[Browser, County], AbstractContextManager[Any]] | None = None


def drawn(page: Page, test_id: str = "map") -> None:
    """Wait until a map has drawn what it shows."""
    expect(page.get_by_test_id(test_id).first).to_have_attribute("data-ready", "true")
    page.wait_for_load_state("networkidle")
