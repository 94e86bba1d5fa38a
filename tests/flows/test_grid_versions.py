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
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.flows.test_http import is_problem

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
    assert first["text"].endswith("m² pass from cell 4 to cell 3.")
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
