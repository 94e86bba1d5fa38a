"""Signing in over HTTP: what is counted, the second step, one's own password and factors."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gridserver.access import policy
from gridserver.api import context
from gridserver.api.knocking import WORKPLACE
from gridserver.app import create_app
from gridserver.audit.models import AuditEntry
from gridserver.audit.tags import Tag
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.settings import from_environment
from tests.county import PASSWORD, County
from tests.flows.conftest import AccountClient
from tests.problems import is_problem

SESSIONS, FACTORS = "/api/v1/sessions", "/api/v1/second-factors"
WHO = "command"
NEW = "one-of-my-own-now"


def sign_in(
    client: FlaskClient, password: str = PASSWORD, who: str = WHO, **more: object
) -> TestResponse:
    body = {"username": who, "password": password, **more}
    address = {"REMOTE_ADDR": more.pop("address", "10.9.9.9")}
    body.pop("address", None)
    return client.post(SESSIONS, json=body, environ_base=address)


def shut_out(client: FlaskClient, who: str = WHO, **more: object) -> None:
    for _ in range(5):
        is_problem(sign_in(client, "wrong", who, **more), 401, "access.wrong_credentials")


@pytest.mark.parametrize("who", [WHO, "nobody-of-that-name"])
def test_five_failures_lock_for_ten_minutes(
    client: AccountClient, clock: SetClock, who: str
) -> None:
    """Whether there is such an account is not told."""
    shut_out(client, who)
    refused = sign_in(client, who=who)
    document = is_problem(refused, 429, "access.too_many_attempts")
    assert (refused.headers["Retry-After"], document["retry_after_s"]) == ("600", 600)
    clock.advance(dt.timedelta(minutes=10))
    assert sign_in(client, who=who).status_code == (201 if who == WHO else 401)


def test_it_holds_in_every_process(app: Flask, client: AccountClient, database: Database) -> None:
    shut_out(client)
    other = create_app(from_environment({}), Database(database.url, database.clock))
    is_problem(sign_in(other.test_client()), 429, "access.too_many_attempts")


def test_a_stranger_does_not_shut_out_the_desk(app: Flask, client: AccountClient) -> None:
    desk, stranger = app.test_client(), app.test_client()
    assert sign_in(desk, device="desk", address="10.0.0.7").status_code == 201
    assert desk.get_cookie(WORKPLACE.name, path=WORKPLACE.path).http_only
    for address in ("10.9.9.9", "10.0.0.7"):
        shut_out(stranger, address=address, device="desk")
        is_problem(sign_in(stranger, address=address, device="desk"), 429)
    assert sign_in(desk, device="desk", address="10.0.0.7").status_code == 201


def test_what_is_no_fault_of_the_password_does_not_count(
    client: AccountClient, database: Database
) -> None:
    assert sign_in(client, device="lost").status_code == 201
    device = client.as_("admin").get(f"/api/v1/devices?words={WHO}").json["items"][0]
    revoke = f"/api/v1/devices/{device['id']}/revoke"
    assert client.as_("admin").post(revoke, json={"reason": "lost"}).status_code == 200
    for _ in range(7):
        is_problem(sign_in(client, device="lost"), 403, "access.device_revoked")
    assert sign_in(client, device="another").status_code == 201


# --- a browser has one session


def test_a_sign_in_ends_the_browser_s_former_session(
    app: Flask, client: AccountClient, database: Database, county: County
) -> None:
    """Whoever it was: nobody could sign out of it any more. The ledger says so."""
    browser, elsewhere = app.test_client(), app.test_client()
    for there in (browser, elsewhere):
        assert sign_in(there, who="gis", device="desk", cookie=True).status_code == 201
    former = browser.get_cookie(context.COOKIE.name).value
    is_problem(sign_in(browser, "wrong", cookie=True), 401)
    bearer = {"Authorization": f"Bearer {former}"}
    assert client.get("/api/v1/bureau", headers=bearer).status_code == 200
    assert sign_in(browser, device="desk", cookie=True).status_code == 201
    is_problem(client.get("/api/v1/bureau", headers=bearer), 401, "access.unauthenticated")
    assert browser.get(f"{SESSIONS}/current").json["account"]["username"] == WHO
    assert elsewhere.get("/api/v1/bureau").status_code == 200
    with database.transaction() as session:
        row = session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == Tag.SESSION_END)).one()
        assert (row.actor, row.subject_id) == ("gis", str(county.accounts["gis"]))
        assert row.data == {"by": "sign_in"}


def test_a_program_beside_a_browser_ends_nothing(client: AccountClient) -> None:
    assert sign_in(client, cookie=True).status_code == 201
    assert sign_in(client).json["token"]
    assert client.get("/api/v1/bureau").status_code == 200


# --- the second step


def enrolled(client: AccountClient, clock: SetClock) -> tuple[pyotp.TOTP, list[str]]:
    """Enrol an app for a signed-in client; return it and the recovery codes."""
    begun = client.post(FACTORS, json={"kind": "totp", "password": PASSWORD})
    assert begun.status_code == 201, begun.text
    assert begun.json["qr"].startswith("data:image/svg+xml")
    app = pyotp.TOTP(begun.json["secret"])
    assert pyotp.parse_uri(begun.json["uri"]).secret == app.secret
    body = {"code": app.at(clock.now()), "name": "telephone"}
    codes = client.post(f"{FACTORS}/confirm", json=body)
    assert codes.status_code == 200, codes.text
    clock.advance(dt.timedelta(seconds=30))
    return app, codes.json["recovery_codes"]


def test_a_second_factor_opens_what_the_password_does_not(
    client: AccountClient, clock: SetClock
) -> None:
    app, codes = enrolled(client.as_(WHO), clock)
    wanted = sign_in(client, device="desk", cookie=True)
    assert wanted.status_code == 202 and "Set-Cookie" not in wanted.headers
    assert (wanted.json["wants"], wanted.json["kinds"]) == ("second_factor", ["totp"])
    ticket = wanted.json["ticket"]
    is_problem(client.get("/api/v1/bureau", headers={"Authorization": f"Bearer {ticket}"}), 401)

    def show(**shown: str) -> TestResponse:
        return client.post(f"{SESSIONS}/second", json={"ticket": ticket, **shown})

    is_problem(show(code="000000"), 401, "access.wrong_code")
    is_problem(show(), 401, "access.wrong_code")
    opened = show(code=app.at(clock.now()))
    assert opened.status_code == 201, opened.text
    assert opened.json["account"]["username"] == WHO and opened.json["unlock"]
    is_problem(show(code=app.at(clock.now())), 401, "access.ticket_over")
    listed = client.get(FACTORS, headers={"Authorization": f"Bearer {opened.json['token']}"}).json
    assert [(each["kind"], each["name"]) for each in listed["items"]] == [("totp", "telephone")]
    assert (listed["recovery_codes_left"], listed["is_demanded"]) == (len(codes), False)


def test_codes_are_not_guessed(client: AccountClient, clock: SetClock) -> None:
    """Neither with one ticket nor with a new one each time: the right password clears nothing."""
    app, _ = enrolled(client.as_(WHO), clock)
    for _ in range(5):
        ticket = sign_in(client).json["ticket"]
        body = {"ticket": ticket, "code": "000000"}
        address = {"REMOTE_ADDR": "10.9.9.9"}
        refused = client.post(f"{SESSIONS}/second", json=body, environ_base=address)
        is_problem(refused, 401, "access.wrong_code")
    body["code"] = app.at(clock.now())
    refused = client.post(f"{SESSIONS}/second", json=body, environ_base=address)
    is_problem(refused, 429, "access.too_many_attempts")
    is_problem(sign_in(client), 429, "access.too_many_attempts")


def test_a_role_that_demands_one_enrols_it_on_the_way_in(
    client: AccountClient, database: Database, clock: SetClock
) -> None:
    with database.transaction() as session:
        policy.change(session, None, second_factor_roles=["command"])
    ticket = sign_in(client).json["ticket"]
    begun = client.post(f"{SESSIONS}/enrolment", json={"ticket": ticket, "kind": "totp"})
    assert begun.status_code == 201, begun.text
    code = pyotp.TOTP(begun.json["secret"]).at(clock.now())
    body = {"ticket": ticket, "code": code, "name": "telephone"}
    opened = client.post(f"{SESSIONS}/enrolment/confirm", json=body)
    assert opened.status_code == 201, opened.text
    assert len(opened.json["recovery_codes"]) == 10
    bearer = {"Authorization": f"Bearer {opened.json['token']}"}
    assert client.get(FACTORS, headers=bearer).json["is_demanded"]
    for path in ("enrolment", "enrolment/confirm"):
        again = client.post(f"{SESSIONS}/{path}", json=body | {"kind": "totp"})
        assert again.status_code in {401, 422}
    assert sign_in(client).json["wants"] == "second_factor"


# --- who somebody is, asked again


def test_another_s_session_enrols_nothing_without_the_password(
    client: AccountClient, clock: SetClock
) -> None:
    stolen = client.as_(WHO)
    for given in ({"password": "a guess at it"}, {}):
        is_problem(stolen.post(FACTORS, json={"kind": "totp"} | given), 401)
    app_and_codes = enrolled(client.as_(WHO), clock)
    assert app_and_codes
    (card,) = stolen.get(FACTORS).json["items"]
    wrong = {"password": "a guess at it"}
    is_problem(stolen.post(f"{FACTORS}/{card['id']}/remove", json=wrong), 401)
    is_problem(stolen.post(f"{FACTORS}/recovery-codes", json=wrong), 401)


def changing(here: AccountClient, there: AccountClient, what: str) -> tuple[str, dict[str, str]]:
    """Return the path and body of a change that asks again who somebody is."""
    if what == "remove":
        (card,) = here.get(FACTORS).json["items"]
        return f"{FACTORS}/{card['id']}/remove", {}
    if what == "end":
        listed = there.get(SESSIONS).json["items"]
        (its,) = [each["id"] for each in listed if each["is_current"]]
        return f"{SESSIONS}/{its}/end", {}
    return {
        "enrol": (FACTORS, {"kind": "totp"}),
        "codes": (f"{FACTORS}/recovery-codes", {}),
        "others": (f"{SESSIONS}/others/end", {}),
    }[what]


@pytest.mark.parametrize("what", ["enrol", "codes", "remove", "end", "others"])
def test_the_password_is_not_enough_where_there_is_a_second_factor(
    client: AccountClient, clock: SetClock, what: str
) -> None:
    here, there = client.as_(WHO), client.as_(WHO)
    app, _ = enrolled(here, clock)
    path, body = changing(here, there, what)

    def ask(**given: str) -> TestResponse:
        return here.post(path, json=body | given)

    before = here.get(FACTORS).json
    is_problem(ask(password="a guess at it"), 401, "access.wrong_credentials")
    wanted = ask(password=PASSWORD)
    assert wanted.status_code == 202, wanted.text
    assert (wanted.json["wants"], wanted.json["kinds"]) == ("second_factor", ["totp"])
    ticket = wanted.json["ticket"]
    is_problem(ask(ticket=ticket), 401, "access.wrong_code")
    is_problem(ask(ticket=ticket, code="000000"), 401, "access.wrong_code")
    assert here.get(FACTORS).json == before
    assert there.get("/api/v1/bureau").status_code == 200

    code = app.at(clock.now())
    assert ask(ticket=ticket, code=code).status_code in {200, 201, 204}
    is_problem(ask(ticket=ticket, code=code), 401, "access.ticket_over")
    assert there.get("/api/v1/bureau").status_code == (401 if what in {"end", "others"} else 200)


def test_a_recovery_code_stands_in_there_too(client: AccountClient, clock: SetClock) -> None:
    here = client.as_(WHO)
    _, codes = enrolled(here, clock)
    path, body = changing(here, here, "remove")
    ticket = here.post(path, json=body | {"password": PASSWORD}).json["ticket"]
    shown = {"ticket": ticket, "recovery_code": codes[0]}
    assert here.post(path, json=body | shown).json["items"] == []


def test_a_ticket_of_a_change_opens_no_session(client: AccountClient, clock: SetClock) -> None:
    """Nor does one of a sign-in change anything, nor one account's anything of another's."""
    here, other = client.as_(WHO), client.as_("gis")
    app, _ = enrolled(here, clock)
    enrolled(other, clock)
    code = app.at(clock.now())
    of_change = here.post(FACTORS, json={"kind": "totp", "password": PASSWORD}).json["ticket"]
    second = client.post(f"{SESSIONS}/second", json={"ticket": of_change, "code": code})
    is_problem(second, 401, "access.ticket_over")
    of_sign_in = sign_in(client).json["ticket"]
    for whose, ticket in ((here, of_sign_in), (other, of_change)):
        given = {"kind": "totp", "ticket": ticket, "code": code}
        is_problem(whose.post(FACTORS, json=given), 401, "access.ticket_over")
    assert here.post(FACTORS, json={"kind": "totp", "ticket": of_change, "code": code}).json["qr"]


def test_codes_are_not_guessed_at_an_open_session(client: AccountClient, clock: SetClock) -> None:
    stolen = client.as_(WHO)
    app, _ = enrolled(stolen, clock)
    for _ in range(5):
        ticket = stolen.post(FACTORS, json={"kind": "totp", "password": PASSWORD}).json["ticket"]
        given = {"kind": "totp", "ticket": ticket, "code": "000000"}
        is_problem(stolen.post(FACTORS, json=given), 401, "access.wrong_code")
    given["code"] = app.at(clock.now())
    is_problem(stolen.post(FACTORS, json=given), 429, "access.too_many_attempts")


# --- one's own password


def test_a_new_password_ends_the_other_sessions(client: AccountClient) -> None:
    here, there = client.as_(WHO), client.as_(WHO)
    body = {"password": PASSWORD, "new_password": NEW}
    assert here.put(f"{SESSIONS}/current/password", json=body).json == {"ended": 1}
    assert here.get("/api/v1/bureau").status_code == 200
    is_problem(there.get("/api/v1/bureau"), 401)
    is_problem(sign_in(client), 401)
    assert sign_in(client, NEW).status_code == 201


@pytest.mark.parametrize(
    ("old", "new", "status", "code"),
    [
        ("not the old one", NEW, 401, "access.wrong_credentials"),
        (PASSWORD, "short", 422, "account.short_password"),
        (PASSWORD, "woaini5201314", 422, "account.common_password"),
        (PASSWORD, "the-command-room", 422, "account.own_password"),
    ],
)
def test_a_password_that_is_not_changed(
    client: AccountClient, old: str, new: str, status: int, code: str
) -> None:
    body = {"password": old, "new_password": new}
    refused = client.as_(WHO).put(f"{SESSIONS}/current/password", json=body)
    is_problem(refused, status, code)
    assert sign_in(client).status_code == 201


def test_an_outdated_hash_is_renewed(
    client: AccountClient, database: Database, county: County
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    its = {"id": county.accounts[WHO]}
    with database.engine.begin() as connection:
        set_ = sa.text("UPDATE account SET password_hash = :hash WHERE id = :id")
        connection.execute(set_, its | {"hash": weak})
    assert sign_in(client).status_code == 201
    with database.engine.begin() as connection:
        now = connection.scalar(sa.text("SELECT password_hash FROM account WHERE id = :id"), its)
    assert now != weak and not PasswordHasher().check_needs_rehash(now)
    assert sign_in(client).status_code == 201
