"""The form of one incident (接处警登记表): what stands in it, field by field: pure.

It is made from what ``GET /incidents/{id}`` and ``GET /tasks/{id}`` show, and says nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from gridserver.base import texts

ROOM = "gridserver.journals"
Card = Mapping[str, Any]
#: Verbs whose first time stands in the head of the form, in order.
_MILESTONES = ("sign", "depart", "arrive", "report", "close")
#: What an actor wrote may stand under any of these names.
_WRITTEN = ("text", "remark", "reason", "agency", "message")


@dataclass(frozen=True)
class Source:
    """What a form is made from: an incident and its task as the API shows them, in one language;
    the incidents linked to it; who prints it, and when."""

    bureau: str
    incident: Card
    task: Card
    linked: tuple[Card, ...]
    printed_by: str
    printed_at: dt.datetime


@dataclass(frozen=True)
class Wording:
    """How a form says things: the words of a language, and the bureau's clocks."""

    language: str
    zone: ZoneInfo

    def word(self, key: str, **params: Any) -> str:
        """Return a word or a sentence by its key; a key without one stands for itself."""
        words = texts.load(ROOM, self.language)
        return words.get(key, key.rsplit(".", 1)[-1]).format_map(params)

    def moment(self, at: str | dt.datetime | None) -> str:
        """Return a moment by the bureau's clocks, to the second; nothing for None."""
        if at is None:
            return ""
        moment = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")


def layout(source: Source, say: Wording) -> dict[str, Any]:
    """Return what the template of the form shows: labelled fields, steps, signatures."""
    incident, task = source.incident, source.task
    return {
        "language": say.language,
        "words": {name: say.word(f"form.{name}") for name in _HEADINGS},
        "bureau": source.bureau,
        "number": f"{incident['number']:04d}",
        "identity": _fields(say, _identity(incident, say)),
        "said": incident["description"] or "",
        "place": _fields(say, _place(incident, say)),
        "taken": _fields(say, _taken(task, say)),
        "told": [_told(offer, say) for offer in task["offers"]],
        "steps": [_step(entry, say) for entry in task["history"]],
        "outcome": _outcome(task, say),
        "review": [_step(e, say) for e in task["history"] if e["verb"] in ("close", "send_back")],
        "linked": [_linked(each, say) for each in source.linked],
        "photos": say.word("form.photos", n=len(task["attachments"])),
        "signatures": [say.word(f"sign.{who}") for who in ("call_taker", "officer", "reviewer")],
        "printed": say.word(
            "form.printed", who=source.printed_by, at=say.moment(source.printed_at)
        ),
    }


_HEADINGS = (
    "title",
    "number",
    "said",
    "place",
    "taken",
    "told",
    "steps",
    "outcome",
    "review",
    "linked",
    "signatures",
    "server_time",
    "device_time",
    "step",
    "who",
    "where",
    "words",
    "told_at",
    "received_at",
    "deadline",
    "result",
    "late",
    "none",
    "date",
)


def _identity(incident: Card, say: Wording) -> Iterable[tuple[str, str]]:
    yield "source", f"{incident['source']} · {incident['external_id']}"
    yield "reported_at", say.moment(incident["reported_at"])
    yield "received_at", say.moment(incident["received_at"])
    yield "occurred_at", say.moment(incident["occurred_at"])
    yield "category", incident["category"]["name"]
    yield "priority", say.word(f"priority.{incident['priority']}")


def _place(incident: Card, say: Wording) -> Iterable[tuple[str, str]]:
    cell, station = incident["cell"], incident["station"]
    accuracy = incident["accuracy_m"]
    yield "address", incident["address"] or ""
    yield "point", f"{incident['lon']:.6f}, {incident['lat']:.6f} (WGS 84)"
    yield "accuracy", "" if accuracy is None else f"± {accuracy:.0f} m"
    yield "cell", f"{cell['name']} {cell['code']}" if cell else say.word("form.no_cell")
    yield "station", station["name"] if station else ""
    yield "located", say.word(f"method.{incident['method']}")


def _taken(task: Card, say: Wording) -> Iterable[tuple[str, str]]:
    yield "officer", _person(task["assignee"])
    yield "state", say.word(f"state.{task['state']}")
    for verb in _MILESTONES:
        first = next((e for e in task["history"] if e["verb"] == verb and not e["late"]), None)
        yield f"{verb}_at", say.moment(first and first["at"])


def _fields(say: Wording, said: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": say.word(f"field.{name}"), "value": value} for name, value in said if value]


def _told(offer: Card, say: Wording) -> dict[str, Any]:
    rung = say.word(f"rung.{offer['kind']}")
    return {
        "who": f"{_person(offer['recipient'])} · {rung}",
        "told_at": say.moment(offer["told_at"]),
        "received_at": say.moment(offer["received_at"]),
        "deadline": say.moment(offer["deadline"]),
        "result": say.word(f"offer.{offer['outcome']}") if offer["outcome"] else "",
        "because": offer["because"]["text"],
    }


def _step(entry: Card, say: Wording) -> dict[str, Any]:
    lon, lat = entry["lon"], entry["lat"]
    return {
        "at": say.moment(entry["at"]),
        "device_at": say.moment(happened(entry)) if entry["actor"] else "",
        "step": say.word(f"verb.{entry['verb']}"),
        "who": _person(entry["actor"]) or say.word("form.server"),
        "device": entry["device"] or "",
        "where": "" if lon is None or lat is None else f"{lon:.5f}, {lat:.5f}",
        "words": " · ".join(words_of(entry["data"], say)),
        "late": entry["late"],
    }


def happened(entry: Card) -> dt.datetime:
    """Return when a step was: by the actor's clock, put right by what it is known to be off."""
    said = dt.datetime.fromisoformat(entry["occurred_at"])
    return said + dt.timedelta(seconds=entry["clock_offset_s"] or 0.0)


def words_of(data: Card, say: Wording) -> list[str]:
    """Return what the actor wrote: the outcome as a word, then texts, remarks and reasons."""
    outcome = [say.word(f"outcome.{data['outcome']}")] if data.get("outcome") else []
    return outcome + [str(data[name]) for name in _WRITTEN if isinstance(data.get(name), str)]


def _outcome(task: Card, say: Wording) -> list[dict[str, str]]:
    report, over = task["report"], task["hand_over"]
    said: list[tuple[str, str]] = []
    if report is not None:
        said += [("result", say.word(f"outcome.{report['outcome']}")), ("feedback", report["text"])]
        counts = ("suspects", "offences", "persons_helped")
        said += [(name, str(report[name])) for name in counts if report[name] is not None]
    if over is not None:
        said += [("agency", over["agency"]), ("message", over["text"])]
        said += [("answer", over["answer"]["text"])] if over["answer"] else []
    return _fields(say, said)


def _linked(each: Card, say: Wording) -> str:
    incident = each["incident"]
    name = incident["category"]["name_en" if say.language == "en" else "name_zh"]
    relation = say.word(f"related.{each['role']}.{each['kind']}")
    return f"{incident['number']:04d} {name} · {relation}"


def _person(person: Card | None) -> str:
    if person is None:
        return ""
    username, shown = person["username"], person["display_name"]
    return shown if username in shown else f"{shown} {username}"
