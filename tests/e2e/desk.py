"""A dispatcher's hands: the command room's page by its keyboard, without a mouse."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Locator, Page, expect
from pypinyin import Style, lazy_pinyin

from tests.browser import PATIENCE
from tests.waiting import until

How = Literal["name", "pinyin", "initials", "code", "degrees", "angles"]

#: Farther than that nobody goes by Tab.
MOST_TABS = 120


@dataclass(frozen=True)
class Village:
    """A village with a point in it (EPSG:4326) and the code of its cell."""

    name: str
    code: str
    lon: float
    lat: float

    def said(self, how: How) -> str:
        """Return what a dispatcher types for it."""
        if how == "pinyin":
            return "".join(lazy_pinyin(self.name))
        if how == "initials":
            return "".join(lazy_pinyin(self.name, style=Style.FIRST_LETTER))
        if how == "degrees":
            return f"{self.lon:.6f}, {self.lat:.6f}"
        if how == "angles":
            return f"{_angle(self.lat)}N {_angle(self.lon)}E"
        return self.code[6:] if how == "code" else self.name


@dataclass(frozen=True)
class Pace:
    """What a call took, from the key that begins it to the form that is gone."""

    presses: int
    seconds: float


class Desk:
    """The board and the form of calls, by keys alone. `presses` counts them; a character that an
    input method would write counts as one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.presses = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.presses += len(keys)

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.presses += len(text)

    def at(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def tab_to(self, name: str) -> None:
        """Go on by Tab until what is called so has the focus."""
        for _ in range(MOST_TABS):
            if self._is_at(name):
                return
            self.press("Tab")
        raise AssertionError(f"no Tab leads to {name}")

    def say(self, line: str) -> None:
        """Say a line of the command line that is done, and close it."""
        self._line(line)
        expect(self.at("line-done")).to_be_visible()
        self.press("Escape")
        expect(self.at("line")).to_have_count(0)

    def go(self, line: str) -> None:
        """Say a line that leads elsewhere: it closes by itself."""
        self._line(line)
        expect(self.at("line")).to_have_count(0)

    def confirm(self) -> None:
        """Send the form of a dialog."""
        self.press("Control+Enter")
        expect(self.page.get_by_role("dialog")).to_have_count(0)

    def walk_to(self, queue: str) -> None:
        """Go through the rows until the first of a queue."""
        self.press("j")
        for _ in range(MOST_TABS):
            if self._is_at(f"queue-{queue}"):
                return
            self.press("j")
        raise AssertionError(f"no row of {queue} is reached")

    # --- calls

    def take(self, village: Village, how: How, category: str, words: str) -> Pace:
        """Take a call and send it."""
        began, before = time.monotonic(), self.presses
        self.begin(village, how, category)
        self.write(words)
        self.send()
        return Pace(self.presses - before, time.monotonic() - began)

    def begin(self, village: Village, how: How, category: str) -> None:
        """Begin a call: its place and its category, until it is shown who gets it."""
        self.press("n")
        expect(self.at("intake-place")).to_be_focused()
        self.write(village.said(how))
        if how in ("degrees", "angles"):
            self._take_coordinates()
        elif how == "name":
            # Nobody waits for the list: Enter means its first entry, and the hand goes on.
            self.press("Enter")
        else:
            self._choose(village.code if how == "code" else village.name)
        self.press(self._key_of(category))
        expect(self.at("preview-cell")).to_contain_text(village.name)
        expect(self.at("preview-who").first).to_be_visible()
        expect(self.page.locator("#call-description")).to_be_focused()

    def send(self) -> None:
        self.press("Control+Enter")
        expect(self.at("report-panel")).to_have_count(0)

    def _take_coordinates(self) -> None:
        self.press("Enter")
        if self._is_at("intake-crs"):
            # The first time it has to be said what they are in; WGS 84 is the first choice.
            self.press("ArrowDown", "Enter")

    def _choose(self, name: str) -> None:
        """Look for a name in the list, and go down to it."""
        options = self.at("intake-options").get_by_role("option")

        def place() -> int | None:
            texts = options.all_inner_texts()
            return next((at for at, text in enumerate(texts, 1) if name in text.split("\n")), None)

        self.press(*["ArrowDown"] * (until(place, PATIENCE) - 1), "Enter")

    def _key_of(self, category: str) -> str:
        return self.at(f"report-category-{category}").locator("kbd").inner_text()

    def _line(self, line: str) -> None:
        self.press("/")
        expect(self.at("line-input")).to_be_focused()
        self.write(line)
        self.press("Enter")

    def _is_at(self, name: str) -> bool:
        inside = "name => !!document.activeElement?.closest(`[data-testid='${name}']`)"
        return self.page.evaluate(inside, name)


def counts(page: Page, prefix: str, attribute: str = "count") -> dict[str, int]:
    """Return the whole numbers that elements `prefix…` carry, by the rest of their names."""
    found = page.locator(f'[data-testid^="{prefix}"][data-{attribute}]').evaluate_all(
        "(all, [prefix, name]) => all.map(each => "
        "[each.dataset.testid.slice(prefix.length), each.dataset[name]])",
        [prefix, attribute],
    )
    return {name: int(count) for name, count in found if count.isdigit()}


def shown_task(page: Page) -> int:
    """Return the task that the page's address names."""
    found = re.search(r"task=(\d+)", page.url)
    assert found is not None, page.url
    return int(found[1])


def _angle(degrees: float) -> str:
    whole, rest = divmod(degrees * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{whole:.0f}°{minutes:02.0f}'{seconds:05.2f}\""
