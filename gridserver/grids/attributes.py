"""What is known of a draft's cells beside their ground, and what becomes of it in an edit: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gis.arcs import ArcCoverage
from gis.features import Remark
from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.grids.cell_rows import CellState, States, as_wkb

VERB = "set_attributes"
#: What is counted in a cell: unknown in the parts of a split one, the sum in a merged one.
COUNTED = ("households", "people")
NEEDED = frozenset({"code"})
ALLOWED = frozenset({"new_code", "name", "station", "team", "class", *COUNTED})
CLASSES = ("urban", "rural", "border")

_LONGEST = 100
MOST_COUNTED = 10_000_000
_NOTHING = CellState("", None, {}, b"")


def following(
    before: States, after: ArcCoverage, verb: str, arguments: Mapping[str, Any]
) -> dict[str, list[CellState]]:
    """Return the cells of an edit of boundaries as they are after it.

    A cell keeps what is known of it. What a split makes has its parent's station, team and class,
    and nobody knows yet what either part counts (`COUNTED`). What a merge makes has all of their
    counts, where all are known, and the rest from the cell whose code it has, or else from the
    first of them.
    """
    states = {code: found[0] for code, found in before.items() if found}
    known = dict(states)
    if verb == "split_cell" and arguments["code"] in states:
        known |= _parts(states[arguments["code"]], arguments["code"], arguments["new_code"])
    if verb == "merge_cells":
        known[arguments["into"]] = _whole(states, arguments["codes"], arguments["into"])
    return {
        code: [replace(known.get(code, _NOTHING), wkb=as_wkb(after.polygon(code)))]
        if code in after.cells
        else []
        for code in before
    }


def changed(state: CellState, arguments: Mapping[str, Any]) -> CellState:
    """Return a cell with the attributes given; null takes one away, what is not given stays.

    Raises
    ------
    Invalid
        ``input.*``, ``grid.unknown_class``: names the field.
    """
    kept = dict(state.attributes)
    for name in ("team", "class", *COUNTED):
        if name in arguments:
            given = arguments[name]
            value = _count(given, name) if name in COUNTED else _READ[name](given)
            kept = {key: kept[key] for key in kept if key != name}
            kept |= {} if value is None else {name: value}
    name = state.name
    if "name" in arguments:
        name = reading.text(arguments["name"], "name", longest=_LONGEST)
    station = state.station
    if "station" in arguments:
        station = reading.optional_text(arguments["station"], "station", longest=_LONGEST)
    return replace(state, name=name, station=station, attributes=kept)


def said(arguments: Mapping[str, Any]) -> Remark:
    """Say what was set."""
    code, new_code = arguments["code"], arguments.get("new_code")
    names = sorted(arguments.keys() - {"code", "new_code"})
    params = {"code": code, "new_code": new_code, "attributes": names}
    renamed = f"Gave {code} the code {new_code}."
    if not names:
        return Remark("edit.rename_cell", renamed, params)
    changed = f"Set {', '.join(names)} of {new_code or code}."
    if not new_code:
        return Remark("edit.set_attributes", changed, params)
    return Remark("edit.rename_and_set", f"{renamed} {changed}", params)


def _parts(parent: CellState, code: str, new_code: str) -> dict[str, CellState]:
    uncounted = {key: parent.attributes[key] for key in parent.attributes if key not in COUNTED}
    part = replace(parent, attributes=uncounted)
    return {code: part, new_code: replace(part, name=new_code)}


def _whole(states: Mapping[str, CellState], codes: list[str], into: str) -> CellState:
    merged = [states[code] for code in sorted(codes) if code in states]
    model = states.get(into) or replace(merged[0], name=into)
    kept = {key: value for key, value in model.attributes.items() if key not in COUNTED}
    for name in COUNTED:
        counts = [state.attributes.get(name) for state in merged]
        if all(count is not None for count in counts):
            kept[name] = sum(counts)
    return replace(model, attributes=kept)


def _team(value: Any) -> str | None:
    return reading.optional_text(value, "team", longest=_LONGEST)


def _class(value: Any) -> str | None:
    if value is not None and value not in CLASSES:
        raise Invalid(
            "grid.unknown_class", f"class: give one of {', '.join(CLASSES)}.", field="class"
        )
    return value


def _count(value: Any, name: str) -> int | None:
    number = reading.optional_number(value, name, least=0, most=MOST_COUNTED)
    return None if number is None else int(number)


_READ = {"team": _team, "class": _class}
