"""The settings of the grid over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from gis import coverage
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

SETTINGS = "/api/v1/grid/settings"
DEFAULTS = {
    "code_scheme": "free",
    "code_pattern": None,
    "tolerance_m": 1.0,
    "min_area_m2": 1.0,
    "enclave_m2": 50_000.0,
    "min_cell_m2": 1.0,
    "snap_m": 1.0,
}


def put(client: AccountClient, **changes: Any) -> Any:
    etag = client.get(SETTINGS).headers["ETag"]
    return client.put(SETTINGS, json=DEFAULTS | changes, headers={"If-Match": etag})


def test_without_a_decision_the_usual_holds(gis: AccountClient) -> None:
    assert gis.get(SETTINGS).json == DEFAULTS
    usual = coverage.faults.__kwdefaults__
    assert {name: DEFAULTS[name] for name in usual if name in DEFAULTS} == {
        name: usual[name] for name in usual if name in DEFAULTS
    }


def test_settings_are_kept(gis: AccountClient) -> None:
    wanted = {"code_scheme": "free", "code_pattern": "A99", "snap_m": 5.0}
    assert put(gis, **wanted).json == DEFAULTS | wanted
    assert gis.get(SETTINGS).json == DEFAULTS | wanted
    assert put(gis, code_scheme="digits_15").json["code_pattern"] is None


def test_a_change_needs_the_etag_of_what_was_seen(gis: AccountClient) -> None:
    is_problem(gis.put(SETTINGS, json=DEFAULTS), 428)
    etag = gis.get(SETTINGS).headers["ETag"]
    assert put(gis, snap_m=2.0).status_code == 200
    is_problem(gis.put(SETTINGS, json=DEFAULTS, headers={"If-Match": etag}), 412)
    assert gis.get(SETTINGS).json["snap_m"] == 2.0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code_scheme": "roman"}, "code_scheme"),
        ({"code_scheme": "digits_20", "code_pattern": "A"}, "code_pattern"),
        ({"tolerance_m": -1}, "tolerance_m"),
        ({"enclave_m2": 0}, "enclave_m2"),
        ({"snap_m": None}, "snap_m"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_settings(gis: AccountClient, changes: dict[str, Any], field: str) -> None:
    assert is_problem(put(gis, **changes), 422)["field"] == field
    assert gis.get(SETTINGS).json == DEFAULTS


def test_only_a_gis_admin_decides(client: AccountClient) -> None:
    for username in ("command", "admin", "auditor", "330824001"):
        is_problem(put(client.as_(username), snap_m=2.0), 403, "access.forbidden")
