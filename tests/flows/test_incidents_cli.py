"""`gridserver incidents import`: history comes in once, bad rows go to a file, nobody is told."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gridserver.base.db import Database
from gridserver.base.errors import Conflict
from gridserver.cli import main
from gridserver.dispatch import service as dispatch
from gridserver.incidents.models import Incident
from gridserver.incidents.rows import Table
from tests.commands import Run
from tests.conftest import MORNING
from tests.county import SIDE, SOUTH, WEST, County, centre

HEADER = ("external_id", "category", "lon", "lat", "reported_at", "address")
WHEN = "2026-03-09T22:15:00"
Import = Callable[..., dict]


@pytest.fixture
def import_(run: Run, tmp_path: Path) -> Import:
    """Write rows to a file, import it, and return what the command says."""

    def import_(*rows: tuple, header: tuple = HEADER, options: tuple = (), code: int = 0) -> dict:
        file = tmp_path / "past.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([header, *rows])
        options = options or ("--source", "archive")
        result = run("incidents", "import", file, *options, "--json", code=code)
        return json.loads(result.stdout) if code == 0 else {"refusal": result.stderr}

    return import_


def row(number: int, **changes: object) -> tuple:
    lon, lat = centre(0, 0)
    said = dict(zip(HEADER, (number, "dispute", lon, lat, WHEN, "桥头"), strict=True))
    return tuple((said | changes).values())


def counts(done: dict) -> tuple[int, int, int, int]:
    return done["rows"], done["recorded"], done["known"], done["rejected"]


def scalar(database: Database, statement: str) -> object:
    with database.transaction() as session:
        return session.scalar(sa.text(statement))


def test_they_are_recorded_with_the_cell_of_their_time(
    import_: Import, database: Database, county: County
) -> None:
    before = "2026-02-01T08:00:00"  # when no grid was in force
    done = import_(
        row(1),
        row(2, lon=WEST + SIDE),
        row(3, reported_at=before),
        row(4, lon=WEST - 1),
        row(5, lat=SOUTH + 1.5 * SIDE),
    )
    assert counts(done) == (5, 5, 0, 0)
    with database.transaction() as session:
        found = session.scalars(sa.select(Incident).order_by(Incident.external_id)).all()
    assert [(i.cell_code, i.method, i.grid_version_id, i.unit_id) for i in found] == [
        ("330824001001001", "covers", county.version_id, county.units["33082401"]),
        ("330824001001001", "boundary", county.version_id, county.units["33082401"]),
        (None, "outside", None, county.bureau_id),
        (None, "outside", county.version_id, county.bureau_id),
        ("330824002001001", "covers", county.version_id, county.units["33082402"]),
    ]
    assert found[1].neighbours == ["330824001001002"]
    assert (found[0].address, found[0].reported_at.isoformat()) == (
        "桥头",
        "2026-03-09T14:15:00+00:00",
    )


def test_they_are_history_that_nobody_is_told_of(
    import_: Import, database: Database, county: County
) -> None:
    import_(row(1), row(2))
    for table in ("task", "decision", "inbox_message", "feed_entry"):
        assert scalar(database, f"SELECT count(*) FROM {table}") == 0  # noqa: S608
    entries = "SELECT data->>'recorded' FROM audit_entry WHERE tag = 'incident:import'"
    assert scalar(database, entries) == "2"


def test_a_second_import_changes_nothing(
    import_: Import, database: Database, county: County
) -> None:
    import_(row(1), row(2))
    assert counts(import_(row(2), row(1), row(3))) == (3, 1, 2, 0)
    assert scalar(database, "SELECT count(*) FROM incident") == 3


def test_bad_rows_go_to_a_file_with_the_reason_and_good_ones_in(
    import_: Import, database: Database, county: County, tmp_path: Path
) -> None:
    done = import_(
        row(1),
        row(2, category="weather"),
        row(3, lon="nan"),
        row(4, reported_at="yesterday"),
        row(5, reported_at="2999-01-01T00:00:00"),
        row(1, address="elsewhere"),
        row("", address="no id"),
        (),
        (*row(6), "one", "more"),
        row(7),
    )
    assert counts(done) == (9, 2, 0, 7)
    assert done["rejects"] == str(tmp_path / "past.rejects.csv")
    with Path(done["rejects"]).open(encoding="utf-8", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [(each["row"], each["code"]) for each in rejects] == [
        ("3", "incident.unknown_category"),
        ("4", "coordinates.not_finite"),
        ("5", "input.not_moment"),
        ("6", "incident.from_the_future"),
        ("7", "incident.exists_differently"),
        ("8", "input.not_text"),
        ("10", "csv.long_row"),
    ]
    assert "weather" in rejects[0]["reason"]
    assert scalar(database, "SELECT count(*) FROM incident") == 2


def test_mended_rejects_can_be_imported(
    import_: Import, database: Database, county: County, tmp_path: Path
) -> None:
    out = tmp_path / "bad.csv"
    import_(row(1, category="weather"), options=("--source", "archive", "--rejects", str(out)))
    with out.open(encoding="utf-8", newline="") as file:
        header, bad = csv.reader(file)
    mended = [text.replace("weather", "other") for text in bad]
    assert counts(import_(tuple(mended), header=tuple(header))) == (1, 1, 0, 0)


def test_a_file_without_a_needed_column_is_refused_whole(
    import_: Import, database: Database, county: County
) -> None:
    refused = import_(row(1), options=("--id-field", "nr", "--source", "archive"), code=1)
    assert "no column 'nr' for external_id" in refused["refusal"]
    assert scalar(database, "SELECT count(*) FROM incident") == 0


def test_a_live_report_of_the_same_is_refused(
    import_: Import, database: Database, county: County
) -> None:
    """It was imported without a task, and a report makes one."""
    import_(row(1))
    table = Table(HEADER, zone=MORNING.tzinfo, constants={"source": "archive"})
    report = table.read([str(text) for text in row(1)])
    with database.transaction() as session, pytest.raises(Conflict) as refusal:
        dispatch.take_report(session, county.principal("command"), report)
    assert refusal.value.code == "incident.is_history"


def test_chicago(
    import_: Import, database: Database, county: County, shared_data: Path, tmp_path: Path
) -> None:
    """Rows of a real file, in its own words. No grid was in force then, so they have no cell."""
    source = shared_data / "us_chicago" / "incidents_2017_2019.csv.gz"
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row, _ in zip(csv.reader(file), range(1201), strict=False)]
    file = tmp_path / "chicago.csv.gz"
    with gzip.open(file, "wt", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(
            [[*row, "nr" if n == 0 else str(n)] for n, row in enumerate(rows)]
        )
    options = ("--source", "chicago", "--id-field", "nr", "--time-field", "time")
    kinds = ("--category-as", "THEFT=criminal", "--category-as", "*=other")
    words = ["incidents", "import", str(file), *options, *kinds, "--json"]
    done = json.loads(CliRunner().invoke(main, words).stdout)
    assert counts(done) == (1200, 1200, 0, 0)
    thefts = sum(row[3] == "THEFT" for row in rows)
    assert scalar(database, "SELECT count(*) FROM incident WHERE category = 'criminal'") == thefts
