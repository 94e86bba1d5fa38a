"""Calls, tasks and all that is said about them; orders, bulletins, figures, other agencies."""

from __future__ import annotations

from tests.exchange import RULES, a_message
from tests.flows.test_bulletins_http import body as a_bulletin
from tests.flows.test_tables_http import KEY, TO_COMMAND
from tests.permissions.actors import HOLDER, SIGNED_IN, WALLS
from tests.permissions.rows import PARENT, SELF, Row, any_of, bureau, each, reach

_POINT = {"lon": 118.405, "lat": 29.105}
_SPAN = {"from": "{since}", "to": "{until}"}
_TASK, _ORDER = "/api/v1/tasks/{task_id}", "/api/v1/orders/{order_id}"
_INCIDENT, _REVIEW = "/api/v1/incidents/{incident_id}", "/api/v1/reviews/{review_id}"
_BULLETIN, _HANDOVER = "/api/v1/bulletins/{bulletin_id}", "/api/v1/handovers/{handover_id}"
_CAPTURE, _TABLES = "/api/v1/captures/{capture_id}", "/api/v1/dispatch/tables"
_MOBILISED = "/api/v1/dispatch/mobilisations"
_PARTNER, _REJECT = "/api/v1/exchange/partners/110", "/api/v1/exchange/rejects/1"
_ROOMS, _READERS = "command", "command admin auditor"
_READ_BY = reach(_READERS) | {HOLDER}


def _command(verb: str, n: int) -> dict[str, object]:
    return {
        "id": f"00000000-0000-4000-8000-{n:012}",
        "verb": verb,
        "occurred_at": "{until}",
        "data": {},
    }


_REPORT = _POINT | {"source": "110", "external_id": "2", "category": "dispute"}
_NOTICE = {
    "unit": "33082401",
    "kind": "notice",
    "title": "a",
    "text": "b",
    "audience": {"units": ["33082401"]},
}
_GIVEN = {name: value for name, value in a_bulletin().items() if name != "unit"}
_WATCH = _SPAN | {"unit": "33082401"}
_DECISION = {"kind": "key_place", "name": "广场", **_POINT}
_CHANGE = {
    "changes": [{"key": KEY, "values": TO_COMMAND}],
    "why": "试点",
}

