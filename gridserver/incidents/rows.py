"""Rows of a table as reports: each column's text is typed, and then read as any report is. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from gridserver.base.errors import Invalid
from gridserver.incidents.rules import Report, read_report

#: What a row has to say, if the table's options don't.
NEEDED = ("source", "external_id", "category", "lon", "lat", "reported_at")
#: What else it may say.
POSSIBLE = ("accuracy_m", "address", "description", "priority", "occurred_at")
#: Stands for every category that is not named in `Table.categories`.
ANY_OTHER = "*"


@dataclass(frozen=True)
class Table:
    """How to read the rows of one table.

    Attributes
    ----------
    header
        The names of its columns.
    zone
        The civil time of moments without an offset.
    columns
        Field of a report → the table's name for it, where it has another.
    constants
        Fields that are the same for every row, such as ``source`` and ``crs``; they go before what
        a column says.
    categories
        The table's categories → codes of the bureau's; `ANY_OTHER` for those not named. Without an
        entry a category is taken as it stands.
    """

    header: Sequence[str]
    zone: ZoneInfo
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse a table whose rows can't all be read.

        Raises
        ------
        Invalid
            ``csv.no_header``, ``csv.unknown_field``.
        """
        if not self.header:
            raise Invalid("csv.no_header", "The file is empty: give one with a header.")
        for name in (name for name in NEEDED if name not in self.constants):
            column = self.columns.get(name, name)
            if column not in self.header:
                raise Invalid(
                    "csv.unknown_field",
                    f"There is no column {column!r} for {name}; the file has: "
                    f"{', '.join(self.header)}.",
                    field=name,
                )

    def read(self, row: Sequence[str]) -> Report:
        """Return what a row reports. Empty cells say nothing.

        Raises
        ------
        Invalid
            Names the field: missing, no number, no moment; ``csv.long_row``; as `read_report`.
        GisError
            As `read_report`.
        """
        if len(row) > len(self.header):
            raise Invalid(
                "csv.long_row",
                f"The row has {len(row)} columns, the header {len(self.header)}: quote what holds "
                "a comma.",
            )
        said = {name: text.strip() for name, text in zip(self.header, row, strict=False)}
        fields: dict[str, Any] = {
            name: self._typed(name, text)
            for name in (*NEEDED, *POSSIBLE)
            if (text := said.get(self.columns.get(name, name)))
        }
        fields |= self.constants
        if "reported_at" not in fields:
            raise Invalid(
                "input.missing", "reported_at: say when it was reported.", field="reported_at"
            )
        return read_report(fields)

    def _typed(self, name: str, text: str) -> Any:
        if name == "category":
            return self.categories.get(text, self.categories.get(ANY_OTHER, text))
        if name in MOMENTS:
            return _moment(text, name, self.zone)
        return text if name not in NUMBERS else _number(text, name)


#: Fields that hold a moment.
MOMENTS = ("reported_at", "occurred_at")
#: Fields that hold a number, and what makes one of a text.
NUMBERS: Mapping[str, Callable[[str], float]] = {
    "lon": float,
    "lat": float,
    "accuracy_m": float,
    "priority": int,
}


def _number(text: str, name: str) -> float:
    try:
        return NUMBERS[name](text)
    except ValueError as error:
        raise Invalid("input.number", f"{name}: {text!r} is no number.", field=name) from error


def _moment(text: str, name: str, zone: ZoneInfo) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(
            "input.not_moment",
            f"{name}: {text!r} is no moment such as 2026-03-10T09:30 or …+08:00.",
            field=name,
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
