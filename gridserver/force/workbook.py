"""The force in a file: one xlsx workbook, or a folder of csv files, one a sheet."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from gridserver.base.errors import Invalid
from gridserver.force.sheets import SHEETS, Lines, Sheet, read_tables, sheet_called
from gridserver.force.tables import Fault, Tables

#: As text, so that Excel makes no number of a code.
_AS_TEXT = "@"
_AS_MOMENT = "yyyy-mm-dd hh:mm:ss"
_COLUMN_WIDTH = 22


def refuse(faults: list[Fault]) -> Invalid:
    """Return the refusal that names every fault (`errors`) and the first one in its message."""
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Invalid(
        "force.bad_workbook",
        f"Nothing was imported: {faults[0]}{more}",
        errors=[vars(fault) for fault in faults],
    )


def read(path: Path, zone: ZoneInfo) -> Tables:
    """Read a workbook or a folder of csv files.

    Parameters
    ----------
    zone : ZoneInfo
        The bureau's time, for moments that carry no offset.

    Raises
    ------
    Invalid
        ``force.unreadable``: it is neither of the two. ``force.bad_workbook``: rows at fault, all
        of them in `errors` with sheet, row, column and remedy.
    """
    lines = _read_folder(path) if path.is_dir() else _read_workbook(path)
    faults: list[Fault] = []
    found: dict[str, Lines] = {}
    for title, content in lines:
        sheet = sheet_called(title)
        if sheet is None:
            names = ", ".join(each.name for each in SHEETS)
            faults.append(Fault(title, 1, "?", f"no such sheet; there are {names}."))
        elif sheet.name in found:
            faults.append(Fault(title, 1, "?", f"there is a second sheet of {sheet.name}."))
        else:
            found[sheet.name] = content
    tables, wrong = read_tables(found, zone)
    if faults + wrong:
        raise refuse(faults + wrong)
    return tables


def read_lines(path: Path) -> Lines:
    """Return the lines of a csv file, or of the first sheet of a workbook.

    Raises
    ------
    Invalid
        ``force.unreadable``.
    """
    if path.suffix.lower() == ".csv":
        return _csv_lines(path)
    return _read_workbook(path)[0][1]


def write(tables: Tables, path: Path, zone: ZoneInfo) -> None:
    """Write a workbook (a path that ends in .xlsx) or a folder of csv files.

    What is there is overwritten. `read` gives the same tables back: a moment that Excel can't
    hold to the microsecond, or that the clocks show twice, is written as ISO 8601 text.
    """
    if path.suffix.lower() == ".xlsx":
        _write_workbook(tables, path, zone)
    elif path.suffix:
        raise Invalid(
            "force.unknown_format",
            f"{path.name}: name a file that ends in .xlsx, or a folder for csv files.",
            field="file",
        )
    else:
        _write_folder(tables, path, zone)


def _read_workbook(path: Path) -> list[tuple[str, Lines]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        raise Invalid(
            "force.unreadable",
            f"{path.name} can't be read as an xlsx workbook; give one, or csv.",
            field="file",
        ) from error
    try:
        return [
            (sheet.title, list(enumerate(sheet.iter_rows(values_only=True), 1)))
            for sheet in book.worksheets
        ]
    finally:
        book.close()


def _read_folder(path: Path) -> list[tuple[str, Lines]]:
    files = sorted(path.glob("*.csv"))
    if not files:
        raise Invalid("force.unreadable", f"{path.name} holds no csv file.", field="file")
    return [(file.stem, _csv_lines(file)) for file in files]


def _csv_lines(file: Path) -> Lines:
    content = file.read_bytes()
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a Chinese Excel writes.
        decoded = content.decode("gb18030", errors="replace")
    reader = csv.reader(io.StringIO(decoded, newline=""))
    return [(reader.line_num, cells) for cells in reader]


def _write_workbook(tables: Tables, path: Path, zone: ZoneInfo) -> None:
    book = Workbook(write_only=True)
    for sheet in SHEETS:
        page = book.create_sheet(sheet.name)
        page.freeze_panes = "A2"
        for index in range(len(sheet.columns)):
            page.column_dimensions[chr(ord("A") + index)].width = _COLUMN_WIDTH
        header = [WriteOnlyCell(page, column.name) for column in sheet.columns]
        for cell in header:
            cell.font = Font(bold=True)
        page.append(header)
        for values in _values(sheet, tables):
            page.append([_excel_cell(page, value, zone) for value in values])
    making = path.with_name(path.name + ".part")
    book.save(making)
    making.replace(path)


def _excel_cell(page: Any, value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, dt.datetime):
        value = _excel_moment(value, zone)
    cell = WriteOnlyCell(page, value)
    if isinstance(value, dt.datetime):
        cell.number_format = _AS_MOMENT
    elif isinstance(value, str):
        cell.number_format = _AS_TEXT
        cell.data_type = "s"  # a name that begins with "=" is no formula
    return cell


def _excel_moment(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime | str:
    local = moment.astimezone(zone).replace(tzinfo=None)
    if local.microsecond or local.replace(tzinfo=zone).astimezone(dt.UTC) != moment:
        return moment.astimezone(zone).isoformat()
    return local


def _write_folder(tables: Tables, path: Path, zone: ZoneInfo) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for sheet in SHEETS:
        with (path / f"{sheet.name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column.name for column in sheet.columns])
            writer.writerows(_csv_rows(_values(sheet, tables), zone))


def _csv_rows(rows: Iterable[list[Any]], zone: ZoneInfo) -> Iterator[list[Any]]:
    for values in rows:
        yield [
            value.astimezone(zone).isoformat() if isinstance(value, dt.datetime) else value
            for value in values
        ]


def _values(sheet: Sheet, tables: Tables) -> Iterator[list[Any]]:
    for row in getattr(tables, sheet.name):
        yield [getattr(row, column.name) for column in sheet.columns]
