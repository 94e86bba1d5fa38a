"""Editing a draft over HTTP: what the browser's editor does, alone and beside another admin."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis import testing
from gis.testing import SOUTH, STEP, WEST
from gridserver.base.db import Database
from gridserver.grids import queries
from gridserver.grids.models import Cell, DraftArc, DraftFace
from tests.county import County, centre
from tests.flows.conftest import AccountClient
from tests.grids import put_draft
from tests.problems import is_problem

COLUMNS, ROWS = 3, 3


class Editor:
    """One admin's browser: it knows a revision, and sends edits made on it."""

    def __init__(self, client: AccountClient, draft: str) -> None:
        self.client, self.draft = client, draft
        self.load()

    def load(self) -> None:
        answer = self.client.get(f"{self.draft}/topology")
        assert answer.status_code == 200, answer.text
        self.topology = answer.json
        self.etag = answer.headers["ETag"]

    def post(self, address: str, **body: Any) -> Any:
        headers = {"If-Match": self.etag}
        answer = self.client.post(f"{self.draft}/{address}", json=body, headers=headers)
        if answer.status_code == 200:
            self.etag = answer.headers["ETag"]
            self.take(answer.json)
        return answer

    def edit(self, verb: str, **arguments: Any) -> Any:
        return self.post("edits", verb=verb, **arguments)

    def take(self, result: dict[str, Any]) -> None:
        """Bring what is shown up to date with what an edit says it has changed."""
        assert not result["reload"]
        self.topology["revision"] = result["revision"]
        former = {arc for arc in self.topology["outline"] if str(arc) not in result["arcs"]}
        self.topology["outline"] = sorted({*former, *result["outline"]})
        for part in ("arcs", "nodes", "faces", "cells"):
            shown = self.topology[part] | result[part]
            self.topology[part] = {key: value for key, value in shown.items() if value is not None}
        self.topology["cells_total"] = len(self.topology["cells"])

    def middle(self) -> int:
        """The first node in the middle of four cells."""
        return min(int(i) for i, refs in self.topology["nodes"].items() if len(refs) == 4)

    def place(self, node: int) -> list[float]:
        ref = self.topology["nodes"][str(node)][0]
        arc = self.topology["arcs"][str(ref if ref >= 0 else ~ref)]
        return arc[0] if ref >= 0 else arc[-1]


@pytest.fixture
def draft(database: Database, county: County) -> str:
    return put_draft(database, "v2", testing.grid(COLUMNS, ROWS))


@pytest.fixture
def editor(gis: AccountClient, draft: str) -> Editor:
    return Editor(gis, draft)


def rows(database: Database) -> tuple[object, ...]:
    """All that the database has of the draft's ground, bit for bit."""
    with database.transaction() as session:
        version = queries.version(session, "v2")
        wkb = sa.func.ST_AsBinary(Cell.geom, type_=sa.LargeBinary)
        cells = sa.select(Cell.code, Cell.name, wkb).where(Cell.version_id == version.id)
        arcs = sa.select(*DraftArc.__table__.columns).where(DraftArc.version_id == version.id)
        faces = sa.select(*DraftFace.__table__.columns).where(DraftFace.version_id == version.id)
        return (
            [(*row[:-1], bytes(row[-1])) for row in session.execute(cells.order_by(Cell.code))],
            [(*row[:-1], bytes(row[-1])) for row in session.execute(arcs.order_by(DraftArc.id))],
            [tuple(row) for row in session.execute(faces.order_by(DraftFace.id))],
        )


def ground(database: Database) -> list[Any]:
    with database.transaction() as session:
        return queries.cells(session, queries.version(session, "v2").id)


def assert_shown_as_loaded(editor: Editor) -> None:
    """Assert that what edits said has changed adds up to what there is."""
    shown = editor.topology
    editor.load()
    areas = [
        {code: cell.pop("area_m2") for code, cell in sorted(each["cells"].items())}
        for each in (shown, editor.topology)
    ]
    assert areas[0] == pytest.approx(areas[1], abs=0.001)
    assert editor.topology == shown


# --- looking


