"""The process of many handhelds: `python -m tests.fault.terminals FOLDER NAME`.

It reads who they are from `NAME.json`, keeps a journal of each in `journals/` and says in
`NAME.status` how far they are. Killed and started again, they go on from their journals.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from random import Random  # noqa: E402

import gevent  # noqa: E402

from tests.fault.handheld import Handheld, Manners, Owner  # noqa: E402
from tests.fault.journal import Journal  # noqa: E402
from tests.fault.status import CALM, Status  # noqa: E402
from tests.fault.web import Door  # noqa: E402

#: Seconds between two receipts of a device that gets little.
_RECEIPT_S = 0.25
#: Seconds between two looks at whether it is time to be calm, and two reports.
_LOOK_S = 0.5


class Crowd:
    """The handhelds of this process."""

    def __init__(self, folder: Path, name: str) -> None:
        asked = json.loads((folder / f"{name}.json").read_text())
        self._folder, self._name = folder, name
        self._doors = [Door(*door) for door in asked["doors"]]
        self._manners = Manners(**asked["manners"])
        self._off_every_s = asked["off_every_s"]
        self._chance = Random(f"{asked['seed']}:{name}")
        self._owners = [Owner(*owner) for owner in asked["owners"]]
        self._handhelds = {owner: self._switch_on(owner) for owner in self._owners}
        self._calm = False

    def live(self) -> None:
        """Live until killed."""
        gevent.spawn(self._acknowledge)
        gevent.spawn(self._switch_off_and_on)
        while True:
            if not self._calm and (self._folder / CALM).exists():
                self._calm = True
                for handheld in self._handhelds.values():
                    handheld.calm_down()
            self._tell()
            gevent.sleep(_LOOK_S)

    def _switch_on(self, owner: Owner) -> Handheld:
        journal = Journal(self._folder / "journals" / f"{owner.username}.jsonl")
        chance = Random(self._chance.random())
        return Handheld(owner, self._doors, journal, chance, self._manners)

    def _switch_off_and_on(self) -> None:
        while not self._calm:
            gevent.sleep(self._chance.expovariate(1 / self._off_every_s))
            owner = self._chance.choice(self._owners)
            self._handhelds[owner].switch_off()
            self._handhelds[owner] = self._switch_on(owner)

    def _acknowledge(self) -> None:
        while True:
            for handheld in list(self._handhelds.values()):
                handheld.acknowledge()
            gevent.sleep(_RECEIPT_S)

    def _tell(self) -> None:
        memories = [handheld.memory for handheld in self._handhelds.values()]
        Status(
            cursors={each.username: each.cursor for each in memories},
            connections=sum(each.connections for each in memories),
            received=sum(each.received for each in memories),
            repeated=sum(each.repeated for each in memories),
            commands=sum(len(each.orders) for each in memories),
            unanswered=sum(each.unanswered for each in memories),
        ).write(self._folder / f"{self._name}.status")


if __name__ == "__main__":
    Crowd(Path(sys.argv[1]), sys.argv[2]).live()
