"""Officers with handhelds on the socket, who work off what they are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from gridserver.demo.clients import Account, Handheld
from tests.browser import PATIENCE
from tests.e2e.rows import Rows
from tests.e2e.serving import PASSWORD

#: The way from the message to the report.
WAY = ("sign", "depart", "arrive", "report")


class Officers:
    """Everybody who is asked to take a task: an officer by a handheld of their own, a station's
    room by HTTP."""

    def __init__(self, address: str, rows: Rows, stack: ExitStack) -> None:
        self._address = address
        self._rows = rows
        self._stack = stack
        self._accounts: dict[str, Account] = {}
        self._handhelds: dict[str, Handheld] = {}

    def work(self, task: int, until: str = "report") -> str:
        """Have who holds a task go on with it, from where it stands to `until`; return who."""
        who = self._rows.holder(task)
        for verb in WAY[self._rows.steps_done(task) : WAY.index(until) + 1]:
            self.say(who, task, verb)
        return who

    def say(self, who: str, task: int, verb: str) -> None:
        """Say a verb in somebody's name, who was told of the task before."""
        data = {"outcome": "resolved", "text": "已到场处置完毕。"} if verb == "report" else {}
        if who.isdigit():
            handheld = self._handheld(who)
            assert handheld.is_told(task, PATIENCE), f"{who} never heard of {task}"
            handheld.say(task, verb, **data)
        else:
            self._account(who).command(task, verb, **data)

    def _handheld(self, who: str) -> Handheld:
        if who not in self._handhelds:
            opened = self._stack.enter_context(Handheld(self._account(who)))
            self._handhelds[who] = opened
        return self._handhelds[who]

    def _account(self, who: str) -> Account:
        if who not in self._accounts:
            signed_in = Account(self._address, who, PASSWORD)
            self._accounts[who] = self._stack.enter_context(signed_in)
        return self._accounts[who]


@contextmanager
def officers(address: str, rows: Rows) -> Iterator[Officers]:
    """Give them, and have them sign out at the end."""
    with ExitStack() as stack:
        yield Officers(address, rows, stack)
