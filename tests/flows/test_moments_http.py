"""Moments in requests: whatever offset a route is told them with, and at the calendar's ends."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import URL

from gridserver.app import create_app
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.settings import ROOT, from_environment
from tests.conftest import MORNING, copied
from tests.county import CELLS, centre, commit_county
from tests.flows.conftest import AccountClient

BEGIN, END = MORNING - dt.timedelta(hours=2), MORNING - dt.timedelta(hours=1)
#: PostgreSQL knows offsets of less than 16 hours.
OFFSETS = [dt.timedelta(hours=16), -dt.timedelta(hours=16), dt.timedelta(hours=23, minutes=59)]
CALENDAR_ENDS = [
    "0001-01-01T00:00:00+00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59+00:00",
    "9999-12-31T23:59:59-14:00",
]
LON, LAT = centre(0, 0)
#: What a request says under a name where it has to say something, in the path or beside.
SAID: dict[str, Any] = {
    "code": CELLS[0, 0][0],
    "lon": LON,
    "lat": LAT,
    "unit": "33082401",
    "officer": "330824001",
    "number": "330824001",
    "table": "parameter",
    "name": "v1",
    "audience": {"everyone": True},
    "category": "dispute",
    "kind": "notice",
    "changes": [{"key": {"name": "officers_ranked"}, "values": {"value": "1"}}],
}

Said = Callable[[str], str]
SignIn = Callable[[str], AccountClient]


@cache
def described() -> dict[str, Any]:
    return json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))


def operations(*methods: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in described()["paths"].items():
        yield from ((path, method, item[method]) for method in methods if method in item)


def moments_of(operation: dict[str, Any]) -> list[str]:
    return [
        each["name"]
        for each in operation.get("parameters", ())
        if each.get("in") == "query" and each["schema"].get("format") == "date-time"
    ]


#: Every path that takes a moment in its query, present and future.
ASKED = {path: operation for path, _, operation in operations("get") if moments_of(operation)}


def address(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str(SAID.get(match[1], 1)), path)


def needed(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the query of an operation but for its moments."""
    return {
        each["name"]: each["schema"].get("enum", [SAID.get(each["name"])])[0]
        for each in operation["parameters"]
        if each.get("in") == "query" and each.get("required") and each["name"] not in {"from", "to"}
    }


@pytest.fixture(scope="module")
def app(
    template: URL, superuser: sa.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The application over one sample county."""
    with copied(template, superuser) as url:
        database = Database(url, SetClock(MORNING))
        commit_county(database)
        folder = str(tmp_path_factory.mktemp("var"))
        app = create_app(from_environment({"GRIDSERVER_VAR": folder}), database)
        app.test_client_class = AccountClient
        yield app
        database.dispose()


@pytest.fixture(scope="module")
def sign_in(app: Flask) -> SignIn:
    """Give a client of an account, which is the same each time."""
    return cache(lambda username: app.test_client().as_(username))


def usual(name: str) -> dt.datetime:
    return END if name in {"to", "end"} else BEGIN


def reader(path: str) -> str:
    if path.startswith("/api/v1/audit/"):
        return "auditor"
    return "330824001" if path.endswith("/own") else "command"


def test_there_are_such_routes() -> None:
    assert {"/api/v1/incidents", "/api/v1/locate", "/api/v1/map/heat"} < ASKED.keys()


@pytest.mark.parametrize("path", ASKED)
def test_a_moment_is_the_same_whatever_its_offset(sign_in: SignIn, path: str) -> None:
    asking, names, query = sign_in(reader(path)), moments_of(ASKED[path]), needed(ASKED[path])

    def asked(offset: dt.timedelta) -> tuple[int, str | None]:
        zone = dt.timezone(offset)
        moments = {name: usual(name).astimezone(zone).isoformat() for name in names}
        answer = asking.get(address(path), query_string=query | moments)
        # Of a workbook no two are alike: it says when it was written.
        return answer.status_code, answer.text if "sheet" not in answer.mimetype else None

    in_utc = asked(dt.timedelta())
    assert in_utc[0] == 200, in_utc
    for offset in OFFSETS:
        assert asked(offset) == in_utc, offset


@pytest.mark.parametrize("path", ASKED)
def test_a_moment_at_an_end_of_the_calendar_is_shown_or_refused(sign_in: SignIn, path: str) -> None:
    asking, names = sign_in(reader(path)), moments_of(ASKED[path])
    others = needed(ASKED[path]) | {name: usual(name).isoformat() for name in names}
    for name in names:
        for moment in CALENDAR_ENDS:
            # With the others, and alone where it may be.
            for query in (others | {name: moment}, needed(ASKED[path]) | {name: moment}):
                answer = asking.get(address(path), query_string=query)
                assert answer.status_code in {200, 404, 422}, (query, answer.text)


@pytest.mark.parametrize("path", ["/api/v1/day-log", "/api/v1/day-log.xlsx"])
@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
def test_a_day_at_an_end_of_the_calendar_is_shown_or_refused(
    sign_in: SignIn, path: str, date: str
) -> None:
    query = {"officer": "330824001", "date": date}
    answer = sign_in("command").get(path, query_string=query)
    assert answer.status_code in {200, 422}, answer.text


def bodies(schema: dict[str, Any], said: Said) -> Any:
    """Return a document as `schema` describes it: what must be said, and every moment."""
    schemas = described()["components"]["schemas"]

    def document(of: dict[str, Any], name: str) -> Any:
        if "$ref" in of:
            return document(schemas[of["$ref"].rpartition("/")[2]], name)
        if of.get("format") == "date-time":
            return said(name)
        if "properties" in of:
            wanted = set(of.get("required", ())) | {
                each for each, its in of["properties"].items() if its.get("format") == "date-time"
            }
            return {
                each: SAID.get(each) or document(of["properties"][each], each)
                for each in sorted(wanted)
            }
        if "enum" in of:
            return of["enum"][0]
        kind = of.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "array":
            return [document(of["items"], name)]
        if of.get("format") == "uuid":
            return "00000000-0000-4000-8000-000000000000"
        return {"integer": 1, "number": 1.0, "boolean": True, "object": {}}.get(kind, "a" * 64)

    return document(schema, "")


def holds_a_moment(document: Any, moment: str) -> bool:
    return moment in json.dumps(document)


def told() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation with a moment in its body."""
    for path, method, operation in operations("post", "put", "patch"):
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is not None and holds_a_moment(bodies(schema, lambda _: "moment"), "moment"):
            yield path, method, schema


TOLD = {f"{method} {path}": (path, method, schema) for path, method, schema in told()}


@pytest.mark.parametrize("operation", TOLD)
def test_no_moment_in_a_body_breaks_a_route(sign_in: SignIn, operation: str) -> None:
    path, method, schema = TOLD[operation]
    asking = sign_in("gis" if "/grid/" in path else "admin" if "/force/" in path else "command")

    def answered(said: Said) -> int:
        answer = asking.open(address(path), method=method.upper(), json=bodies(schema, said))
        return answer.status_code

    for offset in OFFSETS:
        zone = dt.timezone(offset)
        assert answered(lambda name, zone=zone: usual(name).astimezone(zone).isoformat()) < 500
    for moment in CALENDAR_ENDS:
        assert answered(lambda _, moment=moment: moment) < 500, moment
