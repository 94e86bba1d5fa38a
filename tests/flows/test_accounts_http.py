"""Admins look after how accounts are signed in to; a locked desk is answered nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from gridserver.api import context
from gridserver.base.clock import SetClock
from tests.county import PASSWORD, County
from tests.flows.conftest import AccountClient
from tests.flows.test_sign_in_http import enrolled, shut_out, sign_in
from tests.problems import is_problem

ACCOUNTS, POLICY, SESSIONS = "/api/v1/accounts", "/api/v1/sign-in-policy", "/api/v1/sessions"


def shown(client: AccountClient, username: str) -> dict:
    items = client.get(f"{ACCOUNTS}?words={username}").json["items"]
    return next(each for each in items if each["username"] == username)


def test_accounts_are_listed_page_by_page(client: AccountClient, county: County) -> None:
    admin, names, cursor = client.as_("admin"), [], ""
    while cursor is not None:
        page = admin.get(f"{ACCOUNTS}?limit=5{cursor and '&cursor=' + cursor}").json
        names += [each["username"] for each in page["items"]]
        cursor = page["next"]
    assert names == sorted(county.accounts)
    room = shown(admin, "room-33082401")
    assert room["roles"] == [{"role": "command", "unit": "33082401"}]
    assert (room["factors"], room["sessions"], room["shut_until"]) == (0, 0, None)
    for who in ("command", "gis", "330824001"):
        is_problem(client.as_(who).get(ACCOUNTS), 403, "access.forbidden")


def test_an_admin_ends_anybody_s_sessions(client: AccountClient, clock: SetClock) -> None:
    admin, first = client.as_("admin"), client.as_("command")
    # The newest comes first.
    clock.advance(dt.timedelta(seconds=1))
    second = client.as_("command")
    address = f"{ACCOUNTS}/{shown(admin, 'command')['id']}/sessions"
    listed = admin.get(address).json["items"]
    assert len(listed) == 2
    assert admin.delete(f"{address}/{listed[0]['id']}").status_code == 204
    is_problem(admin.delete(f"{address}/{listed[0]['id']}"), 404, "session.unknown")
    is_problem(second.get("/api/v1/bureau"), 401)
    assert first.get("/api/v1/bureau").status_code == 200
    assert admin.delete(address).json == {"ended": 1}
    is_problem(first.get("/api/v1/bureau"), 401)
    is_problem(client.as_("auditor").delete(address), 404, "account.unknown")


def test_an_admin_opens_an_account_that_was_shut(client: AccountClient) -> None:
    shut_out(client, "gis")
    admin = client.as_("admin")
    assert shown(admin, "gis")["shut_until"]
    opened = admin.post(f"{ACCOUNTS}/{shown(admin, 'gis')['id']}/open")
    assert (opened.status_code, opened.json["shut_until"]) == (200, None)
    assert sign_in(client, who="gis").status_code == 201


def test_an_admin_resets_a_second_factor(client: AccountClient, clock: SetClock) -> None:
    enrolled(client.as_("command"), clock)
    admin = client.as_("admin")
    card = shown(admin, "command")
    assert card["factors"] == 1
    reset = f"{ACCOUNTS}/{card['id']}/reset-second-factor"
    assert is_problem(admin.post(reset, json={}), 422)["field"] == "reason"
    assert admin.post(reset, json={"reason": "telephone lost"}).json["factors"] == 0
    assert sign_in(client).status_code == 201


def test_no_admin_resets_an_auditor_s_second_factor(client: AccountClient, clock: SetClock) -> None:
    enrolled(client.as_("auditor"), clock)
    admin = client.as_("admin")
    card = shown(admin, "auditor")
    reset = f"{ACCOUNTS}/{card['id']}/reset-second-factor"
    refused = admin.post(reset, json={"reason": "telephone lost"})
    is_problem(refused, 403, "account.auditor_by_command_line")
    assert shown(admin, "auditor")["factors"] == 1


def test_what_is_demanded_is_an_admin_s_to_say(client: AccountClient) -> None:
    admin = client.as_("admin")
    present = admin.get(POLICY)
    body = present.json | {"second_factor_roles": ["command"], "idle_minutes": 10}
    is_problem(admin.put(POLICY, json=body), 428)
    tag = {"If-Match": present.headers["ETag"]}
    changed = admin.put(POLICY, json=body, headers=tag)
    assert changed.status_code == 200 and changed.json == body
    is_problem(admin.put(POLICY, json=body, headers=tag), 412)
    assert sign_in(client).json["wants"] == "enrolment"
    auditor = client.as_("auditor")
    assert auditor.get(POLICY).status_code == 200
    is_problem(auditor.put(POLICY, json=body, headers=tag), 403)
    is_problem(client.as_("gis").get(POLICY), 403)


# --- a locked desk


@pytest.fixture
def desk(app: Flask, county: County) -> tuple[AccountClient, dict[str, str]]:
    """A browser at the command room's desk, and the header of what it sends."""
    browser = app.test_client()
    opened = sign_in(browser, cookie=True).json
    assert (opened["idle_lock_s"], opened["is_locked"]) == (1800, False)
    return browser, {context.CSRF_HEADER: opened["csrf_token"]}


