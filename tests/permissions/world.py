"""What there is to ask for: one of each thing, all of the southern station, and its secrets."""

from __future__ import annotations

import datetime as dt
import posixpath
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from gridserver.base.clock import Clock
from gridserver.base.db import Database, run_before_commit
from tests.conftest import MORNING
from tests.county import centre
from tests.flows.test_attachments_http import bring
from tests.flows.test_bulletins_http import body as a_bulletin
from tests.flows.test_force_rosters_api import LATER, LEAVE, PATTERN, SHIFT
from tests.permissions.actors import HOLDER, IN_REACH, holders, let_in
from tests.permissions.rows import Row
from tests.photos import photo

ROOM, BUREAU_ROOM, STATION = "room-33082401", "command", "33082401"
LON, LAT = centre(0, 0)
HOUR = dt.timedelta(hours=1)

READERS = holders("command admin auditor", IN_REACH) | {HOLDER}
#: What stands in the southern station's things, and who alone may ever be told it. None of it
#: occurs in what is asked.
SECRETS = {
    "caller-of-the-south": READERS,
    "order-of-the-south": READERS | holders("officer", IN_REACH),
    "notice-for-one-of-the-south": READERS,
    "capture-of-the-south": READERS | holders("gis_admin", IN_REACH),
    "review-of-the-south": READERS,
    "handover-of-the-south": READERS,
    "bulletin-of-the-south": READERS,
    "handheld-of-the-south": READERS,
}


