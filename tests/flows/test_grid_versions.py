"""Versions beside each other: Baltimore's districts of 1959 and, redrawn, of 2023."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy.engine import URL

from gis import testing
from gis.areas import areas_m2
from gis.coverage import faults
from gis.crs import WGS84
from gis.features import Cell, Layer
from gis.files import read_layer, write_layer
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.cli import main
from gridserver.grids import service
from tests.conftest import MORNING
from tests.county import SIDE, SOUTH, WEST, County
from tests.flows.conftest import AccountClient
from tests.grids import address, as_published
from tests.problems import is_problem
from tests.rooms import redrawing

#: A corner of Northeastern (4) that came to Eastern (3).
REDRAWN = (-76.5705, 39.3152)
HOUR = dt.timedelta(hours=1)


def districts(folder: Path, name: str) -> list[Cell]:
    """The nine districts. Docks of the harbour that lie in one district are given to it: they are
    gaps too small for an enclave, which nobody may publish."""
    cells = read_layer(folder / f"{name}.geojson", code_field="district", name_field="name").cells
    ground = {cell.code: cell.geom for cell in cells}
    for fault in faults(cells, None):
        if fault.blocking:
            (around,) = fault.cells
            ground[around] = shapely.union(ground[around], fault.geometry)
    return [Cell(cell.code, ground[cell.code], cell.name) for cell in cells]


@pytest.fixture(scope="module")
def baltimore(shared_data: Path) -> dict[str, list[Cell]]:
    folder = shared_data / "us_baltimore"
    names = {"1959": "districts_1959_2022", "2023": "districts_2023"}
    return {version: districts(folder, name) for version, name in names.items()}


def draft(database: Database, name: str, cells: list[Cell]) -> None:
    with database.transaction() as session:
        service.import_draft(session, None, Layer(tuple(cells), WGS84), name=name, source={})


def publish(database: Database, name: str) -> None:
    with database.transaction() as session:
        service.publish(session, None, name)


@pytest.fixture
def redrawn(
    database: Database, county: County, clock: SetClock, baltimore: dict[str, list[Cell]]
) -> None:
    """The two versions, one in force from `MORNING` on, the other an hour later."""
    for name, cells in baltimore.items():
        draft(database, name, cells)
        publish(database, name)
        clock.advance(HOUR)


# --- what differs


def test_a_redraw_in_words_areas_and_on_a_map(
    redrawn: None, client: AccountClient, baltimore: dict[str, list[Cell]]
) -> None:
    found = client.as_("gis").get("/api/v1/grid/diff?from=1959&to=2023").json
    assert (found["from"], found["to"], len(found["moved"])) == ("1959", "2023", 9)
    assert {item["kind"] for item in found["items"]} <= {"transfer", "gained", "lost"}
    first = found["items"][0]
    assert (first["kind"], first["from"], first["to"]) == ("transfer", "4", "3")
    assert first["area_m2"] == pytest.approx(7_014_604, abs=1)
    assert first["text"] == f"{first['area_m2']:.0f} 平方米由网格 4 划归网格 3。"
    features = found["geojson"]["features"]
    assert [f["properties"] for f in features] == found["items"]
    areas = areas_m2(shapely.geometry.shape(f["geometry"]) for f in features)
    assert areas == pytest.approx([item["area_m2"] for item in found["items"]])
    assert found["area_m2"] == pytest.approx(areas.sum())


def test_the_difference_is_what_was_gained_less_what_was_lost(
    redrawn: None, client: AccountClient, baltimore: dict[str, list[Cell]]
) -> None:
    items = client.as_("gis").get("/api/v1/grid/diff?from=1959&to=2023").json["items"]
    for before, after in zip(baltimore["1959"], baltimore["2023"], strict=True):
        gain = sum(item["area_m2"] for item in items if item["to"] == after.code)
        loss = sum(item["area_m2"] for item in items if item["from"] == before.code)
        grown = areas_m2([after.geom])[0] - areas_m2([before.geom])[0]
        assert gain - loss == pytest.approx(grown, abs=20.0), after.code  # pieces up to 1 m² apart


def test_a_version_differs_in_nothing_from_itself(redrawn: None, client: AccountClient) -> None:
    found = client.as_("gis").get("/api/v1/grid/diff?from=2023&to=2023").json
    assert (found["items"], found["area_m2"], found["moved"]) == ([], 0.0, [])
    assert len(found["unchanged"]) == 9


def test_what_can_not_be_compared(client: AccountClient, database: Database) -> None:
    gis = client.as_("gis")
    is_problem(gis.get("/api/v1/grid/diff?from=v1&to=no"), 404, "grid.unknown_version")
    assert is_problem(gis.get("/api/v1/grid/diff?from=v1"), 422)["field"] == "to"
    draft(database, "bad", testing.with_bowtie())
    is_problem(gis.get("/api/v1/grid/diff?from=v1&to=bad"), 422, "diff.invalid_ring")


def test_diff_on_the_command_line(
    redrawn: None, database_url: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = database_url.render_as_string(hide_password=False)
    monkeypatch.setenv("GRIDSERVER_DATABASE_URL", url)
    out = tmp_path / "diff.geojson"
    done = CliRunner().invoke(main, ["grid", "diff", "1959", "2023", "--geojson", str(out)])
    assert done.exit_code == 0, done.output
    assert "9 moved" in done.stdout and "pass from cell 4 to cell 3" in done.stdout
    document = json.loads(
        CliRunner().invoke(main, ["grid", "diff", "1959", "2023", "--json"]).stdout
    )
    assert len(document["items"]) == len(json.loads(out.read_text())["features"])
    refused = CliRunner().invoke(main, ["grid", "diff", "1959", "no"])
    assert (refused.exit_code, "no grid version" in refused.stderr) == (1, True)


# --- an incident before and after


def test_an_incident_is_located_by_the_cells_of_its_time(
    redrawn: None, client: AccountClient, clock: SetClock
) -> None:
    command = client.as_("command")
    for number, (at, code, version) in enumerate(
        [(MORNING, "4", "1959"), (MORNING + HOUR, "3", "2023")]
    ):
        body = {
            "source": "110",
            "external_id": f"{number}",
            "category": "help",
            "lon": REDRAWN[0],
            "lat": REDRAWN[1],
            "reported_at": at.isoformat(),
        }
        taken = command.post("/api/v1/incidents", json=body).json
        assert (taken["cell"]["code"], taken["grid_version"]) == (code, version)
        place = {"lon": REDRAWN[0], "lat": REDRAWN[1], "at": at.isoformat()}
        located = command.get("/api/v1/locate", query_string=place).json
        assert (located["cell"]["code"], located["grid_version"]) == (code, version)


# --- a rehearsal


def report(command: AccountClient, external_id: str, **fields: object) -> dict:
    body = {"source": "110", "external_id": external_id, "category": "help"}
    place = {"lon": REDRAWN[0], "lat": REDRAWN[1]}
    taken = command.post("/api/v1/incidents", json=body | place | fields)
    assert taken.status_code == 201, taken.text
    return taken.json


def test_a_rehearsal_of_the_redraw(
    client: AccountClient, database: Database, baltimore: dict[str, list[Cell]]
) -> None:
    draft(database, "1959", baltimore["1959"])
    publish(database, "1959")
    draft(database, "2023", baltimore["2023"])
    taken = report(client.as_("command"), "1")
    answer = client.as_("gis").post("/api/v1/grid/versions/2023/rehearsal", json={"days": 30})
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert (found["from"], found["to"], found["incidents"]) == ("1959", "2023", 1)
    (moved,) = found["moved"]
    assert (moved["incident"], moved["number"]) == (taken["id"], taken["number"])
    assert (moved["from"]["cell"], moved["to"]["cell"]) == ("4", "3")
    assert {c["code"]: (c["before"], c["after"]) for c in found["cells"]}["4"] == (1, 0)
    assert found["unowned"] == {"before": 1, "after": 1}


def test_rehearsing_on_the_command_line(
    database_url: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = database_url.render_as_string(hide_password=False)
    monkeypatch.setenv("GRIDSERVER_DATABASE_URL", url)
    write_layer(tmp_path / "cells.gpkg", testing.grid())
    for arguments in (
        ("import", str(tmp_path / "cells.gpkg"), "--version", "v1", "--code-field", "code"),
        ("publish", "v1"),
    ):
        assert CliRunner().invoke(main, ["grid", *arguments]).exit_code == 0
    done = CliRunner().invoke(main, ["grid", "rehearse", "v1", "--days", "7"])
    assert "Of 0 incidents 0 would have had another owner" in done.stdout, done.output
    document = json.loads(CliRunner().invoke(main, ["grid", "rehearse", "v1", "--json"]).stdout)
    assert (document["from"], document["to"], len(document["cells"])) == ("v1", "v1", 9)
    assert CliRunner().invoke(main, ["grid", "rehearse", "no"]).exit_code == 1


def test_who_may_rehearse(client: AccountClient) -> None:
    address = "/api/v1/grid/versions/v1/rehearsal"
    is_problem(client.as_("command").post(address, json={}), 403, "access.forbidden")
    gis = client.as_("gis")
    assert is_problem(gis.post(address, json={"days": 0}), 422)["field"] == "days"
    is_problem(gis.post("/api/v1/grid/versions/no/rehearsal", json={}), 404)


# --- publishing, and going back


def test_open_tasks_follow_where_the_admin_asks(
    client: AccountClient, database: Database, county: County
) -> None:
    with database.transaction() as session:
        redrawing.draft(session, "v2", redrawing.with_boundary_at(0.6))
    at = {"lon": WEST + SIDE * 0.75, "lat": SOUTH + SIDE * 0.5}
    task = report(client.as_("command"), "1", **at)["task"]
    gis = client.as_("gis")
    later = {"from": "2026-04-01T00:00:00Z", "reroute": True}
    refused = is_problem(as_published(gis, address("v2"), **later), 422, "grid.reroute_later")
    assert refused["field"] == "reroute"
    done = as_published(gis, address("v2"), reroute=True)
    assert (done.status_code, done.json["state"], done.json["rerouted"]) == (200, "published", 1)
    assert done.headers["ETag"] == gis.get("/api/v1/grid/versions/v2").headers["ETag"]
    shown = client.as_("330824003").get(f"/api/v1/tasks/{task['id']}").json
    assert shown["assignee"]["username"] == "330824003"
    assert shown["incident"]["cell"]["code"] == redrawing.SE
    assert [entry["verb"] for entry in shown["history"]] == ["dispatch", "reroute"]
    (message,) = client.as_("330824003").get("/api/v1/inbox?after=0").json["messages"]
    assert message["type"] == "task.offered"
    left = client.as_("330824001").get("/api/v1/inbox?after=0").json["messages"][-1]
    assert (left["type"], left["data"]["reason"]) == ("task.withdrawn", "rerouted")


def test_going_back_to_an_older_version(
    redrawn: None, client: AccountClient, clock: SetClock
) -> None:
    gis = client.as_("gis")
    back = as_published(gis, address("1959"))
    assert (back.status_code, back.json["name"], back.json["cells"]) == (200, "1959-2", 9)
    assert back.headers["ETag"] == gis.get("/api/v1/grid/versions/1959-2").headers["ETag"]
    clock.advance(HOUR)
    expected = [("4", "1959"), ("3", "2023"), ("4", "1959-2")]
    for hours, (code, version) in enumerate(expected):
        at = (MORNING + hours * HOUR).isoformat()
        place = {"lon": REDRAWN[0], "lat": REDRAWN[1], "at": at}
        found = gis.get("/api/v1/locate", query_string=place).json
        assert (found["cell"]["code"], found["grid_version"]) == (code, version)
    assert gis.get("/api/v1/grid/diff?from=1959&to=1959-2").json["items"] == []
    assert as_published(gis, address("1959")).json["name"] == "1959-3"


def test_a_draft_that_was_given_up_does_not_come_back(
    client: AccountClient, database: Database, county: County
) -> None:
    with database.transaction() as session:
        redrawing.draft(session, "v2", redrawing.with_boundary_at(0.6))
        service.retire(session, None, "v2")
    is_problem(as_published(client.as_("gis"), address("v2")), 409, "grid.wrong_state")


def test_going_back_on_the_command_line(
    database_url: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = database_url.render_as_string(hide_password=False)
    monkeypatch.setenv("GRIDSERVER_DATABASE_URL", url)
    file = str(tmp_path / "cells.gpkg")
    write_layer(file, testing.grid())
    for name in ("v1", "v2"):
        run = ["grid", "import", file, "--version", name, "--code-field", "code"]
        assert CliRunner().invoke(main, run).exit_code == 0
        assert CliRunner().invoke(main, ["grid", "publish", name]).exit_code == 0
    card = json.loads(CliRunner().invoke(main, ["grid", "publish", "v1", "--json"]).stdout)
    assert (card["name"], card["state"], card["cells"]) == ("v1-2", "published", 9)
    listed = json.loads(CliRunner().invoke(main, ["grid", "list", "--json"]).stdout)
    assert [(v["name"], v["state"]) for v in listed] == [
        ("v1", "retired"),
        ("v2", "retired"),
        ("v1-2", "published"),
    ]
    none_to_follow = ["grid", "publish", "v2", "--reroute"]
    assert "0 open tasks decided anew" in CliRunner().invoke(main, none_to_follow).stdout


# --- tiles by version


def test_a_tile_is_kept_as_long_as_its_version(client: AccountClient, database: Database) -> None:
    gis = client.as_("gis")
    (template,) = gis.get("/tiles/grid.json").json["tiles"]
    address = template.format(z=10, x=848, y=425)
    tile = gis.get(address)
    assert "immutable" in tile.headers["Cache-Control"]
    assert not tile.headers["ETag"].startswith("W/")
    with database.transaction() as session:
        redrawing.draft(session, "v2", redrawing.with_boundary_at(0.6))
        service.publish(session, None, "v2")
    assert gis.get("/tiles/grid.json").json["tiles"] != [template]
    stale = gis.get(address, headers={"If-None-Match": tile.headers["ETag"]})
    assert (stale.status_code, stale.headers["Cache-Control"]) == (200, "private, no-cache")
    assert stale.headers["ETag"] != tile.headers["ETag"]
    assert gis.get("/tiles/grid/10/848/425.mvt").headers["Cache-Control"] == "private, no-cache"
