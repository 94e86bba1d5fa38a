"""Long-lived tokens that a GIS admin issues for QGIS."""

from __future__ import annotations

import datetime as dt

import pytest

from gridserver.access import queries, service
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from tests.conftest import MORNING
from tests.county import County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

TOKENS = "/api/v1/sessions/tokens"
LANDING = "/ogc/"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def token(client: AccountClient) -> str:
    issued = client.as_("gis").post(TOKENS, json={"name": "QGIS at the office", "days": 90})
    assert issued.status_code == 201, issued.text
    until = dt.datetime.fromisoformat(issued.json["expires_at"])
    assert (issued.json["name"], until - MORNING) == ("QGIS at the office", dt.timedelta(days=90))
    return issued.json["token"]


def test_it_lasts_longer_than_a_session_and_then_ends(
    client: AccountClient, clock: SetClock, token: str
) -> None:
    clock.advance(dt.timedelta(days=89))
    assert client.get(LANDING, headers=bearer(token)).status_code == 200
    clock.advance(dt.timedelta(days=1))
    is_problem(client.get(LANDING, headers=bearer(token)), 401, "access.unauthenticated")


def test_it_can_be_ended_by_itself(client: AccountClient, token: str) -> None:
    assert client.delete("/api/v1/sessions/current", headers=bearer(token)).status_code == 204
    is_problem(client.get(LANDING, headers=bearer(token)), 401)


def test_a_new_password_ends_it(
    client: AccountClient, database: Database, county: County, token: str
) -> None:
    with database.transaction() as session:
        service.set_password(session, None, "gis", "another-password-1")
    is_problem(client.get(LANDING, headers=bearer(token)), 401)


def test_they_are_listed_and_revoked_one_by_one(client: AccountClient, token: str) -> None:
    gis = client.as_("gis")
    other = gis.post(TOKENS, json={"name": "QGIS at home", "days": 7}).json
    shown = gis.get(TOKENS).json["items"]
    assert {each["name"] for each in shown} == {"QGIS at the office", "QGIS at home"}
    assert all(each.keys() == {"id", "name", "created_at", "expires_at"} for each in shown)
    assert gis.delete(f"{TOKENS}/{other['id']}").status_code == 204
    is_problem(client.get(LANDING, headers=bearer(other["token"])), 401)
    assert client.get(LANDING, headers=bearer(token)).status_code == 200
    assert [each["name"] for each in gis.get(TOKENS).json["items"]] == ["QGIS at the office"]
    is_problem(gis.delete(f"{TOKENS}/{other['id']}"), 404, "session.unknown_token")


def test_nobody_revokes_anothers_or_a_session(
    client: AccountClient, database: Database, token: str
) -> None:
    gis, command = client.as_("gis"), client.as_("command")
    (mine,) = gis.get(TOKENS).json["items"]
    assert command.get(TOKENS).json["items"] == []
    is_problem(command.delete(f"{TOKENS}/{mine['id']}"), 404, "session.unknown_token")
    with database.transaction() as session:
        signed_in, _ = queries.principal_by_token(session, gis.token)
    is_problem(gis.delete(f"{TOKENS}/{signed_in.session_id}"), 404, "session.unknown_token")
    assert client.get(LANDING, headers=bearer(token)).status_code == 200


def test_only_a_gis_admin_has_one(client: AccountClient) -> None:
    for username in ("command", "admin", "auditor", "330824001"):
        refused = client.as_(username).post(TOKENS, json={"name": "QGIS"})
        is_problem(refused, 403, "access.forbidden")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "QGIS", "days": 0}, "days"),
        ({"name": "QGIS", "days": 367}, "days"),
        ({"name": "QGIS", "for": "ever"}, "for"),
    ],
)
def test_bad_tokens(client: AccountClient, body: dict, field: str) -> None:
    assert is_problem(client.as_("gis").post(TOKENS, json=body), 422)["field"] == field
