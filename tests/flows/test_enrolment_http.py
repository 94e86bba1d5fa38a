"""Enrolling a device by a one-time code, and what only that device can do afterwards."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from gridserver.access import policy, proofs
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from tests.county import PASSWORD, County
from tests.devicekeys import DeviceKey, in_base64
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

SESSIONS, DEVICES = "/api/v1/sessions", "/api/v1/devices"
ORIGIN = {"Origin": "http://localhost:8000"}
#: Of the southern station.
WHO, ROOM, OTHER_ROOM = "330824001", "room-33082401", "room-33082402"
NAME = "handheld"
#: Of one address.
MOST_CODES = 50


def code_for(client: AccountClient, username: str = WHO, by: str = "admin") -> str:
    made = client.as_(by).post(f"{DEVICES}/codes", json={"username": username}, headers=ORIGIN)
    assert made.status_code == 201, made.text
    assert made.json["qr"].startswith("data:image/svg+xml")
    link = urlsplit(made.json["url"])
    assert (f"{link.scheme}://{link.netloc}", link.path) == (ORIGIN["Origin"], "/enrol")
    return link.fragment


def enrol(
    client: AccountClient, code: str, key: DeviceKey, name: str = NAME, **said: str
) -> TestResponse:
    begun = client.post(f"{DEVICES}/enrolment", json={"code": code})
    if begun.status_code != 200:
        return begun
    signed = proofs.message(proofs.ENROLMENT, code, begun.json["challenge"], name)
    body = {
        "code": code,
        "device": name,
        "public_key": in_base64(key.public),
        "signature": in_base64(key.sign(signed)),
    }
    return client.post(f"{DEVICES}/enrolment/confirm", json=body | said)


def sign_in(client: AccountClient, device: str | None = NAME, who: str = WHO) -> TestResponse:
    body = {"username": who, "password": PASSWORD} | ({"device": device} if device else {})
    return client.post(SESSIONS, json=body)


def prove(client: AccountClient, wanted: TestResponse, key: DeviceKey) -> TestResponse:
    assert (wanted.status_code, wanted.json["wants"]) == (202, "device"), wanted.text
    signed = proofs.message(proofs.SIGN_IN, wanted.json["challenge"])
    body = {"ticket": wanted.json["ticket"], "signature": in_base64(key.sign(signed))}
    return client.post(f"{SESSIONS}/device", json=body)


def demand(database: Database, **demands: list[str]) -> None:
    with database.transaction() as session:
        policy.change(session, None, **demands)


def test_an_enrolled_device_signs_in_by_its_key(client: AccountClient) -> None:
    key = DeviceKey()
    assert enrol(client, code_for(client), key).json == {"username": WHO}
    opened = prove(client, sign_in(client), key)
    assert opened.status_code == 201, opened.text
    bearer = {"Authorization": f"Bearer {opened.json['token']}"}
    (device,) = client.get(f"{DEVICES}/mine", headers=bearer).json["items"]
    assert device["name"] == NAME and device["enrolled_at"] and device["is_current"]


def test_its_name_and_the_password_are_not_enough_elsewhere(client: AccountClient) -> None:
    key = DeviceKey()
    enrol(client, code_for(client), key)
    wanted = sign_in(client)
    is_problem(prove(client, wanted, DeviceKey()), 401, "access.wrong_proof")
    replayed = prove(client, wanted, key)
    assert replayed.status_code == 201
    is_problem(prove(client, wanted, key), 401, "access.ticket_over")


def test_a_code_is_good_once_and_for_ten_minutes(client: AccountClient, clock: SetClock) -> None:
    used = code_for(client)
    assert enrol(client, used, DeviceKey()).status_code == 200
    is_problem(enrol(client, used, DeviceKey(), "another"), 401, "device.code_over")
    late = code_for(client)
    clock.advance(dt.timedelta(minutes=10))
    is_problem(enrol(client, late, DeviceKey()), 401, "device.code_over")
    former, latest = code_for(client), code_for(client)
    is_problem(enrol(client, former, DeviceKey()), 401, "device.code_over")
    assert enrol(client, latest, DeviceKey()).status_code == 200


def test_what_a_device_must_show_to_be_enrolled(client: AccountClient) -> None:
    code, key = code_for(client), DeviceKey()
    other = in_base64(DeviceKey().public)
    is_problem(enrol(client, code, key, public_key=other), 401, "access.wrong_proof")
    is_problem(enrol(client, code, key, device="another"), 401, "access.wrong_proof")
    is_problem(enrol(client, code, key, public_key=in_base64(b"x")), 422, "device.bad_key")
    is_problem(enrol(client, code, key, signature="no base64"), 422, "input.invalid")
    assert enrol(client, code, key).status_code == 200


def test_wrong_codes_are_in_the_ledger_and_bounded(
    client: AccountClient, database: Database
) -> None:
    code, key = code_for(client), DeviceKey()
    is_problem(enrol(client, code, key, device="another"), 401, "access.wrong_proof")
    for _ in range(MOST_CODES - 1):
        is_problem(enrol(client, "guessed", key), 401, "device.code_over")
    for guess in (code, "guessed"):
        is_problem(enrol(client, guess, key), 429, "access.too_many_attempts")

    its = select(AuditEntry.data).where(AuditEntry.tag == "device:enrol_refused")
    with database.transaction() as session:
        rows = session.scalars(its.order_by(AuditEntry.id)).all()
    assert [row["why"] for row in rows] == [
        "access.wrong_proof",
        *["device.code_over"] * (MOST_CODES - 1),
    ]
    way = "enrolment:127.0.0.1"
    assert rows[0]["ways"] == [way]
    assert (rows[-2]["shut"], rows[-1]["shut"]) == ([], [way])
    assert code not in str(rows), "a code that is still good is nobody else's to read"
    assert sign_in(client, None).status_code == 201, "and keeps nobody from signing in"


def test_right_codes_use_up_nothing(client: AccountClient) -> None:
    code = code_for(client)
    for _ in range(MOST_CODES + 1):
        assert client.post(f"{DEVICES}/enrolment", json={"code": code}).status_code == 200
    assert enrol(client, code, DeviceKey()).status_code == 200


@pytest.mark.parametrize(
    ("by", "username", "status"),
    [
        (ROOM, WHO, 201),
        (OTHER_ROOM, WHO, 404),
        (ROOM, "command", 404),
        (ROOM, "nobody", 404),
        (WHO, WHO, 403),
        ("gis", WHO, 403),
        ("auditor", WHO, 403),
    ],
)
def test_who_makes_codes_for_whom(
    client: AccountClient, by: str, username: str, status: int
) -> None:
    made = client.as_(by).post(f"{DEVICES}/codes", json={"username": username}, headers=ORIGIN)
    assert made.status_code == status, made.text


def test_the_link_leads_to_our_own_host(client: AccountClient) -> None:
    admin, body = client.as_("admin"), {"username": WHO}
    is_problem(admin.post(f"{DEVICES}/codes", json=body), 409, "access.no_page")
    elsewhere = {"Origin": "https://elsewhere.example"}
    refused = admin.post(f"{DEVICES}/codes", json=body, headers=elsewhere)
    is_problem(refused, 403, "http.foreign_origin")


def test_a_role_that_demands_it(client: AccountClient, database: Database) -> None:
    demand(database, enrolled_device_roles=["officer"])
    for device in (NAME, None):
        is_problem(sign_in(client, device), 403, "access.device_not_enrolled")
    assert sign_in(client, None, "command").status_code == 201
    key = DeviceKey()
    enrol(client, code_for(client, by=ROOM), key)
    assert prove(client, sign_in(client), key).status_code == 201
    is_problem(sign_in(client, "another"), 403, "access.device_not_enrolled")


def test_a_first_second_factor_rests_on_the_device_too(
    client: AccountClient, database: Database, clock: SetClock
) -> None:
    """Whoever has the password alone enrols none."""
    demand(database, enrolled_device_roles=["officer"], second_factor_roles=["officer"])
    is_problem(sign_in(client), 403, "access.device_not_enrolled")
    key = DeviceKey()
    enrol(client, code_for(client), key)
    wanted = sign_in(client)
    for_enrolment = {"ticket": wanted.json["ticket"], "kind": "totp"}
    is_problem(client.post(f"{SESSIONS}/enrolment", json=for_enrolment), 401)
    shown = prove(client, wanted, key)
    assert (shown.status_code, shown.json["wants"]) == (202, "enrolment")
    ticket = shown.json["ticket"]
    begun = client.post(f"{SESSIONS}/enrolment", json={"ticket": ticket, "kind": "totp"})
    code = pyotp.TOTP(begun.json["secret"]).at(clock.now())
    body = {"ticket": ticket, "code": code, "name": "telephone"}
    assert client.post(f"{SESSIONS}/enrolment/confirm", json=body).status_code == 201


def test_another_key_ends_what_the_former_opened(app: Flask, client: AccountClient) -> None:
    key = DeviceKey()
    enrol(client, code_for(client), key)
    bearer = {"Authorization": f"Bearer {prove(client, sign_in(client), key).json['token']}"}
    assert client.get("/api/v1/bureau", headers=bearer).status_code == 200
    assert enrol(client, code_for(client), DeviceKey()).status_code == 200
    is_problem(client.get("/api/v1/bureau", headers=bearer), 401)
    is_problem(prove(client, sign_in(client), key), 401, "access.wrong_proof")


def test_a_revoked_device_is_not_enrolled_again(client: AccountClient, county: County) -> None:
    key = DeviceKey()
    enrol(client, code_for(client), key)
    admin = client.as_("admin")
    (device,) = admin.get(f"{DEVICES}?words={NAME}").json["items"]
    admin.post(f"{DEVICES}/{device['id']}/revoke", json={"reason": "lost"})
    is_problem(enrol(client, code_for(client), key), 403, "access.device_revoked")
    is_problem(prove(client, sign_in(client), key), 403, "access.device_revoked")
