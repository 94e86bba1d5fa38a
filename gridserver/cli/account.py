"""`gridserver account`: the first admin, a forgotten password, a lost second factor, a new identity
at the provider."""

from __future__ import annotations

import dataclasses
import sys

import click
from rich.table import Table
from sqlalchemy.orm import Session

from gridserver.access import passwords, queries, service
from gridserver.access.queries import AccountCard
from gridserver.access.rules import ROLES
from gridserver.base.errors import Conflict, Invalid
from gridserver.cli.context import console, counted, emit, json_option, migrated_database
from gridserver.org import queries as org
from gridserver.org import service as org_service
from gridserver.org.models import Unit

authorised_option = click.option(
    "--authorised-by",
    metavar="NAME",
    multiple=True,
    help="Who answers for an auditor's account: two, and both stand in the ledger.",
)
password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from stdin instead of asking."
)


@click.group()
def account() -> None:
    """Accounts: add, set a password, open, reset the second factor, unbind the identity, list,
    disable."""


@account.command()
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES), required=True, multiple=True)
@click.option("--unit", metavar="CODE", help="Where the role holds; default: the bureau.")
@click.option("--name", help="The name that others see; default: USERNAME.")
@click.option(
    "--bureau",
    metavar="CODE:NAME",
    help="Make the bureau, in an empty installation: 330824:开化县公安局.",
)
@authorised_option
@password_option
@json_option
def add(
    username: str,
    role: tuple[str, ...],
    unit: str | None,
    name: str | None,
    bureau: str | None,
    authorised_by: tuple[str, ...],
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Add the account USERNAME with a password and one role or more."""
    with migrated_database() as database:
        password = _password(password_stdin)
        with database.transaction() as session:
            root = _bureau(session, bureau)
            where = org.unit_by_code(session, unit) if unit else root
            new = service.add_account(
                session,
                None,
                username=username,
                display_name=name or username,
                password_hash=passwords.unusable_password(),
            )
            for each in role:
                service.grant(session, None, new, each, where, authorised_by=authorised_by)
            service.set_password(session, None, username, password, authorised_by=authorised_by)
            code = where.code
    emit(
        {"username": username, "roles": [{"role": each, "unit": code} for each in role]},
        as_json,
        f"Added {username}: {', '.join(role)} at {code}.",
    )


@account.command()
@click.argument("username")
@authorised_option
@password_option
@json_option
def passwd(
    username: str, authorised_by: tuple[str, ...], password_stdin: bool, as_json: bool
) -> None:
    """Set the password of USERNAME and end its sessions. An auditor's takes two names."""
    with migrated_database() as database:
        password = _password(password_stdin)
        with database.transaction() as session:
            service.set_password(session, None, username, password, authorised_by=authorised_by)
    emit({"username": username}, as_json, f"The password of {username} is set.")


@account.command("open")
@click.argument("username")
@json_option
def open_(username: str, as_json: bool) -> None:
    """Let USERNAME be signed in to at once, after too many failures."""
    with migrated_database() as database, database.transaction() as session:
        service.open_account(session, None, username)
    emit({"username": username}, as_json, f"{username} can be signed in to.")


@account.command("reset-second-factor")
@click.argument("username")
@click.option("--reason", required=True, help="Why, for the ledger.")
@authorised_option
@json_option
def reset_second_factor(
    username: str, reason: str, authorised_by: tuple[str, ...], as_json: bool
) -> None:
    """Take away all second factors of USERNAME, and end its sessions. An auditor's takes two
    names."""
    with migrated_database() as database, database.transaction() as session:
        gone = service.reset_factors(session, None, username, reason, authorised_by=authorised_by)
    counted_up = counted(gone, "second factor")
    emit({"username": username, "factors": gone}, as_json, f"{username}: {counted_up} taken away.")


@account.command("unbind-identity")
@click.argument("username")
@click.option("--reason", required=True, help="Why, for the ledger.")
@authorised_option
@json_option
def unbind_identity(
    username: str, reason: str, authorised_by: tuple[str, ...], as_json: bool
) -> None:
    """Let the next who comes from the identity provider as USERNAME have that account: its person
    was given a new identity there. An auditor's takes two names."""
    with migrated_database() as database, database.transaction() as session:
        gone = service.unbind_identity(session, None, username, reason, authorised_by=authorised_by)
    says = "is bound to no identity any more." if gone else "was bound to no identity."
    emit({"username": username, "identities": gone}, as_json, f"{username} {says}")


@account.command()
@click.argument("username")
@json_option
def disable(username: str, as_json: bool) -> None:
    """Disable USERNAME and end its sessions."""
    with migrated_database() as database, database.transaction() as session:
        service.disable(session, None, username)
    emit({"username": username, "disabled": True}, as_json, f"{username} is disabled.")


@account.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the accounts and their roles."""
    with migrated_database() as database, database.transaction() as session:
        accounts = queries.accounts(session)
    emit([_document(each) for each in accounts], as_json, lambda: _print(accounts))


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def _bureau(session: Session, code_and_name: str | None) -> Unit:
    """Return the bureau, made first where there is none and the caller says what it is."""
    present = org.find_bureau(session)
    if code_and_name is None:
        if present is None:
            raise Invalid(
                "unit.no_bureau",
                "There is no bureau yet: give --bureau CODE:NAME with the first account.",
                field="bureau",
            )
        return present
    code, _, name = code_and_name.partition(":")
    if present is not None:
        raise Conflict(
            "unit.second_bureau",
            f"There is a bureau already ({present.code} {present.name}): leave out --bureau.",
            field="bureau",
        )
    if not name.strip():
        raise Invalid("unit.no_name", "Give --bureau as CODE:NAME.", field="bureau")
    return org_service.add_unit(session, None, code=code, kind="bureau", name=name.strip())


def _document(card: AccountCard) -> dict[str, object]:
    roles = [{"role": role, "unit": unit} for role, unit in card.roles]
    return dataclasses.asdict(card) | {"roles": roles}


def _print(accounts: list[AccountCard]) -> None:
    table = Table("username", "name", "roles", "state")
    for card in accounts:
        roles = ", ".join(f"{role} at {unit}" for role, unit in card.roles)
        state = "disabled" if card.disabled else "" if card.can_sign_in else "no password"
        table.add_row(card.username, card.display_name, roles, state)
    console.print(table)
