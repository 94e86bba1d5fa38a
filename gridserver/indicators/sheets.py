"""Figures as csv files that a spreadsheet opens: headed in the reader's language, with no cell that
it would take for a formula. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from gridserver.indicators.intervals import Group
from gridserver.indicators.load import OfficerLoad
from gridserver.indicators.rules import cell

#: Spreadsheets take a file for UTF-8 by it.
_MARK = "\ufeff"
_HEADS: Mapping[str, tuple[str, ...]] = {
    "en": ("group", "name", "calls", "interval", "n", "P50 s", "P90 s", "with target", "kept"),
    "zh-CN": ("分组", "名称", "警情数", "时段", "样本数", "P50 秒", "P90 秒", "有时限", "达标"),
}
_OFFICER_HEADS: Mapping[str, tuple[str, ...]] = {
    "en": ("service number", "name", "unit", "tasks signed", "hours on duty", "under way now"),
    "zh-CN": ("警号", "姓名", "单位", "签收任务数", "在岗小时", "在办任务数"),
}


def intervals(groups: Iterable[Group], names: Mapping[str, str], language: str) -> str:
    """Return a line for each interval of each group; the first group, of all calls, has no key."""
    lines = [
        (
            group.key,
            names.get(group.key or ""),
            group.calls,
            interval,
            found.n,
            round(found.p50_s, 1),
            round(found.p90_s, 1),
            found.with_target,
            found.within_target,
        )
        for group in groups
        for interval, found in group.intervals.items()
    ]
    return written(_HEADS[language], lines)


def officers(found: Iterable[OfficerLoad], language: str) -> str:
    """Return a line for each officer."""
    lines = [
        (
            each.service_number,
            each.name,
            each.unit_name,
            each.signed,
            round(each.hours, 1),
            each.open,
        )
        for each in found
    ]
    return written(_OFFICER_HEADS[language], lines)


def written(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a csv file (RFC 4180) as text."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerows([cell(value) for value in line] for line in (head, *lines))
    return _MARK + file.getvalue()
