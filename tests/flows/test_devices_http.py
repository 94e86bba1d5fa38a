"""Devices over HTTP."""

from __future__ import annotations

import base64

from tests.county import PASSWORD
from tests.flows.conftest import AccountClient

OFFICER = "330824001"


def test_a_session_comes_with_the_secret_of_its_device(client: AccountClient) -> None:
    credentials = {"username": OFFICER, "password": PASSWORD, "device": "handheld-7"}
    made = client.post("/api/v1/sessions", json=credentials)
    client.token = made.json["token"]
    current = client.get("/api/v1/sessions/current")
    assert len(base64.b64decode(made.json["unlock"])) == 32
    assert current.json["unlock"] == made.json["unlock"]
    assert {answer.headers["Cache-Control"] for answer in (made, current)} == {"no-store"}
    assert client.as_("command").get("/api/v1/sessions/current").json["unlock"] is None
