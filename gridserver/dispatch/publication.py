"""A grid takes force, and open tasks follow it where the admin asks for that."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.base.errors import Invalid
from gridserver.dispatch.rerouting import reroute as reroute_tasks
from gridserver.grids import versions
from gridserver.grids.models import GridVersion


@dataclass(frozen=True)
class Published:
    """The version that takes force, and the tasks that were decided anew."""

    version: GridVersion
    rerouted: tuple[int, ...] = ()


def publish(
    session: Session,
    actor: Principal | None,
    name: str,
    at: dt.datetime | None = None,
    reroute: bool = False,
) -> Published:
    """Put a version in force from `at` (default: now) on.

    Parameters
    ----------
    reroute : bool
        Decide open tasks anew, as `gridserver.dispatch.rerouting.reroute`.

    Raises
    ------
    Invalid
        ``grid.reroute_later``: tasks can only follow a grid that is in force.
    Forbidden, NotFound, Conflict, Invalid
        As `gridserver.grids.versions.publish` and `reroute`.
    """
    if reroute and at is not None:
        raise Invalid(
            "grid.reroute_later",
            "Open tasks can only follow a grid that takes force now: leave out the moment, or "
            "publish without rerouting.",
            field="reroute",
        )
    version = versions.publish(session, actor, name, at)
    return Published(version, reroute_tasks(session, actor).tasks if reroute else ())
