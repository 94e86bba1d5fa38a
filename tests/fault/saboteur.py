"""The saboteur: breaks one thing after another, at moments drawn by chance, and mends what doesn't
mend itself."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

from tests.fault.installation import Service
from tests.fault.network import Valley
from tests.fault.scenario import Scenario

#: Seconds for which the database stays dead, a process is frozen, the valley is cut: at most.
_DEAD_S, _FROZEN_S, _CUT_S = 3.0, 6.0, 20.0


class Saboteur:
    """Draws what to break from a deck that holds everything once, and shuffles it when it is empty.

    Parameters
    ----------
    scenario : Scenario
        What it breaks: installation, handhelds, posters, proxy and valley.
        Its size says how many deeds there are, and over how long they are spread; everything is
        broken at least once.
    """

    def __init__(self, scenario: Scenario) -> None:
        size = scenario.size
        self._installation, self._least = scenario.installation, size.deeds
        self._every_s = size.seconds / size.deeds
        self._chance = Random(size.seed)
        self._stopping = threading.Event()
        self._mending: list[threading.Thread] = []
        self._deck: list[str] = []
        self._deeds = self._all_deeds(scenario)
        self.done: Counter[str] = Counter(dict.fromkeys(self._deeds, 0))
        self._hand = ThreadPoolExecutor(1, "saboteur")
        self._work: Future[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._work = self._hand.submit(self._run)

    @property
    def came_to_grief(self) -> bool:
        """Whether it broke down itself; `stop` raises why."""
        return bool(self._work and self._work.done() and self._work.exception())

    def stop(self) -> None:
        """Stop; return when all is mended. Raises what it came to grief by."""
        self._stopping.set()
        if self._work:
            self._work.result()
        for mending in self._mending:
            mending.join()

    @property
    def went_round(self) -> bool:
        """Whether everything was broken at least once."""
        return all(self.done.values())

    def _all_deeds(self, scenario: Scenario) -> dict[str, Callable[[], None]]:
        installation, first, second = self._installation, *self._installation.webs
        deeds: dict[str, Callable[[], None]] = {
            "kill -9 web 1": lambda: self._kill_child(first),
            "kill -9 web 2": lambda: self._kill_child(second),
            "kill -9 gridserver serve": lambda: self._kill(installation.webs),
            "freeze web": self._freeze_web,
            "kill -9 PostgreSQL": self._kill_postmaster,
            "kill -9 a backend": self._kill_backend,
            "kill -9 handhelds": lambda: self._kill(scenario.crowds),
            "kill -9 writer or caller": lambda: self._kill(scenario.posters),
        }
        if worker := installation.worker:
            deeds["kill -9 worker"] = lambda: self._kill_child(worker)
        if redis := installation.redis:
            deeds["kill -9 Redis"] = lambda: self._kill([redis])
        if proxy := scenario.proxy:
            deeds["reset every connection"] = lambda: proxy.kill(signal.SIGUSR1)
        if place := scenario.valley:
            deeds["cut the valley"] = lambda: self._cut(place)
        return deeds

    def _run(self) -> None:
        while not (self.went_round and self.done.total() >= self._least):
            if self._stopping.wait(self._chance.expovariate(1 / self._every_s)):
                return
            if not self._deck:
                self._deck = list(self._deeds)
                self._chance.shuffle(self._deck)
            deed = self._deck.pop()
            # What is about to be killed may have ended by itself just now.
            with suppress(ProcessLookupError, FileNotFoundError):
                self._deeds[deed]()
                self.done[deed] += 1

    def _kill(self, services: list[Service]) -> None:
        running = [each for each in services if each.running]
        if not running:
            raise ProcessLookupError
        self._chance.choice(running).kill()

    def _kill_child(self, service: Service) -> None:
        for pid in _children(service):
            os.kill(pid, signal.SIGKILL)

    def _freeze_web(self) -> None:
        for pid in _children(self._chance.choice(self._installation.webs)):
            os.kill(pid, signal.SIGSTOP)
            self._later(_FROZEN_S, partial(os.kill, pid, signal.SIGCONT))

    def _kill_postmaster(self) -> None:
        self._installation.recover()
        os.kill(self._installation.postmaster, signal.SIGKILL)
        time.sleep(self._chance.uniform(0, _DEAD_S))
        self._installation.recover()

    def _kill_backend(self) -> None:
        """Kill one of PostgreSQL's own processes, upon which it takes all its clients down."""
        self._installation.recover()
        postmaster = self._installation.postmaster
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        os.kill(int(self._chance.choice(children)), signal.SIGKILL)
        # Mostly PostgreSQL recovers by itself; hit while it recovers, it gives up.
        self._installation.recover()

    def _cut(self, valley: Valley) -> None:
        valley.cut()
        self._later(_CUT_S, valley.heal)

    def _later(self, most_s: float, mend: Callable[[], None]) -> None:
        def wait_and_mend() -> None:
            self._stopping.wait(self._chance.uniform(0.2, 1) * min(most_s, 3 * self._every_s))
            with suppress(ProcessLookupError):
                mend()

        self._mending.append(threading.Thread(target=wait_and_mend))
        self._mending[-1].start()


def _children(service: Service) -> list[int]:
    """Return a keeper's children. Raises `ProcessLookupError` while it has none."""
    found = service.children()
    if not found:
        raise ProcessLookupError(service.name)
    return found
