"""Officers as the rosters name them: found by number, with the unit whose rosters they stand on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.base import reading
from gridserver.base.errors import Forbidden, Invalid, NotFound
from gridserver.force.models import Officer, Post
from gridserver.org import queries as org
from gridserver.org.models import Unit
from gridserver.org.queries import at_or_below, within

#: Longer than any number or code.
_LONGEST = 100


@dataclass(frozen=True)
class PersonOfForce:
    """An officer as rosters show them."""

    username: str
    service_number: str
    display_name: str


def by_number(session: Session, numbers: Iterable[str], *, field: str) -> dict[str, Officer]:
    """Return officers by service number. Raises `Invalid` naming `field` for one who doesn't exist
    or is an auxiliary, whom no roster calls out."""
    wanted = {reading.text(number, field, longest=_LONGEST) for number in numbers}
    rows = session.scalars(
        select(Officer).where(Officer.service_number.in_(wanted), Officer.kind == "officer")
    )
    found = {officer.service_number: officer for officer in rows}
    if missing := sorted(wanted - found.keys()):
        raise Invalid(
            "roster.unknown_officer",
            f"There is no police officer {missing[0]}; give a service number.",
            field=field,
        )
    return found


def hold(session: Session, officer_ids: Iterable[int]) -> None:
    """Have whoever else writes the rosters of these officers wait for the end of the transaction.

    Two who insert times that exclude each other would else each wait for the other.
    """
    officers = select(Officer.id).where(Officer.id.in_(set(officer_ids))).order_by(Officer.id)
    session.execute(officers.with_for_update(key_share=True))


def of_account(session: Session, actor: Principal) -> Officer:
    """Return the actor's own officer. Raises `Forbidden` for a desk or an admin."""
    officer = session.scalar(select(Officer).where(Officer.account_id == actor.account_id))
    if officer is None:
        raise Forbidden("roster.no_officer", f"The account {actor.username} belongs to no officer.")
    return officer


def readable(actor: Principal, unit_path: str | None = None) -> sa.ColumnElement[bool]:
    """Return the condition that a unit is one whose force `actor` may see: all of these, or only
    the one at `unit_path` and what stands below it.

    Raises `Forbidden` where the actor may see none.
    """
    require(actor, "force.read")
    seen = within(actor.paths("force.read"))
    return seen if unit_path is None else sa.and_(seen, at_or_below(unit_path))


def require_roster(session: Session, actor: Principal | None, *unit_ids: int) -> None:
    """Raise `Forbidden` unless the actor may edit the rosters of all these units."""
    if actor is None:
        return
    for path in session.scalars(select(Unit.path).where(Unit.id.in_(unit_ids)).order_by(Unit.path)):
        require(actor, "roster.edit", path)


def unit_called(session: Session, code: str, *, field: str) -> Unit:
    """Return a unit by code. Raises `NotFound` naming `field`."""
    return org.unit_by_code(session, reading.text(code, field, longest=_LONGEST), field=field)


def post_called(session: Session, code: str, *, field: str) -> Post:
    """Return a police post by code. Raises `NotFound` naming `field`."""
    wanted = reading.text(code, field, longest=_LONGEST)
    post = session.scalar(select(Post).where(Post.code == wanted))
    if post is None:
        raise NotFound("post.unknown", f"There is no post {code!r}.", field=field)
    return post
