"""Field units on patrol: one of each crew reports where the car is, as it moves about."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from random import Random
from typing import Any

from gridserver.demo.clients import Account, SignIn

#: Well within what counts as a fresh position.
REPORT_EVERY_S = 60.0
#: How far a unit drifts between two reports, in degrees: some 300 m.
_DRIFT = 0.003
#: How far it keeps from where it stands: some 2 km.
_REACH = 0.02


class Patrols:
    """The units of a listing that have a crew and a place, out until `stop` is set."""

    def __init__(self, sign_in: SignIn, listed: Iterable[dict[str, Any]], rng: Random) -> None:
        self._sign_in = sign_in
        self._units = [unit for unit in listed if unit["crew"] and unit["position"]]
        self._rng = rng

    def run(self, stop: threading.Event) -> None:
        """Report again and again. Raises as `Account` does."""
        with ExitStack() as stack:
            cars = [
                _Car(stack.enter_context(self._sign_in(unit["crew"][0]["username"])), unit)
                for unit in self._units
            ]
            while True:
                for car in cars:
                    car.move(self._rng)
                if stop.wait(REPORT_EVERY_S):
                    return


class _Car:
    def __init__(self, account: Account, unit: dict[str, Any]) -> None:
        self._account = account
        position = unit["position"]
        self._home: tuple[float, ...] = (position["lon"], position["lat"])
        self._here: tuple[float, ...] = self._home

    def move(self, rng: Random) -> None:
        """Go a little way, and report it."""
        self._here = tuple(
            round(min(max(at + rng.uniform(-_DRIFT, _DRIFT), home - _REACH), home + _REACH), 6)
            for at, home in zip(self._here, self._home, strict=True)
        )
        lon, lat = self._here
        now = dt.datetime.now(dt.UTC).isoformat()
        self._account.post("/positions", {"positions": [{"lon": lon, "lat": lat, "at": now}]})
