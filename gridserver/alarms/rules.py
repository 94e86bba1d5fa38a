"""What an alarm is, and whether a silence holds: pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

#: In the order of urgency.
KINDS = ("support", "sighting", "unsigned", "unapproved", "worker", "relay", "void", "clock")

#: Without a worker for so long nothing is escalated: three of its beats.
WORKER_SILENT = dt.timedelta(seconds=15)
#: What was committed is told to the rooms within a second; past this the relay is behind.
RELAY_BEHIND = dt.timedelta(seconds=10)
#: Voids that begin within a shift are alarming; later ones stand on the page of the roster.
VOID_AHEAD = dt.timedelta(hours=8)
#: A device whose clock is off by more tells times that nobody can put in order.
CLOCK_OFF_S = 120.0
#: How long an alarm may be silenced.
MOST_MINUTES = 480


@dataclass(frozen=True)
class Silence:
    """Who silenced an alarm, from when until when, and why."""

    at: dt.datetime
    until: dt.datetime
    username: str
    display_name: str
    note: str


@dataclass(frozen=True)
class Alarm:
    """A condition that a room must not miss.

    Attributes
    ----------
    key
        What it is about, the same as long as it is about the same: ``unsigned:1042``.
    since
        When the condition began, or last renewed.
    unit_path
        Whose it is; the bureau's path for what concerns all.
    task_id
        The task that it is about.
    params
        What its sentence needs.
    """

    key: str
    kind: str
    since: dt.datetime
    unit_path: str
    task_id: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    silence: Silence | None = None


def holds(silence: Silence, alarm: Alarm, moment: dt.datetime) -> bool:
    """Say whether an alarm is silent: for the time that was asked for, and not once its condition
    began anew after the silence."""
    return silence.at <= moment < silence.until and alarm.since <= silence.at


def silenced(
    alarms: Iterable[Alarm], silences: Mapping[str, Silence], moment: dt.datetime
) -> list[Alarm]:
    """Return the alarms with the silences that hold: those that sound first, then by urgency and
    age."""
    told = [
        replace(alarm, silence=found)
        if (found := silences.get(alarm.key)) and holds(found, alarm, moment)
        else alarm
        for alarm in alarms
    ]
    return sorted(told, key=lambda a: (a.silence is not None, KINDS.index(a.kind), a.since, a.key))


def worker_alarm(last: dt.datetime | None, moment: dt.datetime, bureau: str) -> list[Alarm]:
    """Return the alarm of no worker being alive. Where none ever ran, it begins now."""
    if last is not None and moment - last <= WORKER_SILENT:
        return []
    return [Alarm("worker", "worker", last or moment, bureau)]


def relay_alarm(waiting_since: dt.datetime | None, moment: dt.datetime, bureau: str) -> list[Alarm]:
    """Return the alarm of what is committed and not yet told to the rooms."""
    if waiting_since is None or moment - waiting_since <= RELAY_BEHIND:
        return []
    return [Alarm("relay", "relay", waiting_since, bureau)]
