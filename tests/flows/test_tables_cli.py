"""`gridserver dispatch tables …` and `gridserver categories import` on a database of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from gridserver.base.clock import SystemClock
from gridserver.base.db import Database
from gridserver.dispatch.tables import queries
from gridserver.incidents import queries as incidents
from tests.commands import Run
from tests.county import County

WHY = ("--why", "试点")
#: A level of each kind, with what a line may leave out.
CODES = [
    ("代码", "名称", "上级代码", "大类", "优先级"),
    (10000, "刑事警情", "", "刑事", 1),
    (10100, "盗窃", 10000, "", ""),
    (10101, "入室盗窃", 10100, "", 2),
    ("10101A", "撬门入室", 10101, "", ""),
    (50000, "群众求助", "", "help", ""),
]


@pytest.fixture
def clock() -> SystemClock:
    """The command line goes by the machine's clock."""
    return SystemClock()


def shown(run: Run, table: str) -> list[dict[str, Any]]:
    return json.loads(run("dispatch", "tables", "show", table, "--json").stdout)


def test_a_row_is_set_and_taken_away(run: Run, county: County) -> None:
    key = ("scope=33082401", "category=dispute")
    set_ = ("dispatch", "tables", "set", "route", *key)
    assert json.loads(run(*set_, "kind=command", "unit=", *WHY, "--json").stdout) == {"changed": 1}
    assert "said so already" in run(*set_, "kind=command", *WHY).stdout
    (row,) = (row for row in shown(run, "route") if row["key"]["scope"] == "33082401")
    assert row["values"] == {"kind": "command", "unit": None, "agency": None}
    assert (row["why"], row["by"]) == ("试点", None)
    run(*set_, "--remove", *WHY)
    assert not [row for row in shown(run, "route") if row["key"]["scope"] == "33082401"]


@pytest.mark.parametrize(
    ("table", "pairs", "values"),
    [
        ("sign_limit", ("scope=bureau", "priority=1", "seconds=90"), {"seconds": 90}),
        ("parameter", ("name=unreachable_after_s", "value="), {"value": None}),
        ("parameter", ("name=day_from", "value=8:00"), None),
        ("parameter", ("name=day_from", "value=08:00"), {"value": "08:00"}),
        ("parameter", ("name=community_share", "value=0.35"), {"value": 0.35}),
        (
            "ladder",
            ("scope=33082402", "route=community", "hours=day", "rungs=primary,station_room"),
            {"rungs": ["primary", "station_room"]},
        ),
    ],
)
def test_values_come_as_text(
    run: Run, county: County, table: str, pairs: tuple[str, ...], values: dict[str, Any] | None
) -> None:
    run("dispatch", "tables", "set", table, *pairs, *WHY, code=0 if values else 1)
    if values:
        assert values in [row["values"] for row in shown(run, table)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("weather", "a=b", *WHY), 1),
        (("route", "scope=bureau", *WHY), 1),
        (("route", "scope=bureau", "category=dispute", "colour=red", *WHY), 1),
        (("parameter", "name=nothing", "value=1", *WHY), 1),
        (("route", "scope", *WHY), 2),
        (("route", "scope=bureau", "category=dispute", "kind=command"), 2),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Run, county: County, arguments: tuple[str, ...], code: int
) -> None:
    run("dispatch", "tables", "set", *arguments, code=code)


def test_the_tables_are_listed(run: Run, county: County) -> None:
    assert "sign_limit" in run("dispatch", "tables", "show").stdout.split()
    assert "sign_limit" in json.loads(run("dispatch", "tables", "show", "--json").stdout)
    assert "unreachable_after_s" in run("dispatch", "tables", "show", "parameter").stderr


def write_csv(folder: Path, lines: list[tuple[Any, ...]]) -> Path:
    file = folder / "codes.csv"
    text = "\n".join(",".join(str(cell) for cell in line) for line in lines)
    file.write_bytes(text.encode("gb18030"))
    return file


def write_xlsx(folder: Path, lines: list[tuple[Any, ...]]) -> Path:
    file = folder / "codes.xlsx"
    book = Workbook()
    for line in lines:
        book.active.append(line)
    book.save(file)
    return file


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_code_table_of_four_levels(
    run: Run, county: County, database: Database, tmp_path: Path, write: Any
) -> None:
    file = write(tmp_path, CODES)
    assert "5 of 5" in run("categories", "import", file, *WHY).stdout
    assert "0 of 5" in run("categories", "import", file, *WHY).stdout
    with database.transaction() as session:
        found = {row.code: row for row in incidents.categories(session, database.clock.now())}
        norms = queries.norms(queries.book(session), database.clock.now(), "10101A")
    assert (found["10101A"].broad_class, found["10101A"].priority) == ("criminal", 2)
    assert (found["10100"].priority, found["50000"].priority) == (1, 3)
    assert found["10101A"].name_en == "撬门入室"
    assert [code for code in found if code.isalnum()][-5:] == [str(line[0]) for line in CODES[1:]]
    assert norms.route.category == "criminal"


def test_all_bad_lines_are_told_and_nothing_is_imported(
    run: Run, county: County, database: Database, tmp_path: Path
) -> None:
    bad = [
        *CODES,
        (10000, "又一次", "", "刑事", 1),
        (9, "无类", "", "", ""),
        (8, "", "", "刑事", 9),
    ]
    refusal = run("categories", "import", write_xlsx(tmp_path, bad), *WHY, code=1)
    for said in ("10000 is there twice", "name the broad class", "it is empty", "no priority"):
        assert said in refusal.stderr
    with database.transaction() as session:
        assert len(incidents.categories(session, database.clock.now())) == 8


def test_what_is_no_table_is_refused(run: Run, county: County, tmp_path: Path) -> None:
    file = tmp_path / "codes.xlsx"
    file.write_text("no")
    run("categories", "import", file, *WHY, code=1)
    orphan = [CODES[0], (1, "孤儿", 77, "刑事", 1)]
    refusal = run("categories", "import", write_csv(tmp_path, orphan), *WHY, code=1)
    assert "77" in refusal.stderr