def test_a_draft_is_opened(editor: Editor, client: AccountClient, draft: str) -> None:
    shown = editor.topology
    assert (shown["revision"], editor.etag) == (1, '"1"')
    assert shown["cells"].keys() == {cell.code for cell in testing.grid(COLUMNS, ROWS)}
    cell = shown["cells"]["r00c00"]
    assert cell["area_m2"] == pytest.approx(657_000, rel=0.01)
    assert {**cell, "area_m2": 0} == {
        "name": "cell 0-0",
        "station": None,
        "team": None,
        "class": None,
        "households": None,
        "people": None,
        "area_m2": 0,
        "calls": 0,
    }
    owners = {tuple(face["cells"]) for face in shown["faces"].values()}
    assert owners == {(code,) for code in shown["cells"]}
    assert client.as_("330824001").get(f"{draft}/topology").json == shown


def test_the_arcs_close_around_every_face(editor: Editor) -> None:
    arcs = {int(i): arc for i, arc in editor.topology["arcs"].items()}
    for face in editor.topology["faces"].values():
        for ring in face["rings"]:
            paths = [arcs[ref] if ref >= 0 else arcs[~ref][::-1] for ref in ring]
            for path, following in zip(paths, (*paths[1:], paths[0]), strict=True):
                assert path[-1] == following[0]
            assert shapely.LinearRing([p for path in paths for p in path[:-1]]).is_ccw


def test_calls_are_counted_on_the_draft(
    client: AccountClient, gis: AccountClient, database: Database, county: County
) -> None:
    for number, (column, row) in enumerate(((0, 0), (0, 0), (1, 1))):
        lon, lat = centre(column, row)
        report = {"source": "110", "external_id": f"{number}", "category": "dispute"}
        answer = client.as_("command").post(
            "/api/v1/incidents", json={**report, "lon": lon, "lat": lat}
        )
        assert answer.status_code == 201
    editor = Editor(gis, put_draft(database, "v2", testing.grid(COLUMNS, ROWS)))
    calls = {code: cell["calls"] for code, cell in editor.topology["cells"].items()}
    assert sum(calls.values()) == 3
    busy = max(calls, key=lambda code: calls[code])
    assert calls[busy] == 2
    other = "r00c01" if busy == "r00c00" else "r00c00"
    merged = editor.edit("merge_cells", codes=[busy, other], into=busy).json
    assert merged["cells"][busy]["calls"] == calls[busy] + calls[other]
    assert merged["cells"][other] is None


def test_what_cannot_be_opened(gis: AccountClient, database: Database, county: County) -> None:
    bad = put_draft(database, "v2", testing.with_bowtie())
    refused = is_problem(gis.get(f"{bad}/topology"), 409, "grid.not_editable")
    assert refused["cells"] == ["2"]
    is_problem(gis.get("/api/v1/grid/versions/v1/topology"), 409, "grid.wrong_state")
    is_problem(gis.get("/api/v1/grid/versions/no/topology"), 404, "grid.unknown_version")


# --- editing


def test_a_stretch_is_dragged_once_for_both_sides(editor: Editor, database: Database) -> None:
    arc = next(
        i
        for i, coords in editor.topology["arcs"].items()
        if {coords[0][0], coords[-1][0]} == {WEST + STEP}
        and {coords[0][1], coords[-1][1]} == {SOUTH, SOUTH + STEP}
    )
    former = dict(editor.topology["arcs"])
    bend = [WEST + STEP * 1.25, SOUTH + STEP * 0.5]
    answer = editor.edit("replace_stretch", arc=int(arc), first=0, last=1, coords=[bend])
    result = answer.json
    assert answer.headers["ETag"] == '"2"'
    assert {i for i in result["arcs"] if result["arcs"][i] != former[i]} == {arc}
    assert bend in result["arcs"][arc]
    assert result["cells"].keys() == {"r00c00", "r00c01"}
    change = result["edit"]["area_change_m2"]
    assert change["r00c00"] == pytest.approx(-change["r00c01"], abs=0.01)
    testing.assert_valid_coverage(ground(database))
    both = [cell.geom for cell in ground(database) if cell.code in change]
    assert all(bend in shapely.get_coordinates(geom).tolist() for geom in both)