ROWS = (
    Row("POST /api/v1/incidents", any_of("command"), ok=201, body=_REPORT),
    Row("GET /api/v1/incidents", SIGNED_IN),
    Row("GET /api/v1/incidents.xlsx", any_of(_READERS), query=_SPAN),
    Row("POST /api/v1/incidents/preview", any_of("command"), body=_POINT),
    Row(f"GET {_INCIDENT}", _READ_BY, refused=403),
    Row(f"GET {_INCIDENT}/decision", _READ_BY, refused=403),
    Row(f"GET {_INCIDENT}/record.pdf", _READ_BY, refused=403),
    Row(f"GET {_INCIDENT}/related", _READ_BY, refused=403),
    Row("GET /api/v1/tasks", SIGNED_IN),
    Row(f"GET {_TASK}", _READ_BY, refused=403),
    Row(f"GET {_TASK}/units", reach(_READERS), refused=403),
    Row(
        f"POST {_TASK}/commands",
        frozenset({HOLDER}),
        refused=403,
        body=_command("sign", 1),
    ),
    Row(
        "POST /api/v1/playbacks",
        reach("command admin auditor"),
        body=_SPAN | {"station": "33082401"},
    ),
    # Mobilisation, tables of norms, alarms.
    Row(f"GET {_MOBILISED}", any_of("admin gis_admin command officer auditor wall")),
    Row(
        f"POST {_MOBILISED}",
        reach("command admin"),
        ok=409,
        body={"unit": "33082401", "why": "防汛"},
    ),
    Row(
        f"GET {_MOBILISED}/{{order_id}}",
        any_of("admin gis_admin command officer auditor wall"),
        at=f"{_MOBILISED}/{{mobilisation_id}}",
    ),
    Row(
        f"POST {_MOBILISED}/{{order_id}}/end",
        reach("command admin"),
        at=f"{_MOBILISED}/{{mobilisation_id}}/end",
    ),
    Row(
        "GET /api/v1/dispatch/norms/departures",
        any_of("admin gis_admin command auditor wall"),
    ),
    Row(f"GET {_TABLES}", any_of("admin gis_admin command officer auditor wall")),
    Row(
        f"GET {_TABLES}/{{table}}",
        any_of("admin gis_admin command officer auditor wall"),
        at=f"{_TABLES}/route",
    ),
    Row(
        f"GET {_TABLES}/{{table}}/history",
        any_of("admin gis_admin command officer auditor wall"),
        at=f"{_TABLES}/route/history",
    ),
    Row(
        f"POST {_TABLES}/{{table}}/changes",
        bureau("admin"),
        ok=200,
        at=f"{_TABLES}/route/changes",
        body=_CHANGE,
        tag_of=PARENT,
    ),
    Row(
        f"DELETE {_TABLES}/{{table}}/rows/{{row_id}}",
        bureau("admin"),
        ok=409,
        at=f"{_TABLES}/route/rows/999",
        query={"why": "x"},
        tag_of="../..",
    ),
    Row(
        f"POST {_TABLES}/dry-run",
        bureau("admin"),
        body={"changes": [_CHANGE["changes"][0] | {"table": "route"}], "days": 1},
    ),
    Row("GET /api/v1/alarms", any_of("command admin auditor wall")),
    Row(
        "POST /api/v1/alarms/{key}/silence",
        bureau("command admin"),
        at="/api/v1/alarms/{alarm}/silence",
        body={"minutes": 5, "note": "x"},
    ),
    # Orders.
    Row("GET /api/v1/orders", any_of(_READERS)),
    Row("POST /api/v1/orders", reach("command admin"), ok=201, body=_NOTICE),
    Row("GET /api/v1/orders/mine", SIGNED_IN),
    Row(
        "POST /api/v1/orders/preview",
        reach("command admin"),
        body={"unit": "33082401", "audience": {"units": ["33082401"]}},
    ),
    Row(f"GET {_ORDER}", reach(_READERS), refused=403),
    Row(f"GET {_ORDER}/recipients", reach(_READERS), refused=403),
    Row(f"POST {_ORDER}/recall", reach("command admin"), refused=403, body={"reason": "x"}),
    Row(f"POST {_ORDER}/close", reach("command admin"), refused=403),
    Row(f"POST {_ORDER}/remind", reach("command admin"), refused=403),
    Row(f"POST {_ORDER}/commands", frozenset({HOLDER}), refused=404, body=_command("read", 2)),
    # Bulletins.
    Row("GET /api/v1/bulletins", reach("command auditor"), query={"unit": "33082401"}),
    Row("GET /api/v1/bulletins/terms", SIGNED_IN),
    Row("POST /api/v1/bulletins", reach(_ROOMS), ok=201, body=a_bulletin()),
    Row(f"GET {_BULLETIN}", reach("command auditor"), refused=404),
    Row(
        f"PUT {_BULLETIN}",
        reach(_ROOMS),
        ok=200,
        refused=404,
        tag_of=SELF,
        at="/api/v1/bulletins/{bulletin_draft}",
        body=_GIVEN,
        other=each(reach("auditor"), 403),
    ),
    Row(f"GET {_BULLETIN}/contents", reach("command auditor"), refused=404),
    Row(f"GET {_BULLETIN}/recipients", reach("command auditor"), refused=404),
    Row(
        f"POST {_BULLETIN}/steps",
        reach(_ROOMS),
        refused=404,
        body={"verb": "withdraw", "reason": "x"},
        other=each(reach("auditor"), 403),
    ),
    Row(f"PUT {_BULLETIN}/copy", frozenset({HOLDER}), ok=200, refused=404, body={}),
    Row(f"POST {_BULLETIN}/commands", frozenset({HOLDER}), refused=404, body=_command("read", 3)),
    Row(f"GET {_BULLETIN}/cells", reach(_ROOMS), refused=404, other=each(reach("auditor"), 403)),
    Row(f"GET {_BULLETIN}/cap", reach(_ROOMS), refused=404, other=each(reach("auditor"), 403)),
    Row(
        "POST /api/v1/bulletins/cap",
        reach(_ROOMS),
        ok=422,
        body={"unit": "33082401", "document": "<no-cap/>"},
    ),
    Row(f"GET {_BULLETIN}/sightings", reach("command auditor") | {HOLDER}, refused=404),
    Row(
        f"POST {_BULLETIN}/sightings/{{sighting_id}}/answers",
        reach(_ROOMS),
        ok=404,
        refused=404,
        other=each(reach("auditor"), 403),
        at=f"{_BULLETIN}/sightings/1/answers",
        body={"verb": "confirm"},
    ),
    # Field capture and photos.
    Row("GET /api/v1/captures", SIGNED_IN),
    Row(
        "POST /api/v1/captures",
        any_of("officer"),
        ok=201,
        body=_POINT | {"kind": "place", "text": "x", "name": "x"},
    ),
    Row(f"GET {_CAPTURE}", _READ_BY, refused=404),
    Row(
        f"POST {_CAPTURE}/accept",
        reach("command"),
        refused=404,
        other=each(reach("admin auditor") | {HOLDER}, 403),
    ),
    Row(
        f"POST {_CAPTURE}/decline",
        reach("command"),
        refused=404,
        body={"reason": "x"},
        other=each(reach("admin auditor") | {HOLDER}, 403),
    ),
    Row(
        f"POST {_CAPTURE}/place",
        reach("admin gis_admin"),
        ok=201,
        refused=404,
        at="/api/v1/captures/{place_capture_id}/place",
        body=_DECISION,
        other=each(reach("command auditor") | {HOLDER}, 403),
    ),
    Row(
        "POST /api/v1/attachments",
        any_of("officer command"),
        body={"sha256": "0" * 64, "size": 10, "media_type": "image/jpeg"},
    ),
    Row(
        "GET /api/v1/attachments/{sha256}", _READ_BY, refused=404, query={"capture": "{capture_id}"}
    ),
    Row(
        "PATCH /api/v1/attachments/{sha256}",
        frozenset({HOLDER}),
        ok=200,
        refused=404,
        headers={"Upload-Offset": "0", "Content-Type": "application/octet-stream"},
    ),
    # Reviews, watches, what officers did.
    Row("GET /api/v1/reviews", SIGNED_IN),
    Row(
        "POST /api/v1/reviews",
        reach(_ROOMS),
        ok=201,
        refused=403,
        body={"title": "x", "incidents": ["{incident_id}"]},
    ),
    Row(f"GET {_REVIEW}", reach(_READERS) | {HOLDER}, refused=404),
    Row(
        f"POST {_REVIEW}/remarks",
        reach(_ROOMS),
        refused=404,
        body={"text": "x"},
        other=each(reach("admin auditor") | {HOLDER}, 403),
    ),
    Row(
        f"POST {_REVIEW}/lessons",
        reach(_ROOMS),
        refused=404,
        body={"text": "x", "owner": HOLDER, "due_on": "2026-04-01"},
        other=each(reach("admin auditor") | {HOLDER}, 403),
    ),
    Row(
        f"POST {_REVIEW}/lessons/{{lesson_id}}/settle",
        reach(_ROOMS) | {HOLDER},
        ok=409,
        refused=404,
        body={"text": "x"},
        other=each(reach("admin auditor"), 403),
    ),
    Row(
        f"POST {_REVIEW}/submit",
        reach(_ROOMS),
        refused=404,
        body={"conclusion": "x"},
        other=each(reach("admin auditor") | {HOLDER}, 403),
    ),
    Row(
        f"POST {_REVIEW}/send-back",
        reach("command admin"),
        ok=409,
        refused=404,
        body={"text": "x"},
        other=each(reach("auditor") | {HOLDER}, 403),
    ),
    Row(
        f"POST {_REVIEW}/sign-off",
        reach("command admin"),
        ok=409,
        refused=404,
        other=each(reach("auditor") | {HOLDER}, 403),
    ),
    Row("GET /api/v1/handovers", SIGNED_IN),
    Row("GET /api/v1/handovers/preview", reach(_READERS), query=_WATCH),
    Row("POST /api/v1/handovers", reach(_ROOMS), ok=201, body=_WATCH),
    Row(f"GET {_HANDOVER}", reach(_READERS), refused=404),
    Row(f"GET {_HANDOVER}.xlsx", reach(_READERS), refused=404),
    Row(
        f"POST {_HANDOVER}/take",
        reach(_ROOMS),
        refused=404,
        body={},
        other=each(reach("admin auditor"), 403),
    ),
    Row(
        "GET /api/v1/day-log",
        reach(_READERS) | {HOLDER},
        query={"officer": HOLDER, "on": "2026-03-10"},
    ),
    Row(
        "GET /api/v1/day-log.xlsx",
        reach(_READERS) | {HOLDER},
        query={"officer": HOLDER, "on": "2026-03-10"},
    ),
    # Figures: of a unit that is named, and of all that one sees.
    Row(
        "GET /api/v1/figures/day",
        reach("command admin auditor wall"),
        query={"station": "33082401"},
    ),
    Row(
        "GET /api/v1/figures/day/calls",
        reach(f"{_READERS} wall"),
        query={"figure": "received", "station": "33082401"},
    ),
    Row(
        "GET /api/v1/figures/intervals",
        reach("command admin auditor wall"),
        query=_SPAN | {"station": "33082401"},
    ),
    Row(
        "GET /api/v1/figures/intervals.csv",
        reach("command admin auditor wall"),
        query=_SPAN | {"station": "33082401"},
    ),
    Row(
        "GET /api/v1/figures/intervals/calls",
        reach(f"{_READERS} wall"),
        query=_SPAN | {"station": "33082401", "interval": "signing"},
    ),
    Row(
        "GET /api/v1/figures/officers",
        reach("command admin gis_admin auditor wall"),
        query=_SPAN | {"station": "33082401"},
    ),
    Row(
        "GET /api/v1/figures/officers.csv",
        reach("command admin gis_admin auditor wall"),
        query=_SPAN | {"station": "33082401"},
    ),
    Row(
        "GET /api/v1/figures/officers/{number}/calls",
        reach(_READERS),
        at=f"/api/v1/figures/officers/{HOLDER}/calls",
        query=_SPAN | {"figure": "signed"},
    ),
    Row(
        "GET /api/v1/figures/cells",
        reach("command admin gis_admin auditor wall"),
        query={"station": "33082401"},
    ),
    Row("GET /api/v1/figures/own", any_of("officer"), query=_SPAN),
    # Other agencies: an admin of the bureau's; what they send is signed and has no session.
    Row("GET /api/v1/exchange/partners", bureau("admin")),
    Row(
        "POST /api/v1/exchange/partners",
        bureau("admin"),
        ok=201,
        body={"code": "12345", "name": "x"},
    ),
    Row("GET /api/v1/exchange/partners/{code}", bureau("admin"), at=_PARTNER),
    Row(
        "PUT /api/v1/exchange/partners/{code}",
        bureau("admin"),
        ok=200,
        at=_PARTNER,
        tag_of=SELF,
        body={"name": "x"},
    ),
    Row("GET /api/v1/exchange/partners/{code}/mapping", bureau("admin"), at=f"{_PARTNER}/mapping"),
    Row(
        "PUT /api/v1/exchange/partners/{code}/mapping",
        bureau("admin"),
        ok=200,
        at=f"{_PARTNER}/mapping",
        tag_of=SELF,
        body={"rules": RULES},
    ),
    Row(
        "GET /api/v1/exchange/partners/{code}/mapping/history",
        bureau("admin"),
        at=f"{_PARTNER}/mapping/history",
    ),
    Row(
        "POST /api/v1/exchange/partners/{code}/mapping/preview",
        bureau("admin"),
        at=f"{_PARTNER}/mapping/preview",
        body={"rules": RULES, "sample": a_message()},
    ),
    Row("GET /api/v1/exchange/partners/{code}/pull", bureau("admin"), at=f"{_PARTNER}/pull"),
    Row(
        "PUT /api/v1/exchange/partners/{code}/pull",
        bureau("admin"),
        ok=200,
        at=f"{_PARTNER}/pull",
        tag_of=SELF,
        body={"view": "v", "cursor_column": "c"},
    ),
    Row("POST /api/v1/exchange/partners/{code}/replay", bureau("admin"), at=f"{_PARTNER}/replay"),
    Row("GET /api/v1/exchange/rejects", bureau("admin")),
    Row("GET /api/v1/exchange/rejects/{number}", bureau("admin"), ok=404, at=_REJECT),
    Row(
        "POST /api/v1/exchange/rejects/{number}/replay",
        bureau("admin"),
        ok=404,
        at=f"{_REJECT}/replay",
    ),
    Row(
        "POST /api/v1/exchange/rejects/{number}/dismiss",
        bureau("admin"),
        ok=404,
        at=f"{_REJECT}/dismiss",
    ),
    Row("GET /api/v1/exchange/letters", bureau("admin")),
    Row(
        "POST /api/v1/exchange/letters/{number}/retry",
        bureau("admin"),
        ok=404,
        at="/api/v1/exchange/letters/1/retry",
    ),
    Row(
        "POST /api/v1/exchange/{code}/incidents",
        frozenset(),
        refused=401,
        at="/api/v1/exchange/110/incidents",
        body={},
        other=each(WALLS, 401),
    ),
    Row(
        "POST /api/v1/exchange/{code}/answers",
        frozenset(),
        refused=401,
        at="/api/v1/exchange/110/answers",
        body={"task": "{task_id}", "text": "x", "answered_at": "{until}"},
        other=each(WALLS, 401),
    ),
)
