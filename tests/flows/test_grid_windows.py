"""A large draft is loaded by what the map shows of it, and edited there."""

from __future__ import annotations

from typing import Any

import pytest

from gis import testing
from gis.testing import SOUTH, STEP, WEST
from gridserver.base.db import Database
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.grids import put_draft
from tests.problems import is_problem

PARTS = ("arcs", "nodes", "faces", "cells")


@pytest.fixture
def topology(database: Database, county: County) -> str:
    return put_draft(database, "v2", testing.grid(6, 6)) + "/topology"


def window(column: float, row: float, columns: float, rows: float) -> str:
    corner = WEST + STEP * column, SOUTH + STEP * row
    far = WEST + STEP * (column + columns), SOUTH + STEP * (row + rows)
    return ",".join(map(repr, (*corner, *far)))


def shown(gis: AccountClient, topology: str, bbox: str) -> dict[str, Any]:
    answer = gis.get(topology, query_string={"bbox": bbox})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_window_has_the_faces_that_meet_it(gis: AccountClient, topology: str) -> None:
    whole = gis.get(topology).json
    part = shown(gis, topology, window(1.2, 1.2, 1.5, 1.5))
    assert sorted(part["cells"]) == ["r01c01", "r01c02", "r02c01", "r02c02"]
    assert (part["cells_total"], whole["cells_total"], len(part["faces"])) == (36, 36, 4)
    assert part["outline"] == []  # all of it lies inland
    for name in PARTS[:3]:
        assert part[name] == {key: whole[name][key] for key in part[name]}
    for code, cell in part["cells"].items():
        assert cell["area_m2"] == pytest.approx(whole["cells"][code]["area_m2"], abs=0.001)
    ends = {ref if ref >= 0 else ~ref for refs in part["nodes"].values() for ref in refs}
    assert ends <= set(map(int, part["arcs"]))
    assert len(part["nodes"]) == 1  # the others have arcs beyond the window


def test_a_window_within_one_cell_and_one_beside_all(gis: AccountClient, topology: str) -> None:
    inside = shown(gis, topology, window(3.4, 3.4, 0.1, 0.1))
    assert list(inside["cells"]) == ["r03c03"]
    assert len(inside["arcs"]) == 4
    beside = shown(gis, topology, window(-9, -9, 1, 1))
    assert [beside[name] for name in PARTS] == [{}, {}, {}, {}]
    assert beside["cells_total"] == 36


def test_what_an_edit_answers_fits_a_window(gis: AccountClient, topology: str) -> None:
    """Faces come with all their arcs, nodes too: also those that the window did not have."""
    part = shown(gis, topology, window(2.2, 2.2, 0.5, 0.5))
    (code,) = part["cells"]
    middle = SOUTH + STEP * 2.5
    line = [[WEST + STEP * 1.99, middle], [WEST + STEP * 3.01, middle]]
    answer = gis.post(
        topology.replace("topology", "edits"),
        json={"verb": "split_cell", "code": code, "line": line, "new_code": "new"},
        headers={"If-Match": f'"{part["revision"]}"'},
    )
    assert answer.status_code == 200, answer.text
    change = answer.json
    arcs = {arc for arc, coords in change["arcs"].items() if coords is not None}
    refs = [ref for face in change["faces"].values() for ring in face["rings"] for ref in ring]
    refs += [ref for node in change["nodes"].values() if node for ref in node]
    assert {str(ref if ref >= 0 else ~ref) for ref in refs} <= arcs
    assert len(change["faces"]) > 2  # the neighbours' boundaries have another node
    assert change["outline"] == []


@pytest.mark.parametrize(
    "bbox", ["1,2,3", "1,2,3,4,5", "3,2,1,4", "1,4,3,2", "a,2,3,4", "nan,0,1,1"]
)
def test_no_window(gis: AccountClient, topology: str, bbox: str) -> None:
    refused = is_problem(gis.get(topology, query_string={"bbox": bbox}), 422)
    assert refused["field"].startswith("bbox")