def test_a_crossing_is_refused_and_says_where(editor: Editor, database: Database) -> None:
    before = rows(database)
    lon, lat = WEST + STEP * 2.5, SOUTH + STEP * 2.5
    refused = is_problem(
        editor.edit("move_node", node=editor.middle(), lon=lon, lat=lat), 422, "arcs.crossing"
    )
    assert WEST < refused["lon"] < WEST + STEP * COLUMNS
    assert SOUTH < refused["lat"] < SOUTH + STEP * ROWS
    assert rows(database) == before
    assert editor.client.get(f"{editor.draft}/edits").json["items"] == []
    assert editor.client.get(editor.draft).json["revision"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verb"),
        ({"verb": "explode"}, "verb"),
        ({"verb": "move_node", "node": 0, "lon": 118.4}, "lat"),
        ({"verb": "move_node", "node": -1, "lon": 118.4, "lat": 29.1}, "node"),
        ({"verb": "move_node", "node": 0, "lon": 118.4, "lat": 29.1, "arc": 1}, "arc"),
        ({"verb": "split_cell", "code": "r00c00", "line": [["a", 1]], "new_code": "b"}, "line"),
        ({"verb": "split_cell", "code": "r00c00", "line": [[1, 1]], "new_code": ""}, "new_code"),
        ({"verb": "move_area", "from": "r00c00", "to": "r00c01", "polygon": {}}, "polygon"),
        ({"verb": "set_attributes", "code": "r00c00", "households": -1}, "households"),
        ({"verb": "set_attributes", "code": "r00c00", "colour": "red"}, "colour"),
    ],
)
def test_bad_edits_name_their_field(editor: Editor, body: dict[str, Any], field: str) -> None:
    assert is_problem(editor.post("edits", **body), 422)["field"].startswith(field)


def test_only_a_gis_admin_edits(client: AccountClient, draft: str) -> None:
    for username in ("command", "admin", "auditor", "330824001", "room-33082401"):
        editor = Editor(client.as_(username), draft)
        for address, body in (("edits", {"verb": "remove_vertex"}), ("undo", {}), ("redo", {})):
            is_problem(editor.post(address, **body), 403, "access.forbidden")


def test_a_change_needs_the_revision_it_was_made_on(gis: AccountClient, draft: str) -> None:
    body = {"verb": "set_attributes", "code": "r00c00", "name": "x"}
    for address in ("edits", "undo", "redo"):
        is_problem(gis.post(f"{draft}/{address}", json=body), 428)
        for etag in ('"2"', '"x"', '""', "*", '"1", "2"'):
            stale = gis.post(f"{draft}/{address}", json=body, headers={"If-Match": etag})
            is_problem(stale, 412, "grid.stale")


# --- undo, history


def test_undo_and_redo(editor: Editor, database: Database) -> None:
    before = rows(database)
    lon, lat = editor.place(editor.middle())
    editor.edit("move_node", node=editor.middle(), lon=lon + STEP / 3, lat=lat + STEP / 7)
    moved = rows(database)
    undone = editor.post("undo")
    assert undone.json["edit"]["undone"]
    assert rows(database) == before
    assert editor.post("redo").status_code == 200
    assert rows(database) == moved
    is_problem(editor.post("redo"), 409, "grid.nothing_to_redo")
    assert_shown_as_loaded(editor)


def test_the_history_says_who_did_what(editor: Editor, client: AccountClient) -> None:
    for name in ("one", "two", "three"):
        editor.edit("set_attributes", code="r00c00", name=name)
    editor.post("undo")
    first = editor.client.get(f"{editor.draft}/edits?limit=2").json
    assert [(item["id"], item["by"], item["undone"]) for item in first["items"]] == [
        (3, "gis", True),
        (2, "gis", False),
    ]
    assert first["items"][0]["text"] == "修改了网格 r00c00 的名称。"
    english = editor.client.get(f"{editor.draft}/edits", headers={"Accept-Language": "en"}).json
    assert english["items"][0]["text"] == "Set name of r00c00."
    assert first["items"][0]["at"] == "2026-03-10T01:30:00+00:00"
    second = client.as_("command").get(f"{editor.draft}/edits?cursor={first['next']}").json
    assert [item["id"] for item in second["items"]] == [1]
    assert second["next"] is None


def test_a_copy_of_the_grid_in_force_is_edited(gis: AccountClient, county: County) -> None:
    copied = gis.post("/api/v1/grid/versions/v1/copy", json={"name": "v1b"})
    assert (copied.status_code, copied.json["state"], copied.json["revision"]) == (201, "draft", 1)
    editor = Editor(gis, "/api/v1/grid/versions/v1b")
    assert editor.edit("merge_cells", codes=list(editor.topology["cells"]), into="all")
    assert list(editor.topology["cells"]) == ["all"]
    assert gis.get("/api/v1/grid/versions/v1").json["cells"] == 4
    again = gis.post("/api/v1/grid/versions/v1/copy", json={"name": "v1b"})
    is_problem(again, 409, "grid.name_taken")


# --- two admins


