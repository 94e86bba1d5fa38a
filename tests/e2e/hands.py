"""A person at a desk, whose steps and time are counted.

The time is that of the keystroke-level model: Card, Moran and Newell, *The keystroke-level model
for user performance time with interactive systems*, CACM 23(7), 1980. It is the person's, not the
machine's, and so the same on every machine.
"""

from __future__ import annotations

from playwright.sync_api import Page

#: Seconds: a key of an average typist, the hand from keys to mouse or back, to point, to press, to
#: think of the next step.
KEY, HOME, POINT, PRESS, THINK = 0.28, 0.4, 1.1, 0.1, 1.35
#: The syllable of a character as it is typed (pinyin has four letters at most but for a few) and
#: the choice among those that sound the same.
KEYS_PER_CHARACTER = 5


class Hand:
    """Does things on a page as a person does, by the mouse and the keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps = 0
        self.seconds = 0.0

    def click(self, name: str) -> None:
        self._reach()
        self.page.get_by_test_id(name).click()

    def type(self, name: str, text: str) -> None:
        """Go into a field and type."""
        self._reach()
        self.seconds += HOME + sum(_keys(each) for each in text) * KEY
        self.page.get_by_test_id(name).fill(text)

    def _reach(self) -> None:
        self.steps += 1
        self.seconds += THINK + HOME + POINT + PRESS


def _keys(character: str) -> int:
    return 1 if character.isascii() else KEYS_PER_CHARACTER
