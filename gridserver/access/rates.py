"""How many changes, or reads, an account or an address may ask for in a minute: pure.

The generic cell rate algorithm (ITU-T I.371, Annex A), whose whole memory of somebody is one
moment: when their next request would be due if they came at the rate. Whoever is ahead of that by
more than a minute's worth waits. Each process counts by itself; what keeps a flood off mustn't ask
the database, nor a broker that may be down.
"""

from __future__ import annotations

from collections.abc import Hashable

_MINUTE_S = 60.0
#: So many are remembered before those whose moment has passed are forgotten.
_MANY = 10_000


class Rates:
    """Requests of everybody, each by their key.

    Parameters
    ----------
    per_minute : int
        How many, in a minute and at once; 0: as many as they like.
    """

    def __init__(self, per_minute: int) -> None:
        self._interval_s = _MINUTE_S / per_minute if per_minute else 0.0
        self._due: dict[Hashable, float] = {}

    def take(self, key: Hashable, now: float) -> float:
        """Take a request at `now` (seconds of a clock that never goes back), and return 0; or
        return after how many seconds it may be asked for again, and count nothing."""
        due = max(self._due.get(key, now), now)
        too_soon = self._ahead(due, now)
        if too_soon <= 0.0:
            self._put(key, due, now)
        return max(too_soon, 0.0)

    def queue(self, key: Hashable, now: float) -> float:
        """Count a request at `now`, and return how many seconds it has to wait for its turn."""
        due = max(self._due.get(key, now), now)
        self._put(key, due, now)
        return max(self._ahead(due, now), 0.0)

    def _ahead(self, due: float, now: float) -> float:
        return due + self._interval_s - now - _MINUTE_S

    def _put(self, key: Hashable, due: float, now: float) -> None:
        if not self._interval_s:
            return
        if len(self._due) >= _MANY:
            self._due = {each: at for each, at in self._due.items() if at > now}
        self._due[key] = due + self._interval_s
