"""Web processes that break a promise: `python -m tests.fault.broken FAULT`.

Each is the product with one fault that is easily made, for the checker to find.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from itertools import count
from typing import Any

#: One in so many is dropped, or answered without being done.
_ONE_IN = 7


def skips() -> None:
    """After a reconnect the relay goes on one message too far."""
    from gridserver.delivery import rules

    start = rules.start

    def too_far(cursor: rules.Cursor, standing: rules.Standing) -> int | None:
        after = start(cursor, standing)
        return after if not after or after >= standing.head else after + 1

    rules.start = too_far


def drops() -> None:
    """What is sent and doesn't arrive is gone, as with a bare emit."""
    from gridserver.api.sockets import SocketOutlet

    send, number = SocketOutlet.send_ready_made, count(1)

    def lossy(self: SocketOutlet, connection_id: str, event: str, texts: Sequence[str]) -> None:
        send(self, connection_id, event, [each for each in texts if next(number) % _ONE_IN])

    SocketOutlet.send_ready_made = lossy


def answers_early() -> None:
    """A command is answered before its transaction is committed, which then fails."""
    from gridserver.api import terminal_commands
    from gridserver.api.sockets_terminal import Terminal

    on_command, number = Terminal.on_command, count(1)

    class Failed(Exception):
        """The commit that failed."""

    def too_soon(self: Terminal, payload: object) -> dict[str, Any]:
        if next(number) % _ONE_IN:
            return on_command(self, payload)
        try:
            with self.database.transaction() as session:
                answer = terminal_commands.answer(session, self._principal(session), payload)
                raise Failed
        except Failed:
            return answer

    Terminal.on_command = too_soon


def forgets() -> None:
    """A command that arrives again is taken for another one."""
    from gridserver.delivery import once

    known = once._once

    def anew(session: Any, actor: Any, _id: uuid.UUID, *rest: Any) -> once.Outcome:
        return known(session, actor, uuid.uuid4(), *rest)

    once._once = anew


FAULTS = {fault.__name__: fault for fault in (skips, drops, answers_early, forgets)}

if __name__ == "__main__":
    import wsgi  # patches the standard library first

    FAULTS[sys.argv[1]]()
    wsgi.main()
