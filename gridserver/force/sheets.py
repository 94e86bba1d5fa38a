"""What the sheets of a force workbook are called, which columns they have, and how a cell of each
is read. Pure; headers and choices are taken in English and in Chinese."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from gridserver.force.tables import (
    AbsenceRow,
    Fault,
    LeaderRow,
    OfficerRow,
    OwnershipRow,
    PostRow,
    ShiftRow,
    Tables,
    UnitRow,
)

Value = str | float | bool | dt.datetime
Parse = Callable[[Any, ZoneInfo], Value]

#: Excel keeps 15 digits of a number; what was longer is already wrong.
_EXACT = 10**15
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.I)

UNIT_KINDS = {
    "县局": "bureau",
    "分局": "bureau",
    "派出所": "station",
    "警务队": "team",
    "警组": "group",
    "专业警种": "specialist",
}
MODES = {"两队一室": "two_teams_one_room", "两室多警务区": "two_rooms_many_areas"}
OFFICER_KINDS = {"民警": "officer", "辅警": "auxiliary"}
ROLES = {"A角": "primary", "B角": "backup"}
DUTIES = {
    "集约值班": "pool",
    "社区勤务": "community",
    "办案勤务": "case",
    "交通勤务": "traffic",
    "值班领导": "leader",
    "指挥室值班": "room",
    "警务站值守": "post",
    "专业警种值班": "specialist",
    "机关勤务": "headquarters",
}
REASONS = {"休假": "leave", "培训": "training", "病假": "sick", "出庭": "court", "其他": "other"}

_FLAGS = {"yes": True, "是": True, "true": True, "1": True} | {
    "no": False,
    "否": False,
    "false": False,
    "0": False,
}


@dataclass(frozen=True)
class Column:
    """A column: its name (also the row's attribute), its Chinese header, how a cell is read."""

    name: str
    chinese: str
    parse: Parse
    required: bool = True


@dataclass(frozen=True)
class Sheet:
    """A sheet and the rows it holds."""

    name: str
    chinese: str
    row: Callable[..., Any]
    columns: tuple[Column, ...]


def text(value: Any, _zone: ZoneInfo) -> str:
    """Read text; a number, as Excel makes of a code, gives its digits."""
    if isinstance(value, bool | dt.date | dt.time):
        raise ValueError("give text; format the column as text.")
    if isinstance(value, int | float):
        if value != int(value) or abs(value) >= _EXACT:
            raise ValueError(f"{value!r} is no code; format the column as text and enter it again.")
        return str(int(value))
    read = str(value).strip()
    if _SCIENTIFIC.fullmatch(read):
        raise ValueError(f"{read} lost its digits; format the column as text and enter it again.")
    return read


def number(value: Any, _zone: ZoneInfo) -> float:
    """Read a finite number."""
    try:
        read = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is no number.") from None
    if not math.isfinite(read):
        raise ValueError(f"{value!r} is no finite number.")
    return read


def moment(value: Any, zone: ZoneInfo) -> dt.datetime:
    """Read a date and time: Excel's own, or ISO 8601. Without an offset it is the bureau's time.

    The result is in UTC.
    """
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                f"{value!r} is no date and time; write 2026-03-10 08:30 or "
                "2026-03-10T08:30:00+08:00."
            ) from None
    if not isinstance(value, dt.datetime):
        raise ValueError(f"{value!r} is no date and time; write 2026-03-10 08:30.")
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(dt.UTC)


def flag(value: Any, zone: ZoneInfo) -> bool:
    """Read yes or no."""
    read = str(value) if isinstance(value, bool) else text(value, zone)
    if read.casefold() not in _FLAGS:
        raise ValueError(f"{read!r} is neither yes 是 nor no 否.")
    return _FLAGS[read.casefold()]


def choice(chinese: Mapping[str, str]) -> Parse:
    """Return how a choice is read, in English or Chinese."""
    takes = dict.fromkeys(chinese.values(), "") | dict(chinese)

    def parse(value: Any, zone: ZoneInfo) -> str:
        read = text(value, zone)
        if read not in takes:
            raise ValueError(f"{read!r} isn't one of {', '.join(takes)}.")
        return takes[read] or read

    return parse


_OFFICER = Column("service_number", "警号", text)
_START = Column("start", "开始", moment)
_END = Column("end", "结束", moment)

