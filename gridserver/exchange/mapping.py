"""From another system's words to ours: pure.

A mapping is a document that an admin edits. It says which of the source's fields is which of ours,
how its codes, times and coordinates are to be read, and what holds for all of its reports.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gis.crs import parse_crs
from gridserver.base.errors import Invalid
from gridserver.incidents import rows
from gridserver.incidents.rules import Report, read_report

#: What a report needs, and what else it may have. `source` is the partner itself.
NEEDED = tuple(name for name in rows.NEEDED if name not in ("source", "reported_at"))
POSSIBLE = ("reported_at", *rows.POSSIBLE)
FIELDS = (*NEEDED, *POSSIBLE)

#: How the source writes moments; anything else is a pattern of `strptime`.
ISO, UNIX, UNIX_MS = "iso", "unix", "unix_ms"

#: Of a code in a table, or of a field's name.
LONGEST_KEY = 200
_MOST_CODES = 5000


@dataclass(frozen=True)
class Rules:
    """How to read one source.

    Attributes
    ----------
    fields
        Our field → the source's. A name is a member of the body, one that begins with ``/`` a JSON
        Pointer (RFC 6901) into it.
    constants
        Our field → what it is in every report; goes before `fields`.
    categories
        The source's category code → ours. The longest that fits decides: ``0102`` fits itself,
        ``01*`` what begins with 01, ``*`` anything. Without an entry a code is taken as it stands.
    priorities
        The source's word for urgency → 1 to 4, likewise.
    time_format
        ``iso``, ``unix`` or ``unix_ms``, or a pattern as of `datetime.strptime`.
    timezone
        The civil time of moments that name no offset.
    crs
        ``EPSG:n``, ``gcj02`` or ``bd09``.
    """

    fields: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    priorities: Mapping[str, int] = field(default_factory=dict)
    time_format: str = ISO
    timezone: str = "Asia/Shanghai"
    crs: str = "EPSG:4326"

    def to_json(self) -> dict[str, Any]:
        """Return the rules as they are stored."""
        return asdict(self)


def read_rules(document: Mapping[str, Any]) -> Rules:
    """Read a mapping as an admin wrote it.

    Raises
    ------
    Invalid
        ``exchange.bad_mapping``, naming the part: a field that isn't ours, one that a report needs
        and nothing gives, a time zone, a pattern.
    GisError
        An unknown or unsafe CRS.
    """
    rules = Rules(**document)
    for name in (*rules.fields, *rules.constants):
        if name not in FIELDS:
            raise _bad("fields", f"there is no field {name!r}; ours are {', '.join(FIELDS)}.")
    for name in NEEDED:
        if name not in rules.fields and name not in rules.constants:
            raise _bad("fields", f"a report needs {name}: name the source's field, or a constant.")
    if "external_id" in rules.constants:
        raise _bad("constants", "external_id tells reports apart, so it can't be a constant.")
    if set(rows.MOMENTS) & rules.constants.keys():
        raise _bad("constants", "a time differs from report to report, so it can't be a constant.")
    if len(rules.categories) > _MOST_CODES:
        raise _bad("categories", f"give {_MOST_CODES} codes at most; 01* stands for many.")
    if bad := sorted(code for code, value in rules.priorities.items() if value not in (1, 2, 3, 4)):
        raise _bad("priorities", f"{bad[0]!r}: give 1, 2, 3 or 4.")
    _zone(rules.timezone)
    _check_time_format(rules.time_format)
    parse_crs(rules.crs)
    return rules


def report(rules: Rules, source: str, body: object) -> Report:
    """Return what the body of a message from `source` reports.

    Raises
    ------
    Invalid
        ``exchange.not_an_object``; ``exchange.missing``, ``input.*`` and what `read_report` raises.
        `field` is ours; the message names the source's.
    GisError
        As `read_report`.
    """
    if not isinstance(body, dict):
        raise Invalid("exchange.not_an_object", "The body is no JSON object.")
    said = {name: _said(body, path) for name, path in rules.fields.items()}
    fields = {name: _typed(rules, name, text) for name, text in said.items() if text}
    fields |= dict(rules.constants)
    for name in NEEDED:
        if name not in fields:
            raise Invalid(
                "exchange.missing",
                f"{name}: the body has nothing at {rules.fields[name]!r}.",
                field=name,
            )
    return read_report({"crs": rules.crs, **fields, "source": source})


def _said(body: Mapping[str, Any], path: str) -> str:
    """Return the text at `path`, empty where there is nothing."""
    value: Any = body
    for key in _keys(path):
        value = _member(value, key)
    if isinstance(value, str):
        return value.strip()
    if value is None or isinstance(value, bool | dict | list):
        return ""
    return str(value)


def _keys(path: str) -> list[str]:
    if not path.startswith("/"):
        return [path]
    return [key.replace("~1", "/").replace("~0", "~") for key in path[1:].split("/")]


def _member(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
        return value[int(key)]
    return None


def _typed(rules: Rules, name: str, text: str) -> Any:
    if name == "category":
        return _translate(rules.categories, text) or text
    if name == "priority" and (priority := _translate(rules.priorities, text)):
        return priority
    if name in rows.MOMENTS:
        return _moment(rules, text, name)
    return text if name not in rows.NUMBERS else _number(rules, text, name)


def _translate(table: Mapping[str, Any], code: str) -> Any:
    """Return the entry of the longest key that fits, else None."""
    if code in table:
        return table[code]
    longest = min(len(code), LONGEST_KEY)
    beginnings = (f"{code[:length]}*" for length in range(longest, -1, -1))
    return next((table[key] for key in beginnings if key in table), None)


# What is wrong is said without repeating it: where a field was mapped to the wrong one it may be a
# caller's name, and a reason outlives its message.


def _number(rules: Rules, text: str, name: str) -> float:
    try:
        return rows.NUMBERS[name](text)
    except ValueError as error:
        said = f"{name}: what the body has at {rules.fields[name]!r} is no number."
        raise Invalid("input.number", said, field=name) from error


def _moment(rules: Rules, text: str, name: str) -> dt.datetime:
    try:
        moment = _parse(text, rules.time_format)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid(
            "input.not_moment",
            f"{name}: what the body has at {rules.fields[name]!r} is no moment of the form "
            f"{rules.time_format}.",
            field=name,
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=_zone(rules.timezone))


def _parse(text: str, time_format: str) -> dt.datetime:
    if time_format == ISO:
        return dt.datetime.fromisoformat(text)
    if time_format in (UNIX, UNIX_MS):
        seconds = float(text) / (1000 if time_format == UNIX_MS else 1)
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    return dt.datetime.strptime(text, time_format)  # noqa: DTZ007 (the zone is the mapping's)


def _check_time_format(time_format: str) -> None:
    if time_format in (ISO, UNIX, UNIX_MS):
        return
    moment = dt.datetime(2026, 3, 10, 9, 30, 15, tzinfo=dt.UTC)
    try:
        read = _parse(moment.strftime(time_format), time_format)
    except ValueError as error:
        said = "give iso, unix, unix_ms or a pattern such as %Y%m%d%H%M%S."
        raise _bad("time_format", said) from error
    if read.replace(second=0, tzinfo=dt.UTC) != moment.replace(second=0):
        raise _bad("time_format", "the pattern leaves out a part of the date or of the time.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _bad("timezone", "give an IANA name such as Asia/Shanghai.") from error


def _bad(part: str, remedy: str) -> Invalid:
    return Invalid("exchange.bad_mapping", f"{part}: {remedy}", field=part)
