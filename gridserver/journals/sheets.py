"""Tables as workbooks (xlsx): what spreadsheets open and never take for a formula.

Written row by row in a process of its own, since fifty thousand rows take seconds of CPU.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from gis import killable
from gis.errors import BusyError, ProcessError
from gridserver.base.errors import Invalid, Unavailable

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: As many rows as one export holds; whoever wants more asks for a shorter time.
MOST_ROWS = 50_000
SECONDS = 120.0
MEMORY_BYTES = 2 << 30

#: Some programs take a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: What one cell holds (Excel).
_LONGEST = 32_767
_WIDTH = 18

Line = Sequence[str | int | float | None]


def check_rows(count: int) -> None:
    """Raise `Invalid` (``export.too_many``) for more rows than one export holds."""
    if count > MOST_ROWS:
        raise Invalid(
            "export.too_many",
            f"These are more than {MOST_ROWS} rows, which is the most of one file: narrow the "
            "filter, for example to a shorter time.",
            field="from",
            most=MOST_ROWS,
        )


def workbook(title: str, header: Sequence[str], lines: Sequence[Line]) -> bytes:
    """Return a workbook with one sheet.

    Raises
    ------
    Invalid
        ``export.too_many``.
    Unavailable
        ``export.not_written``: it took too long or too much, or too many are being written.
    """
    check_rows(len(lines))
    try:
        return killable.run(write, title, header, lines, seconds=SECONDS, memory_bytes=MEMORY_BYTES)
    except (BusyError, ProcessError) as error:
        raise Unavailable(
            "export.not_written",
            f"The file could not be written ({error.code}); ask again in a moment.",
        ) from error


def write(title: str, header: Sequence[str], lines: Sequence[Line]) -> bytes:
    """Return the workbook; for a process of its own."""
    book = Workbook(write_only=True)
    page = book.create_sheet(title)
    page.freeze_panes = "A2"
    for index in range(1, len(header) + 1):
        page.column_dimensions[get_column_letter(index)].width = _WIDTH
    heads = [WriteOnlyCell(page, name) for name in header]
    for cell in heads:
        cell.font = Font(bold=True)
    page.append(heads)
    for line in lines:
        page.append([_cell(page, value) for value in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(page: Any, value: str | float | None) -> Any:
    if not isinstance(value, str):
        return value
    said = ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST]
    cell = WriteOnlyCell(page, said)
    cell.data_type = "s"
    if said.startswith(FORMULA):
        # Text for ever: also once somebody edits the cell, or saves it as another format.
        cell.quotePrefix = True
    return cell
