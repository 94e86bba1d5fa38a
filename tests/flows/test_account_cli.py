"""`gridserver account`: passwords by the rules, opening what was shut, a lost second factor."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from gridserver.access import attempts, factors, signing_in
from gridserver.access.attempts import Place
from gridserver.access.factors import Tools
from gridserver.audit.models import AuditEntry
from gridserver.base.db import Database
from gridserver.base.errors import Limited
from gridserver.base.sealing import Seal
from tests.commands import Run
from tests.county import County

WHO = "command"
STRANGER = Place("10.9.9.9", None)


@pytest.mark.parametrize(
    ("password", "says"),
    [("short", "at least 12"), ("woaini5201314", "among the first"), ("my-command2-1", "name")],
)
def test_a_password_by_the_rules(run: Run, county: County, password: str, says: str) -> None:
    refused = run("account", "passwd", WHO, "--password-stdin", stdin=f"{password}\n", code=1)
    assert says in refused.stderr
    new = ("account", "add", WHO + "2", "--role", "command", "--password-stdin")
    assert says in run(*new, stdin=f"{password}\n", code=1).stderr


def test_a_new_account_signs_in_and_a_new_password_is_its_own(
    run: Run, database: Database, county: County
) -> None:
    run("account", "add", "chen", "--role", "admin", "--password-stdin", stdin="river-stone-12\n")
    for password in ("river-stone-12", "another-password"):
        run("account", "passwd", "chen", "--password-stdin", stdin=f"{password}\n")
        with database.transaction() as session:
            assert signing_in.sign_in(session, "chen", password, None)


def test_an_auditors_password_takes_two_names(run: Run, county: County) -> None:
    passwd = ("account", "passwd", "auditor", "--password-stdin")
    refused = run(*passwd, stdin="river-stone-12\n", code=1)
    assert "--authorised-by" in refused.stderr
    run(*passwd, "--authorised-by", "王某", code=1, stdin="river-stone-12\n")
    two = ("--authorised-by", "纪委 王某", "--authorised-by", "法制 李某")
    run(*passwd, *two, stdin="river-stone-12\n")


def test_an_auditors_second_factor_takes_two_names(
    run: Run, database: Database, county: County
) -> None:
    reset = ("account", "reset-second-factor", "auditor", "--reason", "telephone lost")
    assert "--authorised-by" in run(*reset, code=1).stderr
    run(*reset, "--authorised-by", "王某", code=1)
    run(*reset, "--authorised-by", "纪委 王某", "--authorised-by", "法制 李某")
    its = sa.select(AuditEntry.data).where(AuditEntry.tag == "factor:reset")
    with database.transaction() as session:
        assert session.scalars(its).one() == {
            "reason": "telephone lost",
            "authorised_by": ["法制 李某", "纪委 王某"],
            "factors": 0,
        }


def test_loosening_an_auditors_identity_takes_two_names(run: Run, county: County) -> None:
    unbind = ("account", "unbind-identity", "auditor", "--reason", "new directory")
    assert "--authorised-by" in run(*unbind, code=1).stderr
    two = ("--authorised-by", "纪委 王某", "--authorised-by", "法制 李某")
    assert run(*unbind, *two).stdout == "auditor was bound to no identity.\n"


def test_an_account_that_was_shut_is_opened(run: Run, database: Database, county: County) -> None:
    with database.transaction() as session:
        for _ in range(5):
            attempts.begin(session, WHO, STRANGER)
    with pytest.raises(Limited), database.transaction() as session:
        attempts.begin(session, WHO, STRANGER)
    assert run("account", "open", WHO).stdout == f"{WHO} can be signed in to.\n"
    with database.transaction() as session:
        attempts.begin(session, WHO, STRANGER)
    run("account", "open", "nobody", code=1)


def test_a_lost_second_factor_is_reset(
    run: Run, database: Database, county: County, tmp_path
) -> None:
    tools = Tools(Seal(file=tmp_path / "seal-keys"), None)
    with database.transaction() as session:
        factors.enrol(session, county.accounts[WHO], "totp", tools)
    reset = ("account", "reset-second-factor", WHO)
    told = json.loads(run(*reset, "--reason", "telephone lost", "--json").stdout)
    assert told == {"username": WHO, "factors": 0}, "one that was not confirmed is none"
    run(*reset, code=2)
