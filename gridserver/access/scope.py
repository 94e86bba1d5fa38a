"""Which accounts an actor reaches, as a condition of a query."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.orm import InstrumentedAttribute

from gridserver.access.models import RoleGrant
from gridserver.access.rules import Principal
from gridserver.org.models import Unit
from gridserver.org.queries import at_or_below, within


def granted_within(
    account_id: InstrumentedAttribute[int], *paths: str, at: str | None = None
) -> ColumnElement[bool]:
    """Return the condition that the account has a grant at or below one of `paths`, and at or
    below `at` where that is given."""
    its_grant = exists().where(RoleGrant.account_id == account_id, RoleGrant.unit_id == Unit.id)
    reached = its_grant.where(within(paths))
    return reached if at is None else reached.where(at_or_below(at))


def wholly_within(
    account_id: InstrumentedAttribute[int], paths: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that the account has grants at or below `paths`, and none elsewhere:
    nobody changes how somebody signs in who reaches further than they do."""
    its_grant = exists().where(RoleGrant.account_id == account_id, RoleGrant.unit_id == Unit.id)
    return granted_within(account_id, *paths) & ~its_grant.where(~within(paths))


def reached(
    actor: Principal,
    permission: str,
    account_id: InstrumentedAttribute[int],
    *,
    or_own: bool = False,
) -> ColumnElement[bool]:
    """Return the condition that `actor` may do `permission` to the account: that it has a grant
    within the actor's scope, or (with `or_own`) is the actor's."""
    reach = granted_within(account_id, *actor.paths(permission))
    return or_(reach, account_id == actor.account_id) if or_own else reach
