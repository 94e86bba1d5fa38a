"""Thousands of terminals in two web processes, against Node's socket.io.

Ours: one transaction posts a row to each inbox; two real web processes read, check each session,
send, and take the acknowledgements. The floor: Node's socket.io in one process with one bare `emit`
to as many, no database, no acknowledgement; and, for honesty, in two processes. All hold their
connections during the whole run, are heard by the same crowds (`rig.crowd`), and take turns; the
times are medians, until the last terminal has the message, from the order and from the commit.

Then, ours alone: what a single message takes from the commit to its terminal, without and with a
thousand positions a second from other terminals; and both processes are killed and started again
while messages are posted: every terminal comes back, and each one's numbers go on without a hole.

Exits 1 where a message to all takes, from its commit, more than twice the floor's time.

    python bench/terminals.py [--terminals N] [--turns T]
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from contextlib import ExitStack
from statistics import median, quantiles

from rich.console import Console
from rig.contest import (
    Contender,
    Post,
    floor,
    installation,
    raise_limits,
    take_turns,
    web_processes,
)

#: A message to all may take so many times what a bare emit of the floor takes.
MOST = 2.0
MOVERS = 1_000
#: Single messages, posted so many a second for so long.
SINGLES_PER_S, SINGLES_S = 50, 20

say = Console(highlight=False).print


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--terminals", type=int, default=5_000)
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    raise_limits()
    tokens = [str(n) for n in range(1, options.terminals + 1)]
    with ExitStack() as stack:
        database, recipients, folder = stack.enter_context(installation(options.terminals))
        post = Post(database)
        ours = web_processes(
            "ours, 2 p.", database, folder, tokens, lambda: post(recipients), stack
        )
        floors = [floor(processes, tokens, stack) for processes in (1, 2)]
        ratio = to_all(ours, floors, options.turns)
        singles(ours, post, recipients)
        restart(ours, post, recipients)
    sys.exit(ratio > MOST)


def to_all(ours: Contender, floors: list[Contender], turns: int) -> float:
    """Measure a message to all, in turns; return the ratio of ours to the first floor."""
    contenders = [ours, *floors]
    for contender in contenders:
        seconds = contender.connect()
        each = (contender.resident_kb - contender.empty_kb) / contender.size
        say(
            f"{contender.name:22} {contender.size} connected in {seconds:.1f} s "
            f"({contender.size / seconds:.0f}/s), {each:.0f} KB each"
        )
    mine, *theirs = medians = take_turns(contenders, turns)
    say(f"\na message to all {ours.size}: medians of {turns} turns, load {os.getloadavg()[0]:.1f}")
    say(f"{'':22} {'from order, s':>14} {'from commit, s':>15} {'processor, s':>13}")
    for contender, turn in zip(contenders, medians, strict=True):
        say(
            f"{contender.name:22} {turn.from_order:14.3f} {turn.from_commit:15.3f} "
            f"{turn.processor:13.3f}"
        )
    for contender, floor_ in zip(floors, theirs, strict=True):
        say(
            f"ratio to {contender.name}: {mine.from_commit / floor_.from_order:.2f} from the "
            f"commit, {mine.from_order / floor_.from_order:.2f} from the order"
        )
    return mine.from_commit / theirs[0].from_order


def singles(ours: Contender, post: Post, recipients: list[int]) -> None:
    """Measure single messages to terminals at random, without and with positions."""
    say("\na single message, from the commit to its terminal, ms")
    for movers in (0, MOVERS):
        for crowd in ours.crowds:
            crowd.move(movers // len(ours.crowds))
        time.sleep(2)
        p50, p99, most = _single_times(ours, post, recipients)
        name = f"with {movers} positions a second" if movers else "without positions"
        say(f"{name:32} p50 {p50:6.1f}   p99 {p99:6.1f}   most {most:6.1f}")
    for crowd in ours.crowds:
        crowd.move(0)


def _single_times(ours: Contender, post: Post, recipients: list[int]) -> tuple[float, float, float]:
    for crowd in ours.crowds:
        crowd.note(on=True)
    committed: dict[int, list[float]] = {}
    target = ours.heard + SINGLES_PER_S * SINGLES_S
    chance = random.Random(5)
    began = time.monotonic()
    for n in range(SINGLES_PER_S * SINGLES_S):
        time.sleep(max(0.0, began + n / SINGLES_PER_S - time.monotonic()))
        place = chance.randrange(len(recipients))
        committed.setdefault(place, []).append(post([recipients[place]]))
    ours.wait(lambda: ours.heard >= target, "messages are missing")
    arrived: dict[int, list[float]] = {}
    for half, crowd in enumerate(ours.crowds):
        for place, _, at in crowd.arrivals():
            arrived.setdefault(place * len(ours.crowds) + half, []).append(at)
        crowd.note(on=False)
    times = [
        (there - here) * 1_000
        for place, moments in committed.items()
        for here, there in zip(moments, arrived[place], strict=True)
    ]
    return median(times), quantiles(times, n=100)[98], max(times)


def restart(ours: Contender, post: Post, recipients: list[int]) -> None:
    """Kill both processes, post meanwhile, start them, and wait for everyone and everything.

    A crowd ends by an assertion where a number is missing or comes twice.
    """
    target = ours.heard + 2 * ours.size
    post(recipients)
    for server in ours.servers:
        server.kill()
    post(recipients)
    began = time.monotonic()
    for server in ours.servers:
        server.start()
    serving = time.monotonic() - began
    ours.wait(lambda: ours.heard >= target, "have not heard everything")
    everything = ours.last_heard - began
    ours.wait(lambda: ours.connected == ours.size, "have not come back")
    say(
        f"\nkilled and started again, a message under way and one posted meanwhile: serving after "
        f"{serving:.1f} s, all {ours.size} back with everything after {everything:.1f} s; "
        f"{ours.heard - target} too many"
    )


if __name__ == "__main__":
    main()
