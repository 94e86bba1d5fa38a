"""Reading and writing force workbooks, and what an import refuses. No database."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from gridserver.base.errors import Invalid
from gridserver.force import merging, workbook
from gridserver.force.sheets import SHEETS, moment
from gridserver.force.tables import (
    Fault,
    OfficerRow,
    OwnershipRow,
    ShiftRow,
    Tables,
    UnitRow,
)
from tests.workbook import DAY, HOUR, TABLES

ZONE = ZoneInfo("Asia/Shanghai")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def faults(refusal: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, int, str]]:
    return [(f["sheet"], f["row"], f["column"]) for f in refusal.value.extra["errors"]]


def book(path: Path, **sheets: list[list[object]]) -> Path:
    made = Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(path / "force.xlsx")
    return path / "force.xlsx"


class TestRoundTrip:
    @pytest.mark.parametrize("name", ["force.xlsx", "force"])
    def test_gives_the_same_tables_back(self, tmp_path: Path, name: str) -> None:
        workbook.write(TABLES, tmp_path / name, ZONE)
        assert workbook.read(tmp_path / name, ZONE) == TABLES

    @pytest.mark.parametrize("name", ["force.xlsx", "force"])
    def test_writes_over_what_is_there(self, tmp_path: Path, name: str) -> None:
        workbook.write(TABLES, tmp_path / name, ZONE)
        workbook.write(Tables(), tmp_path / name, ZONE)
        assert workbook.read(tmp_path / name, ZONE) == Tables()

    @given(
        at=st.integers(0, 4_000_000_000_000_000).map(
            lambda microseconds: EPOCH + dt.timedelta(microseconds=microseconds)
        ),
        zone=st.sampled_from([ZONE, ZoneInfo("America/Chicago"), ZoneInfo("Asia/Kathmandu")]),
    )
    def test_loses_no_moment(
        self, tmp_path_factory: pytest.TempPathFactory, at: dt.datetime, zone: ZoneInfo
    ) -> None:
        tables = Tables(rosters=(ShiftRow("1", "pool", at, at + HOUR),))
        path = tmp_path_factory.mktemp("moment") / "force.xlsx"
        workbook.write(tables, path, zone)
        assert workbook.read(path, zone) == tables

    def test_knows_only_xlsx_and_folders(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match=r"\.xlsx"):
            workbook.write(TABLES, tmp_path / "force.ods", ZONE)


class TestReading:
    def test_takes_chinese_titles_headers_and_choices(self, tmp_path: Path) -> None:
        path = book(
            tmp_path,
            单位=[
                ["代码", "类别", "名称", "上级", "勤务模式"],
                [330824, "县局", "开化县公安局", None, None],
                [33082401.0, "派出所", "华埠派出所", 330824, "两队一室"],
            ],
            包格=[
                ["网格", "角色", "警号", "生效"],
                [330824001001001, "A角", 330824001, DAY.astimezone(ZONE).replace(tzinfo=None)],
            ],
        )
        tables = workbook.read(path, ZONE)
        assert [(u.code, u.kind, u.mode) for u in tables.units] == [
            ("330824", "bureau", None),
            ("33082401", "station", "two_teams_one_room"),
        ]
        assert tables.ownership == (OwnershipRow("330824001001001", "primary", "330824001", DAY),)

    def test_takes_csv_as_a_chinese_excel_writes_it(self, tmp_path: Path) -> None:
        content = "警号,显示名,警衔,身份,单位\r\n330824001,某警员,一级警司,民警,33082401\r\n"
        (tmp_path / "人员.csv").write_bytes(content.encode("gb18030"))
        assert workbook.read(tmp_path, ZONE).officers == (
            OfficerRow("330824001", "某警员", "officer", "33082401", "一级警司"),
        )

    def test_takes_yes_and_no_in_many_ways(self, tmp_path: Path) -> None:
        said = ["是", "否", "yes", "No", True, False, 1, "maybe"]
        rows = [[f"P{n}", "站", "u", value] for n, value in enumerate(said)]
        path = book(tmp_path, 警务站=[["代码", "名称", "单位", "24小时值守"], *rows[:-1]])
        read = [post.watched for post in workbook.read(path, ZONE).posts]
        assert read == [True, False, True, False, True, False, True]
        with pytest.raises(Invalid) as refusal:
            workbook.read(
                book(tmp_path, posts=[["code", "name", "unit", "watched"], rows[-1]]), ZONE
            )
        assert faults(refusal) == [("posts", 2, "watched")]

    def test_keeps_the_lines_of_the_file(self, tmp_path: Path) -> None:
        path = book(
            tmp_path,
            rosters=[
                ["service_number", "duty", "start", "end"],
                [None, None, None, None],
                ["1", "pool", "2026-03-10 08:30", "2026-03-10T08:30:00+07:00"],
            ],
        )
        (shift,) = workbook.read(path, ZONE).rosters
        assert shift.line == 3
        assert shift.end - shift.start == HOUR

    def test_tells_every_bad_row_with_its_place(self, tmp_path: Path) -> None:
        path = book(
            tmp_path,
            officers=[
                ["service_number", "name", "kind", "unit"],
                ["1", None, "officer", "u"],
                ["2", "x", "dog", "u"],
                [0.5, "x", "officer", "u"],
                [True, "x", "officer", "u"],
                [10**16, "x", "officer", "u"],
                ["3.3E+14", "x", "officer", "u"],
                ["4", "x", "officer", "u", "too far right"],
            ],
            rosters=[
                ["service_number", "duty", "start", "end"],
                ["1", "pool", "yesterday", 45000],
            ],
        )
        with pytest.raises(Invalid) as refusal:
            workbook.read(path, ZONE)
        assert refusal.value.code == "force.bad_workbook"
        assert faults(refusal) == [
            ("officers", 2, "name"),
            ("officers", 3, "kind"),
            ("officers", 4, "service_number"),
            ("officers", 5, "service_number"),
            ("officers", 6, "service_number"),
            ("officers", 7, "service_number"),
            ("officers", 8, "?"),
            ("rosters", 2, "start"),
            ("rosters", 2, "end"),
        ]

    @pytest.mark.parametrize(
        ("header", "column"),
        [
            (["service_number", "name", "kind"], "unit"),
            (["service_number", "name", "kind", "unit", "salary"], "salary"),
            (["service_number", "name", "kind", "unit", "警号"], "service_number"),
        ],
    )
    def test_refuses_missing_unknown_and_double_columns(
        self, tmp_path: Path, header: list[object], column: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            workbook.read(book(tmp_path, officers=[header]), ZONE)
        assert faults(refusal) == [("officers", 1, column)]

    def test_refuses_unknown_and_double_sheets(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="no such sheet"):
            workbook.read(book(tmp_path, wages=[["x"]]), ZONE)
        with pytest.raises(Invalid, match="second sheet"):
            workbook.read(book(tmp_path, units=[], 单位=[]), ZONE)

    def test_refuses_what_is_no_workbook(self, tmp_path: Path) -> None:
        (tmp_path / "force.xlsx").write_text("no")
        for path in (tmp_path / "force.xlsx", tmp_path):
            with pytest.raises(Invalid) as refusal:
                workbook.read(path, ZONE)
            assert refusal.value.code == "force.unreadable"

    @pytest.mark.parametrize("value", ["2026-03-10", "2026-03-10 00:00", "2026-03-09T16:00Z"])
    def test_reads_a_moment_in_the_bureaus_time(self, value: str) -> None:
        assert moment(value, ZONE) == dt.datetime(2026, 3, 9, 16, tzinfo=dt.UTC)


def test_the_documentation_names_every_sheet_and_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "workbook.md").read_text("utf-8")
    for sheet in SHEETS:
        assert f"## `{sheet.name}` {sheet.chinese}" in page
        for column in sheet.columns:
            assert f"| `{column.name}` | {column.chinese} |" in page


class TestCheck:
    """Each change of the good tables has its one fault."""

    def told(self, changed: Tables, present: Tables | None = None) -> list[Fault]:
        numbered = Tables(
            **{
                name: tuple(replace(row, line=n) for n, row in enumerate(rows, 2))
                for name, rows in vars(changed).items()
            }
        )
        return merging.check(present or Tables(), numbered)

    def test_good_tables_have_none(self) -> None:
        assert self.told(TABLES) == []
        assert self.told(TABLES, present=TABLES) == []
        assert self.told(Tables(officers=TABLES.officers), present=TABLES) == []

    @pytest.mark.parametrize(
        ("name", "index", "change", "column"),
        [
            ("units", 1, {"parent": "nowhere"}, "parent"),
            ("units", 1, {"parent": None}, "parent"),
            ("units", 1, {"parent": "33082401-1"}, "parent"),
            ("units", 1, {"lat": None}, "lat"),
            ("units", 1, {"lon": 29.0, "lat": 118.0}, "lon"),
            ("units", 2, {"mode": "two_teams_one_room"}, "mode"),
            ("units", 2, {"code": "a b"}, "code"),
            ("officers", 2, {"unit": "nowhere"}, "unit"),
            ("officers", 2, {"service_number": "F 1"}, "service_number"),
            ("officers", 2, {"service_number": "F" * 65}, "service_number"),
            ("ownership", 0, {"service_number": "F1"}, "service_number"),
            ("ownership", 0, {"service_number": "nobody"}, "service_number"),
            ("ownership", 1, {"valid_to": DAY}, "valid_to"),
            ("rosters", 0, {"service_number": "nobody"}, "service_number"),
            ("rosters", 0, {"end": DAY - HOUR}, "end"),
            ("absences", 0, {"service_number": "nobody"}, "service_number"),
            ("rosters", 0, {"unit": "nowhere"}, "unit"),
            ("rosters", 0, {"post": "nowhere"}, "post"),
            ("absences", 0, {"end": DAY}, "end"),
            ("absences", 0, {"stand_in": "nobody"}, "stand_in"),
            ("absences", 0, {"stand_in": "F1"}, "stand_in"),
            ("absences", 0, {"stand_in": "330824002"}, "stand_in"),
            ("leaders", 0, {"unit": "nowhere"}, "unit"),
            ("leaders", 0, {"service_number": "F1"}, "service_number"),
            ("leaders", 1, {"valid_to": DAY}, "valid_to"),
            ("posts", 0, {"code": "a b"}, "code"),
            ("posts", 0, {"unit": "nowhere"}, "unit"),
            ("posts", 0, {"lat": None}, "lat"),
        ],
    )
    def test_names_row_and_column(
        self, name: str, index: int, change: dict[str, object], column: str
    ) -> None:
        rows = list(getattr(TABLES, name))
        rows[index] = replace(rows[index], **change)
        told = self.told(replace(TABLES, **{name: tuple(rows)}))
        assert (name, index + 2, column) in [(f.sheet, f.row, f.column) for f in told]
        assert all(fault.text for fault in told)

    def test_refuses_the_same_row_twice(self) -> None:
        double = replace(TABLES, rosters=(*TABLES.rosters, TABLES.rosters[0]))
        (fault,) = self.told(double)
        assert (fault.sheet, fault.row) == ("rosters", 5)
        assert "row 2" in fault.text

    def test_refuses_a_second_bureau(self) -> None:
        second = Tables(units=(UnitRow("999", "bureau", "x"),))
        assert [f.column for f in self.told(second, present=TABLES)] == ["kind"]

    def test_refuses_times_that_overlap_in_the_file_or_with_what_is_known(self) -> None:
        later = ShiftRow("0001", "community", DAY + HOUR, DAY + 2 * HOUR)
        earlier = ShiftRow("0001", "community", DAY - HOUR, DAY + HOUR)
        other = ShiftRow("330824002", "community", DAY + HOUR, DAY + 2 * HOUR)
        for given_, present, rows in (
            ((*TABLES.rosters, later), None, [5]),
            ((later,), TABLES, [2]),
            ((earlier,), TABLES, [2]),
            ((other,), TABLES, []),
        ):
            told = self.told(
                replace(TABLES, rosters=given_) if present is None else Tables(rosters=given_),
                present,
            )
            assert [fault.row for fault in told] == rows

    def test_an_open_ownership_overlaps_with_all_that_follows(self) -> None:
        later = OwnershipRow("330824001001001", "primary", "0001", DAY + 1000 * HOUR)
        assert len(self.told(Tables(ownership=(later,)), present=TABLES)) == 1
        ended = replace(TABLES.ownership[0], valid_to=DAY + 1000 * HOUR)
        assert self.told(Tables(ownership=(ended, later)), present=TABLES) == []

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("units", {"kind": "specialist", "mode": None}),
            ("officers", {"kind": "auxiliary"}),
            ("ownership", {"role": "backup"}),
        ],
    )
    def test_refuses_to_change_what_is_fixed(self, name: str, change: dict[str, object]) -> None:
        index = 1 if name == "units" else 0
        changed = replace(getattr(TABLES, name)[index], **change)
        told = self.told(Tables(**{name: (changed,)}), present=TABLES)
        assert [(f.sheet, f.row) for f in told] == [(name, 2)]


class TestPlan:
    def test_puts_parents_first(self) -> None:
        upside_down = replace(TABLES, units=TABLES.units[::-1])
        added = merging.plan(Tables(), upside_down).units.added
        assert [unit.code for unit in added] == ["330824", "33082401", "33082401-1"]

    def test_the_same_again_changes_nothing(self) -> None:
        plan = merging.plan(TABLES, TABLES)
        for name in merging.KEYS:
            counts = merging.counts(getattr(plan, name))
            assert counts["unchanged"] == len(getattr(TABLES, name))
            assert counts["added"] == counts["changed"] == 0


def test_csv_files_open_in_excel(tmp_path: Path) -> None:
    workbook.write(TABLES, tmp_path / "force", ZONE)
    content = (tmp_path / "force" / "officers.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf"), "without the mark Excel takes UTF-8 for ANSI"
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    assert rows[1] == ["0001", "=警员", "一级警司", "officer", "33082401-1"]
