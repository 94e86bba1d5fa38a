"""Storing when devices gave a sign of life and what they said of themselves, many in one
transaction."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping

from gridserver.access import devices
from gridserver.access.devices import Said, Sign
from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.gatherer import Gatherer

#: What is stored of a device is at most this much older than what was heard.
RESOLUTION = dt.timedelta(minutes=1)
#: What is heard within this time is stored together: after a pause of the network, everybody.
_GATHER_S = 0.5

#: An account, the name of its device (None: a session without one), and what was said of; the
#: empty text: nothing but that it is there.
_Key = tuple[int, str | None, str]
_Heard = tuple[dt.datetime, str | float]
_NOTHING = ""


class ContactWriter:
    """Takes signs of life and stores those that tell something new.

    One that is lost with the process does no harm: the device connects again, which is another.
    """

    def __init__(self, database: Database, crashed: Callable[[], None]) -> None:
        self._database = database
        self._stored: dict[_Key, _Heard] = {}
        self._gatherer = Gatherer[_Key]("contacts", self._store, _GATHER_S, crashed)
        self.start = self._gatherer.start
        self.stop = self._gatherer.stop

    def take(self, account_id: int, device: str | None = None) -> None:
        """Note that a device of the account is there now."""
        self._note((account_id, device, _NOTHING), _NOTHING)

    def report(self, account_id: int, device: str | None, said: Said) -> None:
        """Note that a device of the account is there now, and what it said of itself."""
        for name, value in said.items():
            self._note((account_id, device, name), value)  # type: ignore[arg-type]

    def _note(self, key: _Key, value: str | float) -> None:
        at = self._database.clock.now()
        stored = self._stored.get(key)
        if stored is None or stored[1] != value or at - stored[0] >= RESOLUTION:
            self._gatherer.put(key, (at, value))

    def _store(self, heard: Mapping[_Key, _Heard]) -> None:
        there: dict[int, dt.datetime] = {}
        signs: dict[tuple[int, str], dict[str, _Heard]] = defaultdict(dict)
        for (account_id, device, name), (at, value) in heard.items():
            there[account_id] = max(at, there.get(account_id, at))
            if device is not None:
                signs[account_id, device][name] = at, value
        with self._database.transaction() as session:
            service.record_contacts(session, there)
            devices.record_signs(session, [_sign(*who, said) for who, said in signs.items()])
        self._stored |= heard


def _sign(account_id: int, device: str, heard: Mapping[str, _Heard]) -> Sign:
    said = {name: value for name, (_, value) in heard.items() if name != _NOTHING}
    newest = max(at for at, _ in heard.values())
    return Sign(account_id, device, newest, Said(**said))  # type: ignore[typeddict-item]
