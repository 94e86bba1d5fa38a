"""A POST whose answer was lost is sent again with its key: nothing is done twice."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from gis import testing
from gis.features import Cell
from gis.files import write_layer
from gis.testing import SOUTH, STEP, WEST, square
from gridserver.base.db import Database
from gridserver.grids import queries
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.grids import put_draft
from tests.problems import is_problem

VERSIONS = "/api/v1/grid/versions"


class Repeater:
    """Sends each request twice, with one key, and sees that both are answered alike."""

    def __init__(self, client: AccountClient) -> None:
        self._client = client
        self.key = ""

    def post(self, address: str, body: Any, if_match: str | None = None) -> Any:
        self.key = str(uuid.uuid4())
        headers = {"Idempotency-Key": self.key}
        headers |= {"If-Match": if_match} if if_match else {}
        first, again = (self._client.post(address, json=body, headers=headers) for _ in range(2))
        assert first.status_code in {200, 201}, first.text
        assert (again.status_code, again.json) == (first.status_code, first.json)
        assert again.headers.get("ETag") == first.headers.get("ETag")
        return first


@pytest.fixture
def twice(gis: AccountClient) -> Repeater:
    return Repeater(gis)


@pytest.fixture
def draft(database: Database, county: County) -> str:
    with_gap = [c for c in testing.grid(3, 3) if c.code != "r01c01"]
    with_gap.append(Cell("r01c01", square(1, 1, 0.75, 1), "cell 1-1", None))
    return put_draft(database, "v2", with_gap)


def revision(database: Database) -> int:
    with database.transaction() as session:
        return queries.version(session, "v2").revision


def test_an_edit_its_undo_and_its_redo(twice: Repeater, draft: str, database: Database) -> None:
    body = {"verb": "set_attributes", "code": "r00c00", "name": "东村"}
    done = twice.post(f"{draft}/edits", body, '"1"')
    assert (revision(database), done.json["edit"]["id"]) == (2, 1)
    twice.post(f"{draft}/undo", None, '"2"')
    assert revision(database) == 3
    twice.post(f"{draft}/redo", None, '"3"')
    assert revision(database) == 4


def test_a_repair(twice: Repeater, gis: AccountClient, draft: str, database: Database) -> None:
    proposal = gis.get(f"{draft}/proposals").json["items"][0]["id"]
    twice.post(f"{draft}/repairs", {"proposals": [proposal]}, '"1"')
    assert revision(database) == 2


def test_an_exclusion(twice: Repeater, gis: AccountClient, draft: str) -> None:
    place = {"lon": WEST + STEP * 1.9, "lat": SOUTH + STEP * 1.5, "why": "a lake"}
    made = twice.post(f"{draft}/exclusions", place)
    assert [each["id"] for each in gis.get(f"{draft}/exclusions").json["items"]] == [
        made.json["id"]
    ]


def test_a_copy(twice: Repeater, gis: AccountClient, county: County) -> None:
    twice.post(f"{VERSIONS}/v1/copy", {"name": "v2"})
    assert [version["name"] for version in gis.get(VERSIONS).json["items"]] == ["v1", "v2"]


def test_an_upload_and_its_import(
    twice: Repeater, gis: AccountClient, county: County, tmp_path: Path
) -> None:
    file = tmp_path / "cells.geojson"
    write_layer(file, testing.grid())
    uploads = []
    for _ in range(2):
        with file.open("rb") as content:
            answer = gis.post(
                "/api/v1/grid/uploads",
                data={"file": (content, file.name)},
                headers={"Idempotency-Key": "the same"},
            )
        assert answer.status_code == 201, answer.text
        uploads.append(answer.json)
    assert uploads[0] == uploads[1]
    body = {"upload": uploads[0]["upload"], "name": "v2", "code_field": "code"}
    made = twice.post(VERSIONS, body)
    assert (made.json["name"], made.json["state"]) == ("v2", "checked")


def test_a_key_is_for_one_request(twice: Repeater, gis: AccountClient, draft: str) -> None:
    body = {"verb": "set_attributes", "code": "r00c00", "name": "东村"}
    twice.post(f"{draft}/edits", body, '"1"')
    headers = {"Idempotency-Key": twice.key, "If-Match": '"2"'}
    other = gis.post(f"{draft}/edits", json=body | {"name": "西村"}, headers=headers)
    is_problem(other, 422, "command.reused")


def test_a_refusal_is_not_kept(gis: AccountClient, draft: str, database: Database) -> None:
    body = {"verb": "set_attributes", "code": "r00c00", "name": "东村"}

    def send(if_match: str) -> Any:
        headers = {"Idempotency-Key": "mine", "If-Match": if_match}
        return gis.post(f"{draft}/edits", json=body, headers=headers)

    is_problem(send('"7"'), 412, "grid.stale")
    assert send('"1"').status_code == 200
    assert json.loads(send('"1"').data)["revision"] == revision(database) == 2
