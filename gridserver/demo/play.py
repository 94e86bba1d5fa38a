"""Made-up callers and officers, acting live in the demo county through the public interfaces.

Callers ring the bureau's command room, which reports what they say. Who is offered the task opens
a handheld, signs, drives there, reports back; the command room closes. Only tasks that the play
itself reported are played, so that a person may sign in beside it and take others.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Any

from gridserver.base.errors import Conflict, GridserverError, Unavailable
from gridserver.demo.calls import Call, made_up_calls
from gridserver.demo.clients import Account, Handheld, Handhelds, SignIn
from gridserver.demo.county import DemoCell
from gridserver.demo.past import FOUND, OUTCOMES
from gridserver.demo.patrols import Patrols

CALLS_A_DAY = 25.0
#: Handhelds open at once; calls beyond that wait for the next free one.
HANDHELDS = 12

_DAY = 86_400.0
_MINUTE = 60.0
_POSITION_EVERY = 2.0
_MESSAGE_WITHIN = 20.0
_LOOK_AGAIN = 1.0
#: Days of calls: longer than anybody plays.
_YEARS = 3650
#: Mountain roads: slow, and a third longer than the straight line.
_METRES_PER_SECOND = 11.0
_DETOUR = 1.35
_METRES_PER_DEGREE = 111_320.0
_FARTHEST_START_M = 6_000.0

Place = tuple[float, float]
Say = Callable[[str], None]


class Play:
    """One run of the play.

    Parameters
    ----------
    sign_in : callable
        Username → `Account`.
    speed : float
        How much faster than life: at 60 an hour takes a minute.
    say : callable
        Told each thing that happens, as one line.
    """

    def __init__(
        self, sign_in: SignIn, cells: Sequence[DemoCell], *, speed: float, rng: Random, say: Say
    ) -> None:
        self._sign_in = sign_in
        self._handhelds = Handhelds(sign_in)
        self._cells = cells
        self._speed = speed
        self._rng = rng
        self._say = say
        self._stop = threading.Event()
        self._places: dict[str, Place] = {}

    def run(self, seconds: float | None = None) -> None:
        """Play until `stop`, or for `seconds`. Raises where the server can't be played on."""
        ends = math.inf if seconds is None else time.monotonic() + seconds
        with self._sign_in("command") as room, ThreadPoolExecutor(HANDHELDS + 1) as officers:
            listed = room.get("/field-units")["items"]
            patrols = Patrols(self._sign_in, listed, Random(0))  # noqa: S311 (made-up drives)
            acting: list[Future[None]] = [officers.submit(patrols.run, self._stop)]
            try:
                for call in made_up_calls(self._rng, self._cells, _YEARS, CALLS_A_DAY):
                    incident = self._report(room, call)
                    acting.append(officers.submit(self._play_out, incident, room, call))
                    gap = self._rng.expovariate(CALLS_A_DAY / _DAY) / self._speed
                    until = min(ends, time.monotonic() + gap)
                    if not self._may_go_on(acting, until) or until == ends:
                        return
            finally:
                self.stop()

    def _may_go_on(self, acting: list[Future[None]], until: float) -> bool:
        """Wait until the next call is due and somebody is free to take it.

        False when the play was stopped. Raises what went wrong in the acting.
        """
        while not self._stop.wait(min(_LOOK_AGAIN, max(0.0, until - time.monotonic()))):
            for done in [each for each in acting if each.done()]:
                acting.remove(done)
                done.result()
            if time.monotonic() >= until and len(acting) <= HANDHELDS:
                return True
        return False

    def stop(self) -> None:
        """End the run; open handhelds are closed at their next step."""
        self._stop.set()

    def _report(self, room: Account, call: Call) -> dict[str, Any]:
        incident: dict[str, Any] = room.post(
            "/incidents",
            {
                "source": call.source,
                "external_id": f"play-{uuid.uuid4()}",
                "category": call.category,
                "priority": call.priority,
                "lon": call.lon,
                "lat": call.lat,
                "address": call.address,
                "description": call.description,
            },
        )
        told = incident["decision"][0]
        self._say(f"{incident['number']} {call.description} → {told['who']['display_name']}")
        return incident

    def _play_out(self, incident: dict[str, Any], room: Account, call: Call) -> None:
        try:
            self._act(incident, room, call)
        except Conflict as refusal:
            # A person acted on the task too, and the server decided: the play leaves it to them.
            self._say(f"{incident['number']} {refusal}")
        except GridserverError as error:
            self._say(f"{incident['number']} {error}")

    def _act(self, incident: dict[str, Any], room: Account, call: Call) -> None:
        task, number = incident["task"]["id"], incident["number"]
        officer = self._holder(incident, room)
        if officer is None or not self._pause(0.2, 0.8):
            return
        with self._handhelds.opened(officer) as handheld:
            if not handheld.is_told(task, _MESSAGE_WITHIN):
                raise Unavailable("demo.not_told", f"{officer} was not told of task {task}.")
            for verb, data in self._work(handheld, officer, call):
                handheld.say(task, verb, **data)
                self._say(f"{number} {officer} {verb}")
        if self._pause(2, 15):
            room.command(task, "close")
            self._say(f"{number} close")

    def _work(
        self, handheld: Handheld, officer: str, call: Call
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what the officer says, each when it is time; stops short when the play ends."""
        yield "sign", {}
        if not self._pause(0.5, 3):
            return
        yield "depart", {}
        if not self._drive(handheld, officer, (call.lon, call.lat)):
            return
        yield "arrive", {}
        if not self._pause(8, 40):
            return
        outcome = self._rng.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        yield "report", {"outcome": outcome, "text": self._rng.choice(FOUND[outcome])}

    def _holder(self, incident: dict[str, Any], room: Account) -> str | None:
        """Return the officer who has the task; a command room passes it to one on duty."""
        first = incident["decision"][0]
        if first["who"]["kind"] == "officer":
            return str(first["who"]["username"])
        station = incident["station"]
        if station is None:
            return None
        listed = room.get("/force/officers", unit=station["code"], limit=500)["items"]
        serving = [each["username"] for each in listed if each["on_duty"] and not each["absent"]]
        if not serving:
            return None
        officer = str(self._rng.choice(serving))
        room.command(incident["task"]["id"], "reassign", to=officer)
        return officer

    def _drive(self, handheld: Handheld, officer: str, to: Place) -> bool:
        start = self._places.get(officer) or near(self._rng, to)
        seconds = distance_m(start, to) * _DETOUR / _METRES_PER_SECOND / self._speed
        steps = max(2, round(seconds / _POSITION_EVERY))
        for place in path(self._rng, start, to, steps):
            handheld.send_position(*place)
            self._places[officer] = place
            if self._stop.wait(min(seconds / steps, _POSITION_EVERY)):
                return False
        return True

    def _pause(self, least: float, most: float) -> bool:
        """Let some minutes of the play's time pass; False when the play ends meanwhile."""
        seconds = self._rng.uniform(least, most) * _MINUTE / self._speed
        return not self._stop.wait(seconds)


def path(rng: Random, start: Place, end: Place, steps: int) -> Iterator[Place]:
    """Yield the places of a drive: straight at large, winding like a valley road at small.

    The last of the `steps` places is `end`; degrees, EPSG:4326.
    """
    across = (start[1] - end[1], end[0] - start[0])
    swing, phase = rng.uniform(0.04, 0.12), rng.uniform(1.0, 3.0)
    for step in range(1, steps + 1):
        done = step / steps
        aside = swing * math.sin(phase * math.tau * done) * math.sin(math.pi * done)
        lon = start[0] + done * (end[0] - start[0]) + aside * across[0]
        lat = start[1] + done * (end[1] - start[1]) + aside * across[1]
        yield (round(lon, 6), round(lat, 6)) if step < steps else end


def near(rng: Random, place: Place) -> Place:
    """Return a place within some kilometres, where an officer may start from."""
    away = rng.uniform(0.2, 1.0) * _FARTHEST_START_M / _METRES_PER_DEGREE
    bearing = rng.uniform(0, math.tau)
    lon = place[0] + away * math.sin(bearing) / math.cos(math.radians(place[1]))
    return round(lon, 6), round(place[1] + away * math.cos(bearing), 6)


def distance_m(one: Place, other: Place) -> float:
    """Return the distance within a county, near enough for a drive (equirectangular)."""
    across = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return math.hypot(across, one[1] - other[1]) * _METRES_PER_DEGREE
