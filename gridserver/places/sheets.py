"""The tables in a csv or xlsx file. Run in a process that can be killed (`gis.killable`)."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from gis.errors import FileError
from gis.placemarks import LIMITS

ENDINGS = (".csv", ".xlsx")
#: Of a table saved by a Chinese office suite.
_ELSE_ENCODING = "gb18030"
_SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True)
class Sheet:
    """A table: its name, the titles of its columns, its rows as text, in the file's order."""

    name: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


def read_sheets(path: Path) -> list[Sheet]:
    """Read the tables of a file whole; of a workbook those that aren't empty.

    Raises
    ------
    FileError
        ``file.unreadable``, ``file.encoding``, ``file.too_large``, ``file.too_many_features``,
        ``file.empty``.
    """
    LIMITS.check_bytes(path.stat().st_size)
    is_workbook = path.suffix.lower() == ".xlsx"
    if is_workbook:
        LIMITS.check_bytes(_unpacked_bytes(path))
    try:
        read = _workbook(path) if is_workbook else _csv(path)
        sheets = [_sheet(name, iter(lines)) for name, lines in read]
    except UnicodeDecodeError as error:
        message = "The file is neither UTF-8 nor GB18030: save it as CSV UTF-8."
        raise FileError("file.encoding", message, "file") from error
    except (csv.Error, zipfile.BadZipFile, InvalidFileException, KeyError) as error:
        raise _unreadable(error) from error
    found = [sheet for sheet in sheets if sheet is not None]
    if not found:
        message = "The file has no header: its first row names the columns."
        raise FileError("file.empty", message, "file")
    return found


def _sheet(name: str, lines: Iterator[tuple[Any, ...]]) -> Sheet | None:
    header = tuple(_text(cell) for cell in next(lines, ()))
    if not any(header):
        return None
    rows = []
    for line in lines:
        cells = tuple(_text(cell) for cell in line)
        rows.append((cells + ("",) * len(header))[: len(header)])
        LIMITS.check_features(len(rows))
    while rows and not any(rows[-1]):
        rows.pop()
    return Sheet(name, header, rows)


def _csv(path: Path) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    with path.open(encoding=_encoding(path), newline="") as text:
        yield path.stem, map(tuple, csv.reader(text))


def _encoding(path: Path) -> str:
    """Return UTF-8, or GB18030 where the beginning isn't that."""
    with path.open("rb") as file:
        beginning = file.read(_SAMPLE_BYTES)
    cut = beginning.rfind(b"\n") + 1 or len(beginning)
    try:
        beginning[:cut].decode("utf-8-sig")
    except UnicodeDecodeError:
        return _ELSE_ENCODING
    return "utf-8-sig"


def _workbook(path: Path) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    with closing(load_workbook(path, read_only=True, data_only=True)) as workbook:
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()  # what the file says of its size may be wrong
            yield sheet.title, sheet.iter_rows(values_only=True)


def _unpacked_bytes(path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> FileError:
    message = f"The table can't be read ({error}); save it again, as xlsx or csv."
    return FileError("file.unreadable", message, "file")


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # Excel has no whole numbers
    return "" if cell is None else str(cell).strip()