def test_a_conflict_loses_no_work(gis: AccountClient, draft: str, database: Database) -> None:
    one, other = Editor(gis, draft), Editor(gis, draft)
    lon, lat = one.place(one.middle())
    move = {"node": one.middle(), "lon": lon + STEP / 4, "lat": lat}
    assert one.edit("move_node", **move).status_code == 200
    mine = {"code": "r02c02", "name": "mine"}
    refused = is_problem(other.edit("set_attributes", **mine), 412, "grid.stale")
    assert refused["revision"] == 2
    assert [(made["verb"], made["by"]) for made in refused["changes"]] == [("move_node", "gis")]
    other.load()
    assert other.edit("set_attributes", **mine).status_code == 200
    assert other.place(one.middle()) == [lon + STEP / 4, lat]
    assert {cell.code: cell.name for cell in ground(database)}["r02c02"] == "mine"


def test_many_open_a_draft_at_once(gis: AccountClient, draft: str, database: Database) -> None:
    barrier, shown = threading.Barrier(6), []

    def look() -> None:
        barrier.wait()
        shown.append(Editor(gis, draft).topology)

    threads = [threading.Thread(target=look) for _ in range(barrier.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shown) == barrier.parties
    assert all(topology == shown[0] for topology in shown)
    assert len(rows(database)[1]) == len(shown[0]["arcs"])


def test_of_many_at_once_one_edits(gis: AccountClient, draft: str, database: Database) -> None:
    editors = [Editor(gis, draft) for _ in range(6)]
    barrier, answers = threading.Barrier(len(editors)), []

    def send(number: int) -> None:
        barrier.wait()
        body = {"code": "r00c00", "name": f"name {number}"}
        answers.append((editors[number].edit("set_attributes", **body).status_code, number))

    threads = [threading.Thread(target=send, args=(i,)) for i in range(len(editors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [number for status, number in answers if status == 200]
    assert sorted(status for status, _ in answers) == [200] + [412] * (len(editors) - 1)
    assert {cell.code: cell.name for cell in ground(database)}["r00c00"] == f"name {won[0]}"


# --- any edits at all


shares = st.floats(-1.5, 1.5)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99), shares, shares), max_size=8))
def test_any_edits_keep_a_valid_coverage(
    editor: Editor, database: Database, steps: list[tuple[int, int, float, float]]
) -> None:
    editor.load()
    before, whole = rows(database), testing.union(ground(database))
    done = 0
    for kind, which, x, y in steps:
        answer = editor.edit(**some_edit(editor, kind, which, x * STEP, y * STEP))
        assert answer.status_code in {200, 422}, answer.text
        done += answer.status_code == 200
        cells = [cell.geom for cell in ground(database)]
        assert shapely.is_valid(cells).all()
        assert shapely.coverage_is_valid(cells)
        assert shapely.area(cells).sum() == pytest.approx(whole.area, rel=1e-6)
        assert shapely.union_all(cells).symmetric_difference(whole).area < 1e-15
    assert_shown_as_loaded(editor)
    for _ in range(done):
        assert editor.post("undo").status_code == 200
    assert rows(database) == before


def some_edit(editor: Editor, kind: int, which: int, x: float, y: float) -> dict[str, Any]:
    """An edit of something that is there, to somewhere that may be impossible."""
    nodes, cells = sorted(map(int, editor.topology["nodes"])), sorted(editor.topology["cells"])
    arcs = sorted(map(int, editor.topology["arcs"]))
    arc, node, code = (found[which % len(found)] for found in (arcs, nodes, cells))
    coords = np.array(editor.topology["arcs"][str(arc)])
    lon, lat = (coords[0] + coords[-1]) / 2 + (x, y)
    place = {"lon": float(lon), "lat": float(lat)}
    moved_lon, moved_lat = editor.place(node)
    moved = {"lon": moved_lon + x, "lat": moved_lat + y}
    line = [[WEST - STEP, float(lat)], [WEST + STEP * 4, float(lat) + y / 8]]
    other = cells[(which + 1) % len(cells)]
    return [
        {"verb": "move_node", "node": node, **moved},
        {"verb": "insert_vertex", "arc": arc, "index": 0, **place},
        {"verb": "replace_stretch", "arc": arc, "first": 0, "last": len(coords) - 1}
        | {"coords": [[place["lon"], place["lat"]]]},
        {"verb": "split_cell", "code": code, "line": line, "new_code": f"{code}x"},
        {"verb": "merge_cells", "codes": [code, other], "into": code},
    ][kind]
