"""Incidents of the past weeks, lived through by the rooms' own services with the clock set back.

Each made-up call is a small story: reported, signed (or not in time), on the way, on scene,
reported back, closed; some are cancelled, handed over or sent back. The stories run side by side in
the order of time, so that the rows are those of real use. All have ended before the present.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from rich.console import Console
from rich.progress import Progress
from sqlalchemy.orm import Session

from gridserver.access import queries as access_queries
from gridserver.access import service as access
from gridserver.access.rules import Principal
from gridserver.base.clock import SetClock
from gridserver.base.db import run_before_commit
from gridserver.delivery import queries as delivery_queries
from gridserver.delivery import service as delivery
from gridserver.delivery.commands import Command
from gridserver.demo.accounts import BUREAU_DESKS
from gridserver.demo.calls import Call
from gridserver.demo.orders import Story
from gridserver.dispatch import escalation
from gridserver.dispatch import queries as dispatch_queries
from gridserver.dispatch import service as dispatch
from gridserver.force import queries as force
from gridserver.incidents.rules import Report
from gridserver.org import queries as org

DEVICE = "handheld"
#: No story takes longer, so that one that begins this long before the present ends before it.
LONGEST = dt.timedelta(hours=5)

#: How stories go, in parts of 100.
_STORIES = {"plain": 80, "unsigned": 8, "sent_back": 4, "cancelled": 4, "handed_over": 4}
OUTCOMES = {"resolved": 74, "unfounded": 9, "referred": 9, "unresolved": 8}
FOUND: Mapping[str, Sequence[str]] = {
    "resolved": (
        "现场处置完毕，双方无异议。",
        "已到场处置，问题解决。",
        "已协助解决，报警人满意。",
    ),
    "unfounded": ("现场未发现所报情况。", "经查为误报。"),
    "referred": ("已移交相关部门跟进。", "已告知向主管部门反映，并作登记。"),
    "unresolved": ("暂未找到，继续留意。", "已登记取证，待进一步调查。"),
}
_REASONS = ("重复报警，已并入前一警情。", "报警人来电称已自行解决。")
_AGENCIES = ("12345 政务服务便民热线", "供电所", "综合行政执法队", "自然资源所")
_ANSWERS = ("已派员到场处理。", "已受理，三日内答复报警人。", "已与报警人联系，问题解决。")
#: The share of the hand-overs that the agency has answered.
_ANSWERED = 0.9
_REMARKS = ("请补充现场处置经过。", "请补充双方的答复。")

Minutes = tuple[float, float]
_DEPART: Minutes = (0.5, 4)
_TRAVEL: Minutes = (4, 38)
_ON_SCENE: Minutes = (8, 60)
_REVIEW: Minutes = (5, 60)
_ANSWER: Minutes = (20, 200)


@dataclass
class Task:
    """A task of a story, as the last answer showed it."""

    id: int
    assignee: str
    station: str | None


class Past:
    """Lives through made-up calls in one session whose clock is set as they go."""

    def __init__(self, session: Session, clock: SetClock, rng: Random) -> None:
        self._session = session
        self._clock = clock
        self._rng = rng
        self._principals: dict[str, Principal] = {}

    def play(
        self,
        calls: Iterable[Call],
        first_day: dt.datetime,
        *,
        until: dt.datetime,
        console: Console,
        beside: Iterable[Story] = (),
    ) -> None:
        """Live through those of `calls` (counted from `first_day`) that end before `until`, and
        through the stories `beside` them."""
        lives = itertools.chain(self._lives(calls, first_day, until - LONGEST), beside)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task("Past incidents", total=(until - first_day).total_seconds())
            for moment in self._in_order(lives):
                progress.update(bar, completed=(moment - first_day).total_seconds())

    def _lives(
        self, calls: Iterable[Call], first_day: dt.datetime, until: dt.datetime
    ) -> Iterator[Story]:
        for number, call in enumerate(calls, 1):
            at = first_day + call.at
            if at < until:
                yield at, self._life(call, f"past-{number}", at)

    def _in_order(self, lives: Iterable[Story]) -> Iterator[dt.datetime]:
        """Run the stories side by side: the one whose next moment comes first goes on first."""
        order = itertools.count()
        waiting = [(at, next(order), life) for at, life in lives]
        heapq.heapify(waiting)
        while waiting:
            at, _, life = heapq.heappop(waiting)
            self._clock.set(at)
            following = next(life, None)
            run_before_commit(self._session)
            if following is not None:
                heapq.heappush(waiting, (following, next(order), life))
            yield at

    def _life(self, call: Call, external_id: str, at: dt.datetime) -> Iterator[dt.datetime]:
        """Live through one call. What is yielded is the moment at which to go on."""
        story = self._choose(_STORIES)
        taken = dispatch.take_report(
            self._session, self._principal("command"), _report(call, external_id)
        )
        offer, dossier = taken.dossier.open_offers[0], taken.dossier
        task = Task(dossier.task.id, dossier.steps[0].who.username, dossier.facts.place.station)
        yield at + dt.timedelta(seconds=2)
        self._receive(task.assignee)
        if story == "unsigned" and offer.deadline is not None:
            yield offer.deadline + dt.timedelta(seconds=1)
            escalation.escalate_due(self._session)
            task.assignee = self._told_last(task)
        if story in ("cancelled", "handed_over"):
            yield self._later((1, 3))
            self._end_early(task, story)
            if story == "handed_over" and self._rng.random() < _ANSWERED:
                yield self._later(_ANSWER)
                self._say(self._room(task), task, "answer", text=self._rng.choice(_ANSWERS))
            return
        yield from self._assigned(task, call.priority)
        yield from self._worked(task, call)
        if story == "sent_back":
            yield self._later(_REVIEW)
            self._say(self._room(task), task, "send_back", remark=self._rng.choice(_REMARKS))
            yield self._later(_ON_SCENE)
            self._report_back(task)
        yield self._later(_REVIEW)
        self._say(self._room(task), task, "close")

    def _assigned(self, task: Task, priority: int) -> Iterator[dt.datetime]:
        """Have a command room that got the task pass it to somebody on duty; have it signed."""
        if task.assignee in (*BUREAU_DESKS, self._room(task)):
            yield self._later((0.3, 0.9))
            task.assignee = self._somebody(task)
            self._say(self._room(task), task, "reassign", to=task.assignee)
            yield self._later((0.03, 0.05))
            self._receive(task.assignee)
        yield self._later((0.1, 0.2 + 0.2 * priority))
        self._say(task.assignee, task, "sign")

    def _worked(self, task: Task, call: Call) -> Iterator[dt.datetime]:
        yield self._later(_DEPART)
        self._say(task.assignee, task, "depart")
        yield self._later(_TRAVEL)
        self._say(task.assignee, task, "arrive", place=(call.lon, call.lat))
        yield self._later(_ON_SCENE)
        self._report_back(task)

    def _report_back(self, task: Task) -> None:
        outcome = self._choose(OUTCOMES)
        text = self._rng.choice(FOUND[outcome])
        self._say(task.assignee, task, "report", outcome=outcome, text=text)

    def _end_early(self, task: Task, story: str) -> None:
        if story == "cancelled":
            self._say(self._room(task), task, "cancel", reason=self._rng.choice(_REASONS))
            return
        agency = self._rng.choice(_AGENCIES)
        self._say(self._room(task), task, "hand_over", agency=agency, text="非警务事项，已转办。")

    def _say(
        self,
        username: str,
        task: Task,
        verb: str,
        *,
        place: tuple[float, float] | None = None,
        **data: Any,
    ) -> None:
        lon, lat = place or (None, None)
        command = Command(
            id=uuid.UUID(int=self._rng.getrandbits(128), version=4),
            verb=verb,
            occurred_at=self._clock.now(),
            data=data,
            lon=lon,
            lat=lat,
        )
        outcome = dispatch.command(self._session, self._principal(username), task.id, command)
        if outcome.status != 200:
            raise RuntimeError(f"{username} may not {verb} task {task.id}: {outcome.body}")

    def _receive(self, username: str) -> None:
        """Have the account's device acknowledge all it was sent."""
        account_id = self._principal(username).account_id
        head = delivery_queries.head(self._session, account_id)
        delivery.record_receipts(self._session, [delivery.Receipt(account_id, DEVICE, head)])

    def _told_last(self, task: Task) -> str:
        """Return who was told of a task last: those out of reach are passed over."""
        dossier = dispatch_queries.task_for_change(self._session, task.id)
        return dossier.people[dossier.offers[-1].recipient].username

    def _somebody(self, task: Task) -> str:
        """Return an officer on duty of the task's station, or one who is called in."""
        room = self._principal(self._room(task))
        path = org.unit_by_code(self._session, task.station or "").path
        serving = force.officers(self._session, room, self._clock.now(), unit_path=path)
        here = [officer for officer in serving if not officer.absent]
        free = [officer.username for officer in here if officer.on_duty]
        return self._rng.choice(free or [officer.username for officer in here])

    def _room(self, task: Task) -> str:
        return f"room-{task.station}" if task.station else "command"

    def _principal(self, username: str) -> Principal:
        if username not in self._principals:
            account = access.account_by_username(self._session, username)
            self._principals[username] = access_queries.principal_of(self._session, account.id)
        return self._principals[username]

    def _later(self, minutes: Minutes) -> dt.datetime:
        return self._clock.now() + dt.timedelta(minutes=self._rng.uniform(*minutes))

    def _choose(self, shares: Mapping[str, int]) -> str:
        return self._rng.choices(list(shares), list(shares.values()))[0]


def _report(call: Call, external_id: str) -> Report:
    return Report(
        source=call.source,
        external_id=external_id,
        category=call.category,
        x=call.lon,
        y=call.lat,
        crs="EPSG:4326",
        lon=call.lon,
        lat=call.lat,
        address=call.address,
        description=call.description,
        priority=call.priority,
    )
