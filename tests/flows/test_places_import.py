"""Places from files, by the command line and by upload; bad rows out, with the reason."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from openpyxl import Workbook

from gis.placemarks import LIMITS
from gridserver.base.db import Database
from gridserver.places import entries, gazetteer
from gridserver.places.rules import Draft
from gridserver.places.search import Found, search
from tests.commands import Run
from tests.county import centre
from tests.flows.conftest import AccountClient

HEADER = ("编号", "名称", "地址", "别名", "经度", "纬度")
LON, LAT = centre(0, 0)
COLUMNS = {
    "name_field": "名称",
    "id_field": "编号",
    "address_field": "地址",
    "alias_field": "别名",
    "lon_field": "经度",
    "lat_field": "纬度",
}
ROWS = (
    ("1", "人民医院", "芹阳路1号", "县医院、老医院", LON, LAT),
    ("2", "第一小学", "", "", LON + 0.001, LAT),
)
BAD = (
    ("3", "", "", "", LON, LAT),
    ("4", "茶厂", "", "", "东", LAT),
    ("5", "油库", "", "", LON, 129.0),
    ("1", "人民医院", "", "", LON, LAT),
    ("", "车站", "", "", LON, LAT),
)


def write_csv(path: Path, *rows: tuple, encoding: str = "utf-8") -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def options(**changes: str | None) -> list[str]:
    said = {"kind": "key_place", "source": "poi", "crs": "EPSG:4326", **COLUMNS, **changes}
    pairs = [(f"--{name.replace('_', '-')}", value) for name, value in said.items()]
    return [word for pair in pairs if pair[1] is not None for word in pair]


@pytest.fixture
def import_(run: Run) -> Callable[..., dict]:
    def import_(file: Path, **changes: str | None) -> dict:
        done = run("places", "import", file, *options(**changes), "--json")
        return json.loads(done.stdout)

    return import_


def find(database: Database, typed: str) -> list[Found]:
    with database.transaction() as session:
        return search(session, typed)


def test_good_rows_in_and_bad_rows_out(import_, database: Database, tmp_path: Path) -> None:
    done = import_(write_csv(tmp_path / "poi.csv", *ROWS, *BAD))
    assert (done["rows"], done["added"], done["rejected"]) == (7, 2, 5)
    assert [f.name for f in find(database, "laoyiyuan")] == ["人民医院"]
    with Path(done["rejects"]).open(encoding="utf-8-sig", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [(each["row"], each["code"]) for each in rejects] == [
        ("4", "input.length"),
        ("5", "coordinates.not_a_number"),
        ("6", "coordinates.out_of_range"),
        ("7", "place.twice"),
        ("8", "input.length"),
    ]


def test_again_nothing_changes(import_, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "poi.csv", *ROWS)
    assert import_(file)["added"] == 2
    assert import_(file)["same"] == 2
    renamed = write_csv(tmp_path / "poi.csv", ROWS[0], ("2", "实验小学", "", "", LON, LAT))
    done = import_(renamed)
    assert (done["changed"], done["same"]) == (1, 1)


def test_what_a_hand_changed_stays(import_, database: Database, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "poi.csv", *ROWS)
    import_(file)
    with database.transaction() as session:
        changed, retired = (entries.place_of(session, "poi", number) for number in "12")
        assert changed and retired
        gazetteer.change(session, None, changed, Draft("key_place", "中医院", (), None, LON, LAT))
        gazetteer.retire(session, None, retired, "撤并")
    assert import_(file)["kept"] == 2
    assert [f.name for f in find(database, "中医院")] == ["中医院"]
    assert find(database, "第一小学") == []


def test_a_table_of_an_old_office_suite(import_, database: Database, tmp_path: Path) -> None:
    import_(write_csv(tmp_path / "poi.csv", *ROWS, encoding="gb18030"))
    assert [f.name for f in find(database, "diyixiaoxue")] == ["第一小学"]


def test_a_workbook_in_gcj02(import_, database: Database, tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "地点"
    for row in (HEADER, *ROWS):
        book["地点"].append(row)
    book.create_sheet("空")
    book.save(tmp_path / "poi.xlsx")
    import_(tmp_path / "poi.xlsx", crs="gcj02")
    (found,) = find(database, "dyxx")
    assert 0.003 < LON + 0.001 - found.lon < 0.006, "shifted back"


def test_a_geopackage_keeps_what_a_place_covers(
    import_, database: Database, tmp_path: Path
) -> None:
    square = shapely.box(LON, LAT, LON + 0.01, LAT + 0.01)
    bow_tie = shapely.Polygon([(LON, LAT), (LON + 1, LAT + 1), (LON + 1, LAT), (LON, LAT + 1)])
    road = shapely.LineString([(LON, LAT), (LON + 0.02, LAT)])
    write_gpkg(tmp_path / "a.gpkg", {"花园": square, "蝴蝶": bow_tie, "大道": road})
    fields = dict.fromkeys(COLUMNS, None) | {"name_field": "name"}
    done = import_(tmp_path / "a.gpkg", crs=None, **fields)
    assert (done["added"], done["rejected"]) == (2, 1)
    with database.transaction() as session:
        (found,) = search(session, "花园", near=(LON + 0.001, LAT + 0.001))
        assert (found.distance_m, found.lon > LON) == (0.0, True)
        (found,) = search(session, "大道", near=(LON, LAT))
        assert (found.distance_m, found.lon) == (0.0, pytest.approx(LON + 0.01))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crs": None}, "what its coordinates are in"),
        ({"name_field": "名"}, "There is no column '名'"),
        ({"crs": "EPSG:4214"}, "Beijing 1954"),
        ({"layer": "别处"}, "There is no sheet '别处'"),
    ],
)
def test_a_file_that_cannot_come_in_is_refused_whole(
    run: Run, tmp_path: Path, changes: dict, said: str
) -> None:
    file = write_csv(tmp_path / "poi.csv", *ROWS)
    assert said in run("places", "import", file, *options(**changes), code=1).stderr


# --- by upload


def upload(caller: AccountClient, name: str, content: bytes) -> dict:
    answer = caller.post("/api/v1/places/uploads", data={"file": (io.BytesIO(content), name)})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_uploaded_read_and_written_by_parts(gis: AccountClient, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "poi.csv", *ROWS, BAD[0])
    came = upload(gis, file.name, file.read_bytes())
    (layer,) = came["layers"]
    assert [f["name"] for f in layer["fields"]] == list(HEADER)
    assert (layer["features"], layer["fields"][1]["sample"][0]) == (3, "人民医院")
    asked = {"upload": came["upload"], "kind": "key_place", "source": "poi", "crs": "EPSG:4326"}
    begun = gis.post("/api/v1/places/imports", json=asked | COLUMNS)
    assert begun.status_code == 201, begun.text
    assert (begun.json["rows"], begun.json["rejected"], begun.json["parts"]) == (3, 1, 1)
    parts = f"/api/v1/places/imports/{begun.json['id']}/parts"
    assert gis.post(f"{parts}/0").json == {"added": 2, "changed": 0, "same": 0, "kept": 0}
    assert gis.post(f"{parts}/0").json == {"added": 0, "changed": 0, "same": 2, "kept": 0}
    assert gis.post(f"{parts}/1").status_code == 404
    rejects = gis.get(f"/api/v1/places/imports/{begun.json['id']}/rejects")
    assert "input.length" in rejects.text


def test_a_stranger_goes_on_with_nothing(client: AccountClient, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "poi.csv", *ROWS)
    came = upload(client.as_("gis"), file.name, file.read_bytes())
    asked = {"upload": came["upload"], "kind": "key_place", "source": "poi", "crs": "EPSG:4326"}
    assert (
        client.as_("admin").post("/api/v1/places/imports", json=asked | COLUMNS).status_code == 404
    )
    begun = client.as_("gis").post("/api/v1/places/imports", json=asked | COLUMNS).json
    part = f"/api/v1/places/imports/{begun['id']}/parts/0"
    assert client.as_("admin").post(part).status_code == 404
    assert client.as_("command").post(part).status_code == 403


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("poi.csv", b"", "file.empty"),
        ("poi.xlsx", b"PK\x03\x04 no zip", "file.unreadable"),
        ("poi.gpkg", b"no geopackage", "file.format"),
        ("poi.exe", b"MZ", "file.format"),
    ],
)
def test_what_is_no_table_is_refused(
    gis: AccountClient, name: str, content: bytes, code: str
) -> None:
    file = (io.BytesIO(content), name)
    answer = gis.post("/api/v1/places/uploads", data={"file": file})
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_a_workbook_that_unpacks_to_too_much_is_refused(gis: AccountClient) -> None:
    packed, megabyte = io.BytesIO(), bytes(1 << 20)
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as sheet,
    ):
        for _ in range(LIMITS.max_bytes // len(megabyte) + 1):
            sheet.write(megabyte)
    assert packed.tell() < 1 << 20
    packed.seek(0)
    answer = gis.post("/api/v1/places/uploads", data={"file": (packed, "poi.xlsx")})
    assert (answer.status_code, answer.json["code"]) == (422, "file.too_large")


def write_gpkg(path: Path, shapes: dict[str, shapely.Geometry]) -> None:
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(list(shapes.values()), dtype=object)),
        [np.array(list(shapes), dtype=object)],
        ["name"],
        geometry_type="Unknown",
        crs="EPSG:4326",
    )
