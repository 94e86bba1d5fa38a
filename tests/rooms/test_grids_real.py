"""Every polygon file of the shared data becomes a grid in force: import, check, repair, publish.

What a person must decide is decided here as a careful one would: rings are mended, parts of one
code joined, and ground of 5 ha and more that no cell has stays nobody's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from sqlalchemy.orm import Session

from gis.crs import parse_crs
from gis.features import Cell, as_array
from gis.files import read_layer
from gis.repair import Proposal, first_of_each
from gridserver.grids import edit_log, inspection, mending, queries, repairs, service
from gridserver.grids.models import GridVersion
from tests.county import County

#: Every file with polygons: its codes, and its blocking faults as imported.
FILES = {
    "cn_kaihua_330824/counties_amap_gcj02.geojson": ("adcode", {}),
    "cn_kaihua_330824/counties_tianditu_cgcs2000.geojson": ("adcode", {}),
    "cn_qianwei_511123/counties_amap_gcj02.geojson": ("adcode", {"gap": 2}),
    "cn_qianwei_511123/counties_tianditu_cgcs2000.geojson": ("adcode", {}),
    "us_baltimore/districts_1959_2022.geojson": ("district", {"gap": 2}),
    "us_baltimore/districts_2023.geojson": ("district", {"gap": 1}),
    "us_carrollton_tx/native_epsg2276": ("PDGrid", {"overlap": 6}),
    "us_carrollton_tx/reporting_areas.geojson": ("reporting_area", {"overlap": 6}),
    "us_charlottesville/beats.esri.json": ("BEAT_NO", {"overlap": 1, "gap": 1}),
    "us_chicago/beats.geojson": ("beat", {"duplicate_code": 1}),
    "us_chicago/beats_simplified_messy.geojson": (
        "beat",
        # Six more overlaps than its README counts in UTM, where these edges of kilometres bend.
        {"overlap": 362, "gap": 116, "duplicate_code": 1},
    ),
    "us_chicago/districts.geojson": ("district", {"duplicate_code": 1}),
    "us_detroit/precincts_2015_messy.geojson": (
        "precinct",
        {"overlap": 13, "gap": 13, "invalid_ring": 1, "duplicate_code": 1},
    ),
    "us_los_angeles/lapd_divisions.geojson": ("division", {"overlap": 2}),
    "us_memphis/precincts.geojson": ("precinct", {"invalid_ring": 1}),
    "us_raleigh/zones_messy.geojson": ("zone", {"invalid_ring": 8, "gap": 23}),
    "us_seattle/beats.geojson": ("beat", {}),
    "us_seattle/mcpp_areas.geojson": ("mcpp", {}),
    "us_seattle/precincts.geojson": ("precinct", {}),
    "us_washington_dc/districts.geojson": ("district", {}),
    "us_washington_dc/police_service_areas.geojson": ("psa", {}),
}
_FOR_A_PERSON = ("mend_ring", "merge_duplicates")
_MOST_ROUNDS = 5
_PIECE_DEG = 0.001

#: Planes where areas are true, for a measure that is not the one under test.
_EQUAL_AREA = Transformer.from_crs("EPSG:4326", "EPSG:6933", always_xy=True)


def test_no_file_is_forgotten(shared_data: Path) -> None:
    found = {str(path.relative_to(shared_data)) for path in shared_data.glob("*/*.*json")}
    assert found == {name for name in FILES if name.endswith("json")}


@pytest.mark.parametrize("file", FILES)
def test_from_a_file_to_being_in_force(
    session: Session, county: County, shared_data: Path, file: str
) -> None:
    code_field, blocking = FILES[file]
    crs = parse_crs("gcj02") if "gcj02" in file else None
    layer = read_layer(shared_data / file, code_field=code_field, crs=crs)
    version = service.import_draft(session, None, layer, name="real", source={"file": file})
    assert service.check(session, None, "real").counts() == blocking
    done = mend(session, version)
    report = service.check(session, None, "real")
    assert report.counts() == {}
    assert {fault.kind for fault in report.faults} <= {"gap"}
    service.publish(session, None, "real")
    cells = queries.cells(session, version.id)
    assert_grid(cells)
    assert_moved_as_said(layer.cells, cells, done)
    assert_history_says_it(session, version, done)


def mend(session: Session, version: GridVersion) -> list[Proposal]:
    """Accept the first proposal of each fault, round by round, until there is none to accept."""
    done: list[Proposal] = []
    for _ in range(_MOST_ROUNDS):
        ground = inspection.ground(session, version)
        found = mending.survey(ground).proposals
        open_ = [p for p in found.values() if not p.needs_person or p.kind in _FOR_A_PERSON]
        chosen = first_of_each(open_, with_person=True)
        if not chosen:
            return done
        ids = [proposal_id for proposal_id, p in found.items() if p in chosen]
        mended = mending.carry_out(ground, ids)
        repairs.keep(session, None, version.name, version.revision, ground, mended)
        done += mended.applied
    raise AssertionError("the repairs come to no end")


def assert_grid(cells: Sequence[Cell]) -> None:
    """Valid cells that meet bit for bit, by Shapely, and no ground in two of them, by area."""
    geoms = as_array(cell.geom for cell in cells)
    assert shapely.is_valid(geoms).all()
    assert shapely.coverage_is_valid(geoms)
    assert float(shapely.area(shapely.union_all(geoms))) == pytest.approx(
        float(shapely.area(geoms).sum()), rel=1e-12
    )


def assert_moved_as_said(
    before: Sequence[Cell], after: Sequence[Cell], done: Sequence[Proposal]
) -> None:
    was, now = areas(before), areas(after)
    assert was.keys() == now.keys(), "a cell was lost"
    for code in was:
        said = sum(proposal.change_m2(code) for proposal in done)
        assert now[code] - was[code] == pytest.approx(said, abs=0.05, rel=0), code


def assert_history_says_it(
    session: Session, version: GridVersion, done: Sequence[Proposal]
) -> None:
    history = edit_log.page(session, version.id, limit=_MOST_ROUNDS)
    said = Counter[str]()
    for entry, _ in history:
        said.update(entry.area_change_m2)
    for code, change in said.items():
        assert change == pytest.approx(sum(p.change_m2(code) for p in done), abs=1e-6)
    assert bool(history) == bool(done)


def areas(cells: Sequence[Cell]) -> dict[str, float]:
    """Area in m² by code; of what an invalid ring winds around, as repairs count it."""
    total: dict[str, float] = {}
    for cell in cells:
        wound = shapely.orient_polygons(cell.geom)
        rings = shapely.get_rings(shapely.get_parts(wound))
        # Edges are straight in degrees; in the plane they bend, so they go there in short pieces.
        plane = shapely.transform(shapely.segmentize(rings, _PIECE_DEG), _to_equal_area)
        signs = np.where(shapely.is_ccw(rings), 1.0, -1.0)
        area = float((shapely.area(shapely.polygons(plane)) * signs).sum())
        total[cell.code] = total.get(cell.code, 0.0) + area
    return total


def _to_equal_area(xy: np.ndarray) -> np.ndarray:
    return np.column_stack(_EQUAL_AREA.transform(xy[:, 0], xy[:, 1]))
