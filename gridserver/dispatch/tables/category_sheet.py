"""A code table of categories in a file: csv, or the first sheet of a workbook. Pure.

A line may leave out what it shares with the category above it: the broad class and the priority.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from gridserver.base.errors import Invalid
from gridserver.dispatch.tables.book import Book
from gridserver.dispatch.tables.changes import Change
from gridserver.force.sheets import Column, Lines, Sheet, choice, number, read_sheet, text
from gridserver.force.tables import Fault
from gridserver.incidents.categories import BROAD_CLASSES, LEVELS

_CHINESE = ("刑事", "治安", "交通", "纠纷", "求助", "举报", "投诉", "其他")
_CLASSES = dict(zip(_CHINESE, BROAD_CLASSES, strict=True))
#: Between the positions of two lines, so that others find room.
_STEP = 10


@dataclass(frozen=True)
class CategoryLine:
    """A line of the file."""

    code: str
    name_zh: str
    name_en: str | None = None
    parent: str | None = None
    broad_class: str | None = None
    priority: int | None = None
    line: int = 0


def _priority(value: Any, zone: ZoneInfo) -> float:
    read = number(value, zone)
    if read not in (1, 2, 3, 4):
        raise ValueError(f"{value!r} is no priority from 1 to 4.")
    return int(read)


SHEET = Sheet(
    "categories",
    "警情类别",
    CategoryLine,
    (
        Column("code", "代码", text),
        Column("name_zh", "名称", text),
        Column("name_en", "英文名称", text, required=False),
        Column("parent", "上级代码", text, required=False),
        Column("broad_class", "大类", choice(_CLASSES), required=False),
        Column("priority", "优先级", _priority, required=False),
    ),
)


def read_changes(lines: Lines, book: Book, at: dt.datetime, zone: ZoneInfo) -> list[Change]:
    """Return the changes that make the table say what the file does; what it doesn't name stays.

    Parameters
    ----------
    lines
        Each with its number in the file; the first is the header.

    Raises
    ------
    Invalid
        ``category.bad_file``: lines at fault, all of them in `errors`.
    """
    faults: list[Fault] = []
    found = list(read_sheet(SHEET, lines, zone, faults))
    by_code: dict[str, CategoryLine] = {}
    for line in found:
        if line.code in by_code:
            faults.append(Fault(SHEET.name, line.line, "code", f"{line.code} is there twice."))
        by_code[line.code] = line
    # Behind all that the table has, unless it has them.
    places = count(_first_position(book, at), _STEP)
    changes = [
        Change("category", {"code": line.code}, _values(line, by_code, next(places), book, at))
        for line in found
    ]
    for line, change in zip(found, changes, strict=True):
        if change.values is not None and change.values["broad_class"] is None:
            said = "name the broad class, or a category above that has one."
            faults.append(Fault(SHEET.name, line.line, "broad_class", said))
    if faults:
        raise _refuse(faults)
    return changes


def _values(
    line: CategoryLine,
    by_code: Mapping[str, CategoryLine],
    position: int,
    book: Book,
    at: dt.datetime,
) -> dict[str, Any]:
    broad_class = _inherited("broad_class", line, by_code, book, at)
    priority = _inherited("priority", line, by_code, book, at)
    return {
        "parent": line.parent,
        "broad_class": broad_class,
        "name_zh": line.name_zh,
        "name_en": line.name_en or line.name_zh,
        "priority": priority or _said(book, broad_class, at).get("priority"),
        "position": _said(book, line.code, at).get("position", position),
    }


def _refuse(faults: Sequence[Fault]) -> Invalid:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return Invalid(
        "category.bad_file",
        f"Nothing was imported: {faults[0]}{more}",
        errors=[vars(fault) for fault in faults],
    )


def _inherited(
    name: str, line: CategoryLine, by_code: Mapping[str, CategoryLine], book: Book, at: dt.datetime
) -> Any:
    """Return what a line says, or the nearest above it, in the file or in the book."""
    for _ in range(LEVELS + 1):
        said = getattr(line, name)
        if said is not None:
            return said
        if line.parent is None or line.parent not in by_code:
            return _said(book, line.parent, at).get(name)
        line = by_code[line.parent]
    return None


def _said(book: Book, code: str | None, at: dt.datetime) -> Mapping[str, Any]:
    found = book.find("category", (code,), at)
    return {} if found is None else found.values


def _first_position(book: Book, at: dt.datetime) -> int:
    """Return the position after all that the table has."""
    last = max(_said(book, key[0], at).get("position", 0) for key in book.entries["category"])
    return (last // _STEP + 1) * _STEP
