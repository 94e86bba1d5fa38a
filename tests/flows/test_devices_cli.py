"""`gridserver device list`, `revoke` and `admit`."""

from __future__ import annotations

import json

import pytest

from gridserver.access import signing_in
from gridserver.base.db import Database
from gridserver.base.errors import Forbidden
from tests.commands import Run
from tests.county import PASSWORD, County

OFFICER = "330824001"


def sign_in(database: Database) -> None:
    with database.transaction() as session:
        signing_in.sign_in(session, OFFICER, PASSWORD, "handheld-7", {"battery": 0.37})


def test_a_lost_handheld_by_the_command_line(run: Run, database: Database, county: County) -> None:
    sign_in(database)
    (listed,) = json.loads(run("device", "list", "--json").stdout)
    assert (listed["account"]["username"], listed["battery"]) == (OFFICER, 0.37)
    assert "handheld-7" in run("device", "list").stderr

    told = run("device", "revoke", listed["id"], "--reason", "lost")
    assert told.stdout == f"Device {listed['id']} (handheld-7) of {OFFICER} is revoked.\n"
    with pytest.raises(Forbidden):
        sign_in(database)
    (revoked,) = json.loads(run("device", "list", "--state", "revoked", "--json").stdout)
    assert (revoked["revoke_reason"], revoked["revoked_by"]) == ("lost", None)

    admitted = json.loads(run("device", "admit", listed["id"], "--json").stdout)
    assert admitted["revoked_at"] is None
    sign_in(database)


def test_refusals(run: Run, county: County) -> None:
    assert "no device 7" in run("device", "revoke", 7, "--reason", "lost", code=1).stderr
    assert "no unit" in run("device", "list", "--unit", "nowhere", code=1).stderr
    run("device", "revoke", 7, code=2)
    run("device", "admit", "x", code=2)
