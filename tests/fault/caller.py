"""A process of the command room: `python -m tests.fault.caller FOLDER NAME`.

It reports incidents over HTTP, each under an id of its own and each until it is answered, some
twice; and it takes some of their tasks away again, in the midst of the officers' work.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from tests.fault.canonical import digest
from tests.fault.journal import Journal
from tests.fault.memory import command
from tests.fault.status import ENOUGH
from tests.fault.web import NO_ANSWER, Door, ask, verdict

#: Seconds to wait for an answer.
_PATIENCE_S = 5.0
#: Of the reports, how many are sent twice, and whose tasks are given to somebody else or cancelled.
_TWICE, _MEDDLE = 0.2, 0.06


class Caller:
    """Reports incidents until told that it is enough, and then ends."""

    def __init__(self, folder: Path, name: str) -> None:
        asked = json.loads((folder / f"{name}.json").read_text())
        self._folder, self._name = folder, name
        self._journal = Journal(folder / "journals" / f"{name}.jsonl")
        self._doors = [Door(*door) for door in asked["doors"]]
        self._token: str = asked["token"]
        self._places: list[list[float]] = asked["places"]
        self._officers: list[str] = asked["officers"]
        self._per_s: float = asked["per_s"]
        self._chance = Random()
        self._open: dict[str, dict[str, Any]] = {}

    def run(self) -> None:
        """Finish what was begun, then go on."""
        number = self._remember()
        self._chance.seed(f"{self._name}:{number}")
        self._finish()
        while not (self._folder / ENOUGH).exists():
            number += 1
            body = self._report(number)
            self._journal.append("report", number, body)
            self._open[str(number)] = body
            self._finish()
            time.sleep(self._chance.expovariate(self._per_s))

    def _remember(self) -> int:
        """Read the journal: what has no answer yet, and the last report's number."""
        last = 0
        for kind, *rest in self._journal.lines():
            if kind == "report":
                last = rest[0]
                self._open[str(last)] = rest[1]
            elif kind == "command":
                self._open[rest[1]["id"]] = rest[1]
            elif kind in {"reported", "answer"}:
                self._open.pop(str(rest[0]), None)
        return last

    def _report(self, number: int) -> dict[str, Any]:
        lon, lat = self._chance.choice(self._places)
        return {
            "source": "fault",
            "external_id": f"{self._name}-{number}",
            "category": self._chance.choice(("dispute", "help")),
            "lon": lon,
            "lat": lat,
            "description": "演练",
        }

    def _finish(self) -> None:
        while self._open:
            key, body = next(iter(self._open.items()))
            answered = self._command(body) if "verb" in body else self._send_report(key, body)
            if answered:
                self._open.pop(key)
            else:
                time.sleep(0.3)

    def _send_report(self, key: str, body: dict[str, Any]) -> bool:
        answered = self._ask("/incidents", body)
        if not answered or not verdict(*answered):
            return False
        status, answer = answered
        task = answer.get("task", {}).get("id")
        self._journal.append("reported", int(key), status, answer.get("id"), task)
        if self._chance.random() < _TWICE:
            # Should this one get no answer, the first did.
            self._ask("/incidents", body)
        if task and self._chance.random() < _MEDDLE:
            self._meddle(task)
        return True

    def _meddle(self, task: int) -> None:
        time.sleep(self._chance.uniform(0, 0.5))
        order = command(task, self._chance.choice(("cancel", "reassign")), dt.datetime.now(dt.UTC))
        if order["verb"] == "cancel":
            order["data"] = {"reason": "误报"}
        else:
            order["data"] = {"to": self._chance.choice(self._officers)}
        self._journal.append("command", 0, order)
        self._open[order["id"]] = order

    def _command(self, order: dict[str, Any]) -> bool:
        body = {name: value for name, value in order.items() if name != "task"}
        answered = self._ask(f"/tasks/{order['task']}/commands", body)
        known = answered and verdict(*answered)
        if not known:
            return False
        status, answer = known
        said = status, answer.get("code"), digest(answer)
        self._journal.append("answer", order["id"], "http", *said)
        return True

    def _ask(self, path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        """Return status and document; None where there is no answer."""
        door = self._chance.choice(self._doors)
        try:
            return ask(door, "POST", path, body, token=self._token, timeout=_PATIENCE_S)
        except NO_ANSWER:
            return None


if __name__ == "__main__":
    Caller(Path(sys.argv[1]), sys.argv[2]).run()
