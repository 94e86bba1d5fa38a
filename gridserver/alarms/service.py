"""Silencing an alarm, with a name."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.alarms import queries, rules
from gridserver.alarms.models import AlarmSilence
from gridserver.alarms.rules import Alarm
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Invalid, NotFound


def silence(session: Session, actor: Principal, key: str, *, minutes: int, note: str) -> Alarm:
    """Silence an alarm for some minutes; it stays in sight, and sounds again when its condition
    renews. Returns it as it stands then.

    Raises
    ------
    NotFound
        ``alarm.unknown``: there is no such alarm, or it is over.
    Forbidden
        For who may not silence what belongs to its unit: what concerns all is the bureau's.
    Invalid
        ``alarm.minutes``, ``alarm.note``.
    """
    alarm = _alarm(session, actor, key)
    require(actor, "alarm.silence", alarm.unit_path)
    if not 1 <= minutes <= rules.MOST_MINUTES:
        raise Invalid("alarm.minutes", f"minutes: give 1 to {rules.MOST_MINUTES}.", field="minutes")
    if not note.strip():
        raise Invalid("alarm.note", "note: say why it may be silent.", field="note")
    at = now(session)
    until = at + dt.timedelta(minutes=minutes)
    session.add(
        AlarmSilence(key=key, at=at, until=until, account_id=actor.account_id, note=note.strip())
    )
    session.flush()
    audit.record(
        session,
        actor,
        Tag.ALARM_SILENCE,
        subject_kind="alarm",
        subject_id=key,
        data={"minutes": minutes, "since": alarm.since.isoformat()},
        purpose=note.strip(),
    )
    return _alarm(session, actor, key)


def _alarm(session: Session, actor: Principal, key: str) -> Alarm:
    for alarm in queries.alarms_for(session, actor):
        if alarm.key == key:
            return alarm
    raise NotFound("alarm.unknown", f"There is no alarm {key!r} now; read the alarms again.")