SHEETS: tuple[Sheet, ...] = (
    Sheet(
        "units",
        "单位",
        UnitRow,
        (
            Column("code", "代码", text),
            Column("kind", "类别", choice(UNIT_KINDS)),
            Column("name", "名称", text),
            Column("name_en", "英文名称", text, required=False),
            Column("parent", "上级", text, required=False),
            Column("mode", "勤务模式", choice(MODES), required=False),
            Column("lon", "经度", number, required=False),
            Column("lat", "纬度", number, required=False),
        ),
    ),
    Sheet(
        "officers",
        "人员",
        OfficerRow,
        (
            _OFFICER,
            Column("name", "显示名", text),
            Column("rank", "警衔", text, required=False),
            Column("kind", "身份", choice(OFFICER_KINDS)),
            Column("unit", "单位", text),
        ),
    ),
    Sheet(
        "ownership",
        "包格",
        OwnershipRow,
        (
            Column("cell", "网格", text),
            Column("role", "角色", choice(ROLES)),
            _OFFICER,
            Column("valid_from", "生效", moment),
            Column("valid_to", "失效", moment, required=False),
        ),
    ),
    Sheet(
        "rosters",
        "排班",
        ShiftRow,
        (
            _OFFICER,
            Column("duty", "勤务", choice(DUTIES)),
            _START,
            _END,
            Column("unit", "服务单位", text, required=False),
            Column("post", "警务站", text, required=False),
        ),
    ),
    Sheet(
        "absences",
        "缺勤",
        AbsenceRow,
        (
            _OFFICER,
            Column("reason", "事由", choice(REASONS)),
            _START,
            _END,
            Column("stand_in", "代班人", text, required=False),
        ),
    ),
    Sheet(
        "leaders",
        "负责人",
        LeaderRow,
        (
            Column("unit", "单位", text),
            _OFFICER,
            Column("valid_from", "生效", moment),
            Column("valid_to", "失效", moment, required=False),
        ),
    ),
    Sheet(
        "posts",
        "警务站",
        PostRow,
        (
            Column("code", "代码", text),
            Column("name", "名称", text),
            Column("unit", "单位", text),
            Column("watched", "24小时值守", flag),
            Column("lon", "经度", number, required=False),
            Column("lat", "纬度", number, required=False),
        ),
    ),
)

Cells = Sequence[Any]
Lines = Sequence[tuple[int, Cells]]


def sheet_called(title: str) -> Sheet | None:
    """Return the sheet with this English or Chinese title."""
    wanted = title.strip().casefold()
    return next((s for s in SHEETS if wanted in (s.name, s.chinese)), None)


def read_tables(found: Mapping[str, Lines], zone: ZoneInfo) -> tuple[Tables, list[Fault]]:
    """Read the sheets into tables. Rows at fault are left out and told with their remedies.

    Parameters
    ----------
    found : mapping of sheet to lines
        Each line is its number in the file and its cells; the first is the header.
    zone : ZoneInfo
        The bureau's time, for moments that carry no offset.
    """
    rows: dict[str, tuple[Any, ...]] = {}
    faults: list[Fault] = []
    for sheet in SHEETS:
        rows[sheet.name] = tuple(read_sheet(sheet, found.get(sheet.name, ()), zone, faults))
    return Tables(**rows), faults


def read_sheet(sheet: Sheet, lines: Lines, zone: ZoneInfo, faults: list[Fault]) -> Iterator[Any]:
    """Yield the rows of one sheet; those at fault are left out and added to `faults`."""
    if not lines:
        return
    (line, header), *rest = lines
    columns = _header(sheet, line, header, faults)
    if columns is None:
        return
    for number_, cells in rest:
        if any(not _empty(cell) for cell in cells):
            row = _read_row(sheet, columns, number_, cells, zone, faults)
            if row is not None:
                yield row


def _header(
    sheet: Sheet, line: int, header: Cells, faults: list[Fault]
) -> list[Column | None] | None:
    known = {name: column for column in sheet.columns for name in (column.name, column.chinese)}
    columns: list[Column | None] = []
    wrong: list[Fault] = []
    for cell in header:
        title = "" if _empty(cell) else str(cell).strip().casefold()
        column = known.get(title)
        if title and column is None:
            names = ", ".join(c.name for c in sheet.columns)
            wrong.append(Fault(sheet.name, line, title, f"no such column; there are {names}."))
        if column is not None and column in columns:
            wrong.append(Fault(sheet.name, line, column.name, "the column is there twice."))
        columns.append(column)
    for column in sheet.columns:
        if column.required and column not in columns:
            wrong.append(
                Fault(
                    sheet.name,
                    line,
                    column.name,
                    f"the column is missing; add it as {column.name} or {column.chinese}.",
                )
            )
    faults.extend(wrong)
    return None if wrong else columns


def _read_row(
    sheet: Sheet,
    columns: Sequence[Column | None],
    line: int,
    cells: Cells,
    zone: ZoneInfo,
    faults: list[Fault],
) -> Any:
    values: dict[str, Value] = {}
    wrong: list[Fault] = []
    for position, cell in enumerate(cells):
        column = columns[position] if position < len(columns) else None
        if _empty(cell):
            continue
        if column is None:
            wrong.append(Fault(sheet.name, line, "?", f"{cell!r} stands under no header."))
            continue
        try:
            values[column.name] = column.parse(cell, zone)
        except ValueError as error:
            wrong.append(Fault(sheet.name, line, column.name, str(error)))
    told = {fault.column for fault in wrong}
    for column in sheet.columns:
        if column.required and column.name not in values and column.name not in told:
            wrong.append(Fault(sheet.name, line, column.name, "it is empty; fill it in."))
    faults.extend(wrong)
    return None if wrong else sheet.row(**values, line=line)


def _empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