class Undone(Database):
    """A database of which nothing stays: its transactions are savepoints of one that is rolled
    back, so that each actor finds the world as it was."""

    _connection: Connection | None = None

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo at the end whatever was committed within."""
        with self.engine.connect() as connection, connection.begin() as outer:
            self._connection = connection
            try:
                yield
            finally:
                self._connection = None
                outer.rollback()

    @contextmanager
    def transaction(self, clock: Clock | None = None) -> Iterator[Session]:
        if self._connection is None:
            with super().transaction(clock) as session:
                yield session
            return
        joined = Session(
            self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        with joined as session, session.begin():
            session.info["clock"] = clock or self.clock
            session.info["zone"] = self.zone
            yield session
            run_before_commit(session)


@dataclass
class World:
    """The application, the tokens of the actors and what `{name}` stands for."""

    app: Flask
    database: Undone
    tokens: dict[str, str]
    names: dict[str, Any] = field(default_factory=dict)

    def ask(self, row: Row, actor: str) -> TestResponse:
        """Return what `actor` is answered; of a change nothing stays."""
        headers = dict(row.headers)
        path = row.path.format_map(self.names)
        if row.tag_of:
            headers["If-Match"] = self.tag(posixpath.normpath(posixpath.join(path, row.tag_of)))
        undone = nullcontext() if row.method == "GET" else self.database.undone()
        with undone:
            return self._open(
                actor,
                row.method,
                path,
                headers,
                query_string=self.filled(row.query),
                json=self.filled(row.body),
            )

    def tag(self, path: str) -> str:
        """Return the entity tag of what is at `path`."""
        for actor in ("admin@above", "command@above"):
            if tag := self._open(actor, "GET", path, {}).headers.get("ETag"):
                return tag
        raise AssertionError(f"{path} has no entity tag")

    def _open(
        self, actor: str, method: str, path: str, headers: dict[str, str], **asked: Any
    ) -> TestResponse:
        if actor in self.tokens:
            headers = headers | {"Authorization": f"Bearer {self.tokens[actor]}"}
        return self.app.test_client().open(path, method=method, headers=headers, **asked)

    def filled(self, part: Any) -> Any:
        """Return a part of a request with its names filled in; a text that is one name alone
        becomes what it stands for."""
        if isinstance(part, dict):
            return {key: self.filled(value) for key, value in part.items()}
        if isinstance(part, list):
            return [self.filled(value) for value in part]
        if not isinstance(part, str):
            return part
        if part[:1] == "{" and part[-1:] == "}" and part[1:-1] in self.names:
            return self.names[part[1:-1]]
        return part.format_map(self.names) if "{" in part else part


def make_world(app: Flask, database: Undone) -> World:
    """Make one of each thing in the sample county that `database` has."""
    with database.transaction() as session:
        tokens = let_in(session)
    world = World(app, database, tokens)
    clients = {
        who: app.test_client().as_(who) for who in (ROOM, BUREAU_ROOM, "admin", "gis", HOLDER)
    }
    for make in (_calls, _orders, _records, _rosters, _bureau):
        make(world.names, clients)
    return world


Clients = dict[str, FlaskClient]


def _made(answer: Any) -> Any:
    assert answer.status_code in {200, 201}, answer.text
    return answer.json


def _calls(names: dict[str, Any], who: Clients) -> None:
    report = {
        "source": "110",
        "external_id": "1",
        "category": "dispute",
        "lon": LON,
        "lat": LAT,
        "description": "caller-of-the-south",
    }
    incident = _made(who[BUREAU_ROOM].post("/api/v1/incidents", json=report))
    names |= {"incident_id": incident["id"], "task_id": incident["task"]["id"], "alarm": "worker"}
    picture = photo()
    bring(who[HOLDER], picture)
    names["sha256"] = picture.sha256
    said = {"kind": "premises", "text": "capture-of-the-south", "lon": LON, "lat": LAT}
    said |= {"photos": [picture.sha256]}
    premises = _made(who[HOLDER].post("/api/v1/captures", json=said))
    names["capture_id"] = premises["capture"]["id"]
    said |= {"kind": "place", "name": "广场", "photos": []}
    place = _made(who[HOLDER].post("/api/v1/captures", json=said))["capture"]
    _made(who["gis"].post(f"/api/v1/captures/{place['id']}/accept"))
    names["place_capture_id"] = place["id"]


def _orders(names: dict[str, Any], who: Clients) -> None:
    asked = {"unit": STATION, "kind": "order", "urgency": "routine", "asks": "text", "text": "x"}
    to_all = {"title": "order-of-the-south", "audience": {"units": [STATION]}}
    to_one = {"title": "notice-for-one-of-the-south", "audience": {"officers": [HOLDER]}}
    names["order_id"] = _made(who[ROOM].post("/api/v1/orders", json=asked | to_one))["id"]
    names["order_to_all"] = _made(who[ROOM].post("/api/v1/orders", json=asked | to_all))["id"]
    given = a_bulletin()
    given["contents"]["fact"] = "bulletin-of-the-south"
    bulletin = _made(who[ROOM].post("/api/v1/bulletins", json=given))
    names["bulletin_draft"] = bulletin["id"]
    bulletin = _made(who[ROOM].post("/api/v1/bulletins", json=given))
    steps = f"/api/v1/bulletins/{bulletin['id']}/steps"
    _made(who[BUREAU_ROOM].post(steps, json={"verb": "approve", "version": 1}))
    _made(who[ROOM].post(steps, json={"verb": "issue"}))
    names["bulletin_id"] = bulletin["id"]
    mobilised = {"unit": STATION, "why": "防汛"}
    made = _made(who[ROOM].post("/api/v1/dispatch/mobilisations", json=mobilised))
    names["mobilisation_id"] = made["id"]


def _records(names: dict[str, Any], who: Clients) -> None:
    said = {"title": "review-of-the-south", "incidents": [names["incident_id"]]}
    review = _made(who[ROOM].post("/api/v1/reviews", json=said))
    names["review_id"] = review["id"]
    lesson = {"text": "Knock.", "owner": HOLDER, "due_on": "2026-04-01"}
    path = f"/api/v1/reviews/{review['id']}"
    (kept,) = _made(who[ROOM].post(f"{path}/lessons", json=lesson))["lessons"]
    names["lesson_id"] = kept["id"]
    watch = {"from": (MORNING - HOUR).isoformat(), "to": MORNING.isoformat()}
    names |= {"since": watch["from"], "until": watch["to"]}
    names |= {"later": LATER.isoformat(), "later_end": (LATER + HOUR).isoformat()}
    given = watch | {"unit": STATION, "remark": "handover-of-the-south"}
    names["handover_id"] = _made(who[ROOM].post("/api/v1/handovers", json=given))["id"]
    credentials = {
        "username": HOLDER,
        "password": "county-test-1",
        "device": "handheld-of-the-south",
    }
    signed_in = _made(
        who[HOLDER].application.test_client().post("/api/v1/sessions", json=credentials)
    )
    names["holder_id"] = signed_in["account"]["id"]
    sessions = _made(who["admin"].get(f"/api/v1/accounts/{names['holder_id']}/sessions"))["items"]
    (theirs,) = [each for each in sessions if each["device"] == "handheld-of-the-south"]
    names |= {"session_id": theirs["id"], "device_id": theirs["device_id"]}
    names["unknown_id"] = str(uuid.UUID(int=7))


def _rosters(names: dict[str, Any], who: Clients) -> None:
    force = "/api/v1/force"
    shifts = [
        SHIFT,
        SHIFT
        | {
            "officer": "330824002",
            "start": (LATER + 24 * HOUR).isoformat(),
            "end": (LATER + 30 * HOUR).isoformat(),
        },
    ]
    given, taken = _made(who[ROOM].post(f"{force}/shifts", json={"shifts": shifts}))["items"]
    names["shift_id"] = given["id"]
    absence = LEAVE | {
        "start": (LATER + 48 * HOUR).isoformat(),
        "end": (LATER + 72 * HOUR).isoformat(),
    }
    names["absence_id"] = _made(who[ROOM].post(f"{force}/absences", json=absence))["id"]
    names["pattern_id"] = _made(who[ROOM].post(f"{force}/patterns", json=PATTERN))["id"]
    swap = {"shift": given["id"], "other": "330824002", "other_shift": taken["id"]}
    names["swap_id"] = _made(who[HOLDER].post(f"{force}/swaps", json=swap))["id"]
    car = {"name": "巡逻一号车", "kind": "patrol_car", "unit": STATION, "code": "P1"}
    _made(who["admin"].post("/api/v1/field-units", json=car))


def _bureau(names: dict[str, Any], who: Clients) -> None:
    place = {"kind": "key_place", "name": "广场", "lon": LON, "lat": LAT}
    names["place_id"] = _made(who["gis"].post("/api/v1/places", json=place))["id"]
    partner = {"code": "110", "name": "110接警平台"}
    _made(who["admin"].post("/api/v1/exchange/partners", json=partner))
    _made(who["gis"].post("/api/v1/grid/versions/v1/copy", json={"name": "draft"}))
    outside = {"lon": LON, "lat": LAT, "why": "水库"}
    answer = who["gis"].post("/api/v1/grid/versions/draft/exclusions", json=outside)
    names |= {"exclusion_id": 1, "outside": answer.status_code}
