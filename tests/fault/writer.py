"""A process that posts messages in bulk: `python -m tests.fault.writer FOLDER NAME`.

Each transaction is written into the journal before it is tried. One whose outcome is unknown (the
database died at the commit, or this process did) is tried again with the same message ids: a key
that is taken says that it was done.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random

from sqlalchemy.exc import DBAPIError, IntegrityError

from gridserver.base.db import Database
from gridserver.delivery import service
from gridserver.delivery.service import Message
from tests.fault.journal import Journal

#: Of transactions, how many are to everybody, and the most messages of the others.
_TO_ALL, _MOST = 0.03, 30
#: Of transactions, how many have an end, and how soon at the latest, in seconds.
_ENDING, _END_S = 0.2, 30.0
_TEXT = "请各警组注意" * 20

#: (recipient, message id) of one transaction.
Batch = list[tuple[int, str]]


class Writer:
    """Posts what is left to be posted, no faster than it was asked to."""

    def __init__(self, folder: Path, name: str) -> None:
        asked = json.loads((folder / f"{name}.json").read_text())
        self._name = name
        self._journal = Journal(folder / "journals" / f"{name}.jsonl")
        self._database = Database(asked["database"], pool_size=1)
        self._recipients: list[int] = asked["recipients"]
        self._total: int = asked["messages"]
        self._per_s: float = asked["per_s"]
        self._done = 0

    def run(self) -> None:
        """Post until all is posted."""
        number, open_batch = self._remember()
        chance = Random(f"{self._name}:{number}")
        if open_batch:
            self._post(number, open_batch)
        while self._done < self._total:
            number += 1
            batch = list(self._batch(chance))
            self._journal.append("try", number, batch)
            self._post(number, batch)
            time.sleep(len(batch) / self._per_s)

    def _remember(self) -> tuple[int, Batch]:
        """Return the last transaction's number, and what it held where its outcome is unknown."""
        number, open_batch = 0, []
        for line in self._journal.lines():
            if line[0] == "try":
                _, number, open_batch = line
            else:
                self._done += len(open_batch)
                open_batch = []
        return number, open_batch

    def _batch(self, chance: Random) -> Iterator[tuple[int, str]]:
        if chance.random() < _TO_ALL:
            chosen = self._recipients
        else:
            chosen = [chance.choice(self._recipients) for _ in range(chance.randint(1, _MOST))]
        for recipient in chosen[: self._total - self._done]:
            yield recipient, str(uuid.uuid4())

    def _post(self, number: int, batch: Batch) -> None:
        while not self._try(number, batch):
            time.sleep(0.2)
        self._journal.append("done", number)
        self._done += len(batch)

    def _try(self, number: int, batch: Batch) -> bool:
        """Say whether the batch is known to be written."""
        chance = Random(f"{self._name}:{number}:end")
        expires_at = None
        if chance.random() < _ENDING:
            expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=chance.uniform(0, _END_S))
        messages = [
            Message(
                recipient,
                "fault.note",
                {"writer": self._name, "batch": number, "place": place, "text": _TEXT},
                uuid.UUID(id_),
                expires_at,
            )
            for place, (recipient, id_) in enumerate(batch)
        ]
        try:
            with self._database.transaction() as session:
                service.post(session, messages)
        except IntegrityError:
            return True  # an earlier attempt was committed after all
        except DBAPIError:
            return False
        return True


if __name__ == "__main__":
    Writer(Path(sys.argv[1]), sys.argv[2]).run()