def test_a_locked_desk_is_answered_nothing_but_that_it_is_locked(
    desk: tuple[AccountClient, dict[str, str]], clock: SetClock
) -> None:
    browser, headers = desk
    clock.advance(dt.timedelta(minutes=29))
    assert browser.post(f"{SESSIONS}/current/activity", headers=headers).status_code == 204
    clock.advance(dt.timedelta(minutes=30))
    for path in ("/api/v1/bureau", "/api/v1/tasks", "/ogc/", SESSIONS):
        is_problem(browser.get(path), 403, "access.session_locked")
    is_problem(browser.post(f"{SESSIONS}/current/activity", headers=headers), 403)
    assert browser.get(f"{SESSIONS}/current").json["is_locked"]
    assert browser.get("/api/v1/alarms").status_code == 200
    unlock = f"{SESSIONS}/current/unlock"
    is_problem(browser.post(unlock, json={"password": "a guess"}, headers=headers), 401)
    given = {"password": PASSWORD}
    assert browser.post(unlock, json=given, headers=headers).status_code == 204
    assert browser.get("/api/v1/bureau").status_code == 200


def test_a_desk_that_is_opened_again_has_another_token(
    desk: tuple[AccountClient, dict[str, str]], app: Flask
) -> None:
    browser, headers = desk
    copied = browser.get_cookie(context.COOKIE.name).value
    assert browser.post(f"{SESSIONS}/current/lock", headers=headers).status_code == 204
    before = browser.get(f"{SESSIONS}/current").json
    opened = browser.post(
        f"{SESSIONS}/current/unlock", json={"password": PASSWORD}, headers=headers
    )
    assert opened.status_code == 204, opened.text
    assert browser.get_cookie(context.COOKIE.name).value != copied
    # The same session: what its other windows know of it holds, and so do its sockets.
    after = browser.get(f"{SESSIONS}/current").json
    assert after == before | {"is_locked": False}
    thief = {"Authorization": f"Bearer {copied}"}
    is_problem(app.test_client().get("/api/v1/bureau", headers=thief), 401)


def test_a_desk_that_is_open_keeps_its_token(desk: tuple[AccountClient, dict[str, str]]) -> None:
    """Two windows are opened at once: the second one's answer takes no cookie away."""
    browser, headers = desk
    answer = browser.post(
        f"{SESSIONS}/current/unlock", json={"password": PASSWORD}, headers=headers
    )
    assert (answer.status_code, answer.headers.get("Set-Cookie")) == (204, None)
    assert browser.get("/api/v1/bureau").status_code == 200


def test_guesses_at_a_locked_desk_are_counted(
    desk: tuple[AccountClient, dict[str, str]],
) -> None:
    browser, headers = desk
    assert browser.post(f"{SESSIONS}/current/lock", headers=headers).status_code == 204
    unlock = f"{SESSIONS}/current/unlock"
    for _ in range(5):
        is_problem(browser.post(unlock, json={"password": "a guess"}, headers=headers), 401)
    is_problem(browser.post(unlock, json={"password": PASSWORD}, headers=headers), 429)
    assert browser.delete(f"{SESSIONS}/current", headers=headers).status_code == 204


def test_who_came_by_a_token_or_with_a_handheld_is_not_locked(client: AccountClient) -> None:
    assert client.as_("command").get(f"{SESSIONS}/current").json["idle_lock_s"] is None
    handheld = sign_in(client, who="330824001", device="phone", cookie=True)
    assert handheld.json["idle_lock_s"] is None
