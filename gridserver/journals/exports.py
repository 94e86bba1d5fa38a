"""What is exported as tables: incidents, a day log, a handover. The ledger keeps who took how many
rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import zone
from gridserver.dispatch import history, listing
from gridserver.dispatch.dossier import Dossier
from gridserver.dispatch.listing import Wanted
from gridserver.journals import daylog, handovers, watch
from gridserver.journals.forms import Wording
from gridserver.journals.sheets import MOST_ROWS, Line, check_rows

_BATCH = 500
#: First times that stand in a row of an incident.
_MILESTONES = ("sign", "depart", "arrive", "report", "close")
_INCIDENT = (
    "number",
    "id",
    "reported_at",
    "received_at",
    "source",
    "external_id",
    "category",
    "priority",
    "address",
    "said",
    "lon",
    "lat",
    "cell",
    "station",
    "state",
    "officer",
    *(f"{verb}_at" for verb in _MILESTONES),
    "result",
    "feedback",
)
_LOG = ("at", "device_at", "kind", "verb", "number", "words", "late")
_HANDOVER = ("part", "number", "category", "priority", "place", "reported_at", "state", "officer")


@dataclass(frozen=True)
class Table:
    """A table to be written: the name of its sheet, its header and its lines."""

    title: str
    header: tuple[str, ...]
    lines: list[Line]


def incidents(session: Session, actor: Principal, wanted: Wanted, language: str) -> Table:
    """Return the incidents that `actor` may see and that are looked for, newest first.

    Raises
    ------
    Forbidden
        ``access.forbidden``.
    Invalid
        ``export.too_many``.
    """
    require(actor, "incident.export")
    say = Wording(language, zone(session))
    lines: list[Line] = []
    for batch in _batches(session, actor, wanted):
        check_rows(len(lines) + len(batch))
        firsts = _firsts(session, [each.task.id for each in batch])
        lines += [_incident(each, firsts.get(each.task.id, {}), say) for each in batch]
    _record(session, actor, "incidents", "all", len(lines))
    return Table(say.word("sheet.incidents"), _heads(say, _INCIDENT), lines)


def day_log(
    session: Session, actor: Principal, number: str | None, date: dt.date, language: str
) -> Table:
    """Return a day log as a table. Raises as `daylog.log_of`."""
    log = daylog.log_of(session, actor, number, date)
    say = Wording(language, zone(session))
    lines: list[Line] = [
        (
            say.moment(entry["at"]),
            say.moment(entry["device_at"]),
            say.word(f"log.{entry['kind']}"),
            said_verb(entry["kind"], entry["verb"], say),
            entry["number"],
            entry["words"],
            say.word("form.late") if entry["late"] else "",
        )
        for entry in log["entries"]
    ]
    _record(session, actor, "log", f"{log['officer']['service_number']} {date}", len(lines))
    return Table(say.word("sheet.log"), _heads(say, _LOG), lines)


def handover(session: Session, actor: Principal, handover_id: int, language: str) -> Table:
    """Return a handover's report as a table. Raises as `handovers.one`."""
    found = handovers.one(session, actor, handover_id)
    say = Wording(language, zone(session))
    parts = found["report"]["parts"]
    lines = [line for name in watch.PARTS for line in _part(name, parts[name]["items"], say)]
    _record(session, actor, "handover", handover_id, len(lines))
    return Table(say.word("sheet.handover"), _heads(say, _HANDOVER), lines)


def said_verb(kind: str, verb: str, say: Wording) -> str:
    """Return what was done, as a log says it."""
    group = {"task": "verb", "told": "rung"}.get(kind, kind)
    return say.word(f"{group}.{verb}")


def _batches(session: Session, actor: Principal, wanted: Wanted) -> Iterator[list[Dossier]]:
    before: int | None = None
    for _ in range(MOST_ROWS // _BATCH + 1):
        batch = listing.page(session, actor, wanted, before=before, limit=_BATCH)
        if not batch:
            return
        yield batch
        before = batch[-1].task.id
        # Fifty thousand rows with their offers need not stay in memory together.
        session.expunge_all()


def _firsts(session: Session, task_ids: list[int]) -> dict[int, dict[str, dt.datetime]]:
    firsts: dict[int, dict[str, dt.datetime]] = {}
    for task_id, entry in history.of_tasks(session, task_ids):
        if not entry.late:
            firsts.setdefault(task_id, {}).setdefault(entry.verb, entry.at)
    return firsts


def _incident(found: Dossier, firsts: dict[str, dt.datetime], say: Wording) -> Line:
    incident, place, task = found.incident, found.facts.place, found.task
    names = incident.category
    return (
        incident.number,
        incident.id,
        say.moment(incident.reported_at),
        say.moment(incident.received_at),
        incident.source,
        incident.external_id,
        names.name_en if say.language == "en" else names.name_zh,
        incident.priority,
        incident.address,
        incident.description,
        incident.lon,
        incident.lat,
        place.cell,
        place.station_name,
        say.word(f"state.{task.state}"),
        found.acting.display_name if found.acting else None,
        *(say.moment(firsts.get(verb)) for verb in _MILESTONES),
        say.word(f"outcome.{task.outcome}") if task.outcome else None,
        task.feedback,
    )


def _part(name: str, items: list[dict[str, Any]], say: Wording) -> Iterator[Line]:
    part = say.word(f"part.{name}")
    for each in items:
        if name == "silenced":
            yield (
                part,
                None,
                each["key"],
                None,
                each["note"],
                say.moment(each["at"]),
                None,
                each["by"],
            )
        elif name == "voids":
            span = f"{say.moment(each['start'])} – {say.moment(each['end'])}"
            yield (
                part,
                None,
                each["why"],
                None,
                f"{each['name']} {each['code']}",
                span,
                None,
                None,
            )
        else:
            category = each["category_en" if say.language == "en" else "category_zh"]
            yield (
                part,
                each["number"],
                category,
                each["priority"],
                each["place"],
                say.moment(each["reported_at"]),
                say.word(f"state.{each['state']}"),
                each["officer"],
            )


def _heads(say: Wording, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(say.word(f"column.{name}") for name in names)


def _record(session: Session, actor: Principal, kind: str, subject: object, rows: int) -> None:
    audit.record(
        session,
        actor,
        Tag.EXPORT_WRITE,
        subject_kind=kind,
        subject_id=subject,
        data={"rows": rows},
    )
