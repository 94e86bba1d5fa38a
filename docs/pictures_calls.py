"""The calls that the pictures show: made up, and each taken to its stage."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from docs.studio import County
from gridserver.demo.calls import Call, made_up_calls
from gridserver.demo.clients import Account
from gridserver.demo.county import read_cells

#: How far each of the calls is taken.
STAGES = (0, 0, 1, 2, 3, 4, 0, 3, 5, 1)
AT_THE_SCENE = 3
VERBS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sign", {}),
    ("depart", {}),
    ("arrive", {}),
    ("report", {"outcome": "resolved", "text": "现场已处理完毕，双方无异议。"}),
)


@dataclass(frozen=True)
class Scene:
    """The tasks that the pictures show; the first officer who has to sign one, and the first who
    is at the scene of one."""

    tasks: tuple[int, ...]
    officer: str
    officers_task: int
    reporter: str
    reporters_task: int


@contextmanager
def staged(county: County) -> Iterator[Scene]:
    """Report the calls, take each as far as its stage, and end them all afterwards."""
    calls = islice(made_up_calls(Random(20260310), read_cells(), 2, 40.0), len(STAGES))  # noqa: S311
    with ExitStack() as stack:
        room = stack.enter_context(county.account("command"))
        taken = [
            taken_to(stage, call, county, room) for stage, call in zip(STAGES, calls, strict=True)
        ]
        try:
            yield Scene(
                tuple(task for _stage, _who, task in taken),
                *first_at(0, taken),
                *first_at(AT_THE_SCENE, taken),
            )
        finally:
            for _stage, _who, task in taken:
                if room.get(f"/tasks/{task}")["state"] not in {"closed", "reported"}:
                    room.command(task, "cancel", reason="演示图片用")


def taken_to(stage: int, call: Call, county: County, room: Account) -> tuple[int, str, int]:
    """Report a call and take it so far; the stage, who got it, and the task."""
    report = {
        "source": "pictures",
        "external_id": str(uuid.uuid4()),
        "category": call.category,
        "priority": call.priority,
        "lon": call.lon,
        "lat": call.lat,
        "address": call.address,
        "description": call.description,
    }
    made = room.post("/incidents", report)["task"]
    task, who = made["id"], made["assignee"]["username"]
    if stage:
        with county.account(who) as officer:
            for verb, data in VERBS[:stage]:
                officer.command(task, verb, **data)
    if stage > len(VERBS):
        room.command(task, "close")
    return stage, who, task


def first_at(stage: int, taken: list[tuple[int, str, int]]) -> tuple[str, int]:
    """The first officer of a task at a stage, with the task; a room's desk is none."""
    return next((who, task) for at, who, task in taken if at == stage and who.isdigit())
