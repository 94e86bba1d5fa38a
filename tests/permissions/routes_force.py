"""Officers, rosters, field units: what a station's room edits, and others read."""

from __future__ import annotations

from tests.flows.test_force_rosters_api import PATTERN
from tests.permissions.actors import HOLDER, SIGNED_IN
from tests.permissions.rows import SELF, Row, any_of, beyond, bureau, each, reach

_FORCE = "/api/v1/force"
_READERS = "command admin gis_admin auditor wall"
_GROUND = any_of("admin gis_admin command officer auditor wall")
_SHIFT = {"officer": HOLDER, "duty": "pool", "start": "{later}", "end": "{later_end}"}
_ABSENCE = {"officer": "330824003", "reason": "sick", "start": "{later}", "end": "{later_end}"}
_SPAN = {"from": "{since}", "to": "{until}"}
_CAR = {"name": "二号车", "kind": "patrol_car", "unit": "33082401"}

ROWS = (
    Row(f"GET {_FORCE}/officers", any_of(_READERS)),
    Row(f"GET {_FORCE}/presence", any_of(_READERS)),
    Row(f"GET {_FORCE}/my-cells", _GROUND),
    Row(f"GET {_FORCE}/my-duty", any_of("officer")),
    Row(f"GET {_FORCE}/duty", any_of(_READERS)),
    Row(f"GET {_FORCE}/leaders", any_of(_READERS)),
    Row(f"GET {_FORCE}/posts", any_of(_READERS)),
    Row(f"GET {_FORCE}/voids", any_of(_READERS), query=_SPAN),
    Row(
        f"GET {_FORCE}/cells/{{code}}/owners",
        any_of(_READERS),
        at=f"{_FORCE}/cells/330824001001001/owners",
    ),
    Row(
        f"PUT {_FORCE}/cells/{{code}}/owners",
        bureau("admin gis_admin"),
        ok=200,
        at=f"{_FORCE}/cells/330824001001001/owners",
        tag_of=SELF,
        body={"primaries": [HOLDER], "backups": []},
    ),
    Row(f"GET {_FORCE}/shifts", any_of(_READERS), query=_SPAN),
    Row(
        f"POST {_FORCE}/shifts",
        reach("command admin"),
        ok=201,
        body={"shifts": [_SHIFT | {"officer": "330824003"}]},
    ),
    Row(f"GET {_FORCE}/shifts/{{shift_id}}", reach(_READERS)),
    Row(
        f"PUT {_FORCE}/shifts/{{shift_id}}",
        reach("command admin"),
        ok=200,
        tag_of=SELF,
        body=_SHIFT,
    ),
    Row(f"DELETE {_FORCE}/shifts/{{shift_id}}", reach("command admin"), ok=204, tag_of=SELF),
    Row(f"GET {_FORCE}/absences", any_of(_READERS), query=_SPAN),
    Row(f"POST {_FORCE}/absences", reach("command admin"), ok=201, body=_ABSENCE),
    Row(f"GET {_FORCE}/absences/{{absence_id}}", reach(_READERS)),
    Row(
        f"PUT {_FORCE}/absences/{{absence_id}}",
        reach("command admin"),
        ok=200,
        tag_of=SELF,
        body=_ABSENCE,
    ),
    Row(f"DELETE {_FORCE}/absences/{{absence_id}}", reach("command admin"), ok=204, tag_of=SELF),
    Row(f"GET {_FORCE}/patterns", any_of(_READERS)),
    Row(f"POST {_FORCE}/patterns", reach("command admin"), ok=201, body=PATTERN | {"name": "四班"}),
    Row(f"GET {_FORCE}/patterns/{{pattern_id}}", reach(_READERS)),
    Row(
        f"PUT {_FORCE}/patterns/{{pattern_id}}",
        reach("command admin"),
        ok=200,
        tag_of=SELF,
        body=PATTERN,
    ),
    Row(f"DELETE {_FORCE}/patterns/{{pattern_id}}", reach("command admin"), ok=204, tag_of=SELF),
    Row(
        f"POST {_FORCE}/patterns/{{pattern_id}}/month",
        reach("command admin"),
        body={"month": "2026-05"},
    ),
    Row(f"GET {_FORCE}/swaps", SIGNED_IN),
    Row(
        f"POST {_FORCE}/swaps",
        frozenset({HOLDER}),
        ok=409,
        body={"shift": "{shift_id}", "other": "330824004"},
    ),
    Row(f"GET {_FORCE}/swaps/{{swap_id}}", reach("command admin") | {HOLDER}, refused=404),
    Row(
        f"POST {_FORCE}/swaps/{{swap_id}}/commands",
        frozenset({HOLDER}),
        refused=404,
        body={"verb": "withdraw"},
        other=each(reach("command admin"), 403),
    ),
    Row(f"GET {_FORCE}/calendar", _GROUND),
    Row(f"POST {_FORCE}/calendar", bureau("command admin"), body={"year": 2026}),
    Row(f"GET {_FORCE}/calendar/{{date}}", _GROUND, at=f"{_FORCE}/calendar/2026-03-10"),
    Row(
        f"PUT {_FORCE}/calendar/{{date}}",
        bureau("command admin"),
        ok=200,
        at=f"{_FORCE}/calendar/2026-03-10",
        tag_of=SELF,
        body={"kind": "rest"},
    ),
    Row("GET /api/v1/field-units", any_of(_READERS)),
    Row("POST /api/v1/field-units", reach("admin"), ok=201, body=_CAR | {"code": "P2"}),
    Row(
        "GET /api/v1/field-units/{code}",
        reach(_READERS),
        at="/api/v1/field-units/P1",
        other=each(beyond(_READERS), 404),
    ),
    Row(
        "PUT /api/v1/field-units/{code}",
        reach("admin"),
        ok=200,
        at="/api/v1/field-units/P1",
        tag_of=SELF,
        body=_CAR,
        other=each(beyond("command admin gis_admin auditor"), 404),
    ),
    Row(
        "GET /api/v1/field-units/{code}/crew",
        reach(_READERS),
        at="/api/v1/field-units/P1/crew",
        other=each(beyond(_READERS), 404),
    ),
    Row(
        "PUT /api/v1/field-units/{code}/crew",
        reach("command admin"),
        ok=200,
        at="/api/v1/field-units/P1/crew",
        tag_of=SELF,
        body={"crew": []},
        other=each(beyond("command admin gis_admin auditor"), 404),
    ),
    Row("GET /api/v1/nearest-units", any_of(_READERS), query={"lon": 118.41, "lat": 29.11}),
)
