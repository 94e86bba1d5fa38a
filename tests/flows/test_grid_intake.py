"""A file becomes a draft over HTTP."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from gis import killable, testing
from gis.files import write_layer
from gridserver.app import create_app
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.settings import from_environment
from gridserver.grids.uploads import KEPT
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

UPLOADS = "/api/v1/grid/uploads"
VERSIONS = "/api/v1/grid/versions"


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    app = create_app(from_environment({"GRIDSERVER_VAR": str(tmp_path / "var")}), database)
    app.test_client_class = AccountClient
    return app


def upload(client: AccountClient, file: Path, name: str | None = None) -> Any:
    form = {"file": (io.BytesIO(file.read_bytes()), name or file.name)}
    return client.post(UPLOADS, data=form, content_type="multipart/form-data")


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    path = tmp_path / "squares.gpkg"
    write_layer(path, testing.grid())
    return path


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "var" / "uploads").glob("*"))


def test_an_upload_says_what_it_holds(gis: AccountClient, squares: Path) -> None:
    answer = upload(gis, squares)
    assert answer.status_code == 201, answer.text
    assert answer.json["name"] == "squares.gpkg"
    assert answer.json["size"] == squares.stat().st_size
    (layer,) = answer.json["layers"]
    assert (layer["name"], layer["features"], layer["crs"]) == ("squares", 9, "EPSG:4326")
    assert layer["fields"][0] == {"name": "code", "sample": ["r00c00", "r00c01", "r00c02"]}


def test_a_draft_of_an_upload(gis: AccountClient, squares: Path) -> None:
    body = {"upload": upload(gis, squares).json["upload"], "name": "v2"}
    answer = gis.post(VERSIONS, json=body | {"code_field": "code", "name_field": "name"})
    assert answer.status_code == 201, answer.text
    assert answer.json == gis.get(f"{VERSIONS}/v2").json | {"warnings": []}
    assert (answer.json["state"], answer.json["cells"]) == ("checked", 9)
    assert gis.get(f"{VERSIONS}/v2/report").json["blocking"] == 0
    is_problem(gis.post(VERSIONS, json=body | {"code_field": "code"}), 409, "grid.name_taken")


def test_columns_crs_and_outline_are_chosen(gis: AccountClient, squares: Path) -> None:
    there = upload(gis, squares).json["upload"]
    body = {"upload": there, "outline_upload": there, "name": "v2", "code_field": "code"}
    english = {"Accept-Language": "en"}
    answer = gis.post(VERSIONS, json=body | {"crs": "gcj02"}, headers=english)
    assert answer.json["warnings"] == ["The file names EPSG:4326; it was read as gcj02, as told."]
    assert gis.get(f"{VERSIONS}/v2/report").json["blocking"] == 0
    refused = gis.post(VERSIONS, json=body | {"name": "v3", "code_field": "no"})
    problem = is_problem(refused, 422, "file.unknown_field")
    assert problem["field"] == "code_field"
    assert problem["detail"] == "没有字段“no”；文件中的字段：code、name、station。"
    refused = gis.post(VERSIONS, json=body | {"name": "v3", "crs": "EPSG:4610"})
    is_problem(refused, 422, "crs.old_datum")
    is_problem(gis.get(f"{VERSIONS}/v3"), 404, "grid.unknown_version")


def test_faults_are_no_refusal(gis: AccountClient, tmp_path: Path) -> None:
    file = tmp_path / "messy.geojson"
    write_layer(file, testing.with_overlap())
    body = {"upload": upload(gis, file).json["upload"], "name": "v2", "code_field": "code"}
    assert gis.post(VERSIONS, json=body).json["state"] == "draft"


def test_only_who_brought_it_imports_it(
    app: Flask, gis: AccountClient, county: County, squares: Path
) -> None:
    body = {"upload": upload(gis, squares).json["upload"], "name": "v2", "code_field": "code"}
    is_problem(app.test_client().as_("command").post(VERSIONS, json=body), 403)
    unknown = body | {"upload": str(uuid.uuid4())}
    is_problem(gis.post(VERSIONS, json=unknown), 404, "upload.unknown")


@pytest.mark.parametrize("username", ["command", "admin", "auditor", "330824001"])
def test_only_a_gis_admin_uploads(
    app: Flask, county: County, tmp_path: Path, squares: Path, username: str
) -> None:
    is_problem(upload(app.test_client().as_(username), squares), 403, "access.forbidden")
    assert kept(tmp_path) == []


def test_what_cannot_be_imported_is_not_kept(gis: AccountClient, tmp_path: Path) -> None:
    bad = tmp_path / "bad.geojson"
    bad.write_text("[")
    is_problem(upload(gis, bad), 422, "file.not_geojson")
    is_problem(upload(gis, bad, "..\\..\\cells.exe"), 422, "file.format")
    is_problem(upload(gis, bad, "../../..geojson"), 422, "upload.name")
    is_problem(upload(gis, bad, "cells.SHP"), 422, "upload.shapefile_part")
    is_problem(gis.post(UPLOADS, data={}), 422, "upload.no_file")
    assert kept(tmp_path) == []


def test_a_file_name_leads_nowhere_else(gis: AccountClient, tmp_path: Path, squares: Path) -> None:
    answer = upload(gis, squares, "../../格\u200b子.gpkg")
    assert answer.json["name"] == "格子.gpkg"
    (place,) = kept(tmp_path)
    assert [path.name for path in (place / "file").iterdir()] == ["格子.gpkg"]


def test_uploads_are_kept_for_a_day_and_the_last_five(
    gis: AccountClient, clock: SetClock, tmp_path: Path, squares: Path
) -> None:
    first = upload(gis, squares).json["upload"]
    others = []
    for _ in range(5):
        clock.advance(dt.timedelta(seconds=1))
        others.append(upload(gis, squares).json["upload"])
    body = {"name": "v2", "code_field": "code"}
    is_problem(gis.post(VERSIONS, json=body | {"upload": first}), 404, "upload.unknown")
    assert len(kept(tmp_path)) == 5
    clock.advance(KEPT * 1.01)
    gis = gis.as_("gis")
    newest = upload(gis, squares).json["upload"]
    assert [path.name for path in kept(tmp_path)] == [uuid.UUID(newest).hex]
    is_problem(gis.post(VERSIONS, json=body | {"upload": others[-1]}), 404, "upload.unknown")


def test_where_too_much_is_under_way_it_is_to_come_again(gis: AccountClient, squares: Path) -> None:
    killable.allow(0, waiting=0)
    try:
        refused = upload(gis, squares)
    finally:
        killable.allow()
    is_problem(refused, 503, "process.busy")
    assert refused.headers["Retry-After"] == "30"
    assert upload(gis, squares).status_code == 201
