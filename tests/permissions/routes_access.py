"""Who signs in how: sessions, accounts, devices, second factors; the ledger; what needs nothing."""

from __future__ import annotations

from tests.permissions.actors import HOLDER, SIGNED_IN, WALLS
from tests.permissions.rows import EVERYBODY, SELF, Row, any_of, beyond, bureau, each, reach

_OWN = SIGNED_IN - WALLS
_NOT_THE_PASSWORD = {"password": "not-the-password"}
_SIGNED, _ANSWER = {"signature": "eA=="}, {"code": "x", "state": "x"}

ROWS = (
    # What needs no session.
    Row("GET /", EVERYBODY),
    Row("GET /{path}", EVERYBODY, at="/sign-in"),
    Row("GET /api/docs", EVERYBODY),
    Row("GET /api/openapi.json", EVERYBODY),
    Row("GET /healthz", EVERYBODY),
    Row("GET /readyz", EVERYBODY),
    Row("GET /metrics", EVERYBODY),  # by where it is asked from: test_http
    Row("GET /ca.crt", EVERYBODY, ok=404),
    Row("POST /api/v1/sessions", EVERYBODY, ok=401, body=_NOT_THE_PASSWORD | {"username": "x"}),
    Row("POST /api/v1/sessions/second", EVERYBODY, ok=401, body={"ticket": "x", "code": "000000"}),
    Row("POST /api/v1/sessions/enrolment", EVERYBODY, ok=401, body={"ticket": "x", "kind": "totp"}),
    Row(
        "POST /api/v1/sessions/enrolment/confirm",
        EVERYBODY,
        ok=401,
        body={"ticket": "x", "name": "x", "code": "000000"},
    ),
    Row("POST /api/v1/sessions/device", EVERYBODY, ok=401, body={"ticket": "x"} | _SIGNED),
    Row("GET /api/v1/sessions/ways", EVERYBODY),
    # This installation names no identity provider: test_identity_provider.
    Row("POST /api/v1/sessions/provider", EVERYBODY, ok=404, body=_ANSWER),
    Row("POST /api/v1/sessions/provider/begin", EVERYBODY, ok=404),
    Row("POST /api/v1/sessions/current/unlock/provider", _OWN, ok=404, body=_ANSWER),
    Row("POST /api/v1/devices/enrolment", EVERYBODY, ok=401, body={"code": "x"}),
    Row(
        "POST /api/v1/devices/enrolment/confirm",
        EVERYBODY,
        ok=401,
        body={"code": "x", "device": "x", "public_key": "eA=="} | _SIGNED,
    ),
    # One's own.
    Row("GET /api/v1/sessions/current", SIGNED_IN),
    Row("DELETE /api/v1/sessions/current", SIGNED_IN, ok=204),
    Row(
        "POST /api/v1/sessions/current/wall",
        any_of("command admin auditor wall"),
    ),
    Row("POST /api/v1/sessions/current/activity", _OWN, ok=204),
    Row("POST /api/v1/sessions/current/lock", _OWN, ok=204),
    Row("POST /api/v1/sessions/current/unlock", _OWN, ok=401, body=_NOT_THE_PASSWORD),
    Row(
        "PUT /api/v1/sessions/current/password",
        _OWN,
        ok=401,
        body=_NOT_THE_PASSWORD | {"new_password": "quite another one"},
    ),
    Row("GET /api/v1/sessions", SIGNED_IN),
    Row("POST /api/v1/sessions/others/end", _OWN, ok=401, body=_NOT_THE_PASSWORD),
    Row("POST /api/v1/sessions/{session_id}/end", _OWN, ok=401, body=_NOT_THE_PASSWORD),
    Row("GET /api/v1/sessions/tokens", SIGNED_IN),
    Row("POST /api/v1/sessions/tokens", any_of("gis_admin"), ok=201, body={"name": "QGIS"}),
    Row(
        "DELETE /api/v1/sessions/tokens/{token_id}",
        frozenset(),
        refused=404,
        at="/api/v1/sessions/tokens/{session_id}",
    ),
    Row("GET /api/v1/second-factors", SIGNED_IN),
    Row("POST /api/v1/second-factors", _OWN, ok=401, body=_NOT_THE_PASSWORD | {"kind": "totp"}),
    Row("POST /api/v1/second-factors/confirm", _OWN, ok=409, body={"name": "x", "code": "000000"}),
    Row("POST /api/v1/second-factors/recovery-codes", _OWN, ok=401, body=_NOT_THE_PASSWORD),
    Row(
        "POST /api/v1/second-factors/{factor_id}/remove",
        _OWN,
        ok=401,
        body=_NOT_THE_PASSWORD,
        at="/api/v1/second-factors/1/remove",
    ),
    Row("GET /api/v1/devices/mine", SIGNED_IN),
    # Of a device that was revoked: no living session is one's.
    Row("POST /api/v1/devices/wiped", frozenset(), refused=401, other=each(WALLS, 401)),
    # Others'.
    Row("GET /api/v1/accounts", any_of("admin auditor")),
    Row(
        "GET /api/v1/accounts/{account_id}/sessions",
        reach("admin auditor"),
        refused=404,
        at="/api/v1/accounts/{holder_id}/sessions",
    ),
    Row(
        "DELETE /api/v1/accounts/{account_id}/sessions",
        reach("admin"),
        refused=404,
        at="/api/v1/accounts/{holder_id}/sessions",
    ),
    Row(
        "DELETE /api/v1/accounts/{account_id}/sessions/{session_id}",
        reach("admin"),
        ok=204,
        refused=404,
        at="/api/v1/accounts/{holder_id}/sessions/{session_id}",
    ),
    Row(
        "POST /api/v1/accounts/{account_id}/open",
        reach("admin"),
        ok=200,
        refused=404,
        at="/api/v1/accounts/{holder_id}/open",
    ),
    Row(
        "POST /api/v1/accounts/{account_id}/reset-second-factor",
        reach("admin"),
        refused=404,
        body={"reason": "lost"},
        at="/api/v1/accounts/{holder_id}/reset-second-factor",
    ),
    Row("GET /api/v1/sign-in-policy", any_of("admin auditor")),
    Row(
        "PUT /api/v1/sign-in-policy",
        bureau("admin"),
        ok=200,
        tag_of=SELF,
        body={
            "most_failures": 5,
            "second_factor_roles": [],
            "idle_minutes": 30,
            "session_hours": 24,
            "provider_only_roles": [],
            "provider_factor_counts": False,
            "enrolled_device_roles": [],
        },
    ),
    Row("GET /api/v1/devices", any_of("admin command")),
    Row(
        "POST /api/v1/devices/codes",
        reach("admin command"),
        ok=201,
        other=each(beyond("admin command"), 404),
        headers={"Origin": "http://localhost:8000"},
        body={"username": HOLDER},
    ),
    Row(
        "POST /api/v1/devices/{device_id}/revoke",
        reach("admin command") | {HOLDER},
        refused=404,
        body={"reason": "lost"},
    ),
    Row("POST /api/v1/devices/{device_id}/admit", reach("admin"), ok=200, refused=404),
    # The ledger: nobody's but the auditor's, who reads all of it: from which device it was, too.
    Row(
        "GET /api/v1/audit/entries",
        any_of("auditor"),
        tells=frozenset({"handheld-of-the-south"}),
    ),
    Row(
        "GET /api/v1/audit/entries/{entry_id}/proof",
        any_of("auditor"),
        ok=409,
        at="/api/v1/audit/entries/1/proof",
    ),
    Row("GET /api/v1/audit/export.jsonl", any_of("auditor")),
    Row("GET /api/v1/audit/standing", any_of("auditor")),
    # One's own inbox and place.
    Row("GET /api/v1/inbox", any_of("officer command")),
    Row("POST /api/v1/inbox/ack", any_of("officer command"), body={"seq": 0}),
    Row("GET /api/v1/inbox/snapshot", any_of("officer command")),
    Row("GET /api/v1/positions", any_of("command admin gis_admin auditor wall")),
    Row(
        "POST /api/v1/positions",
        any_of("officer"),
        ok=202,
        body={"positions": [{"lon": 118.41, "lat": 29.11, "at": "{until}"}]},
    ),
)
