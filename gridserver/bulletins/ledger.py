"""Rows of the ledger about a bulletin."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.bulletins.cards import Card
from gridserver.bulletins.queries import SUBJECT


def note(
    session: Session,
    actor: Principal | None,
    bulletin_id: int,
    verb: str,
    data: dict[str, Any] | None = None,
    *,
    place: tuple[float, float] | None = None,
    before: Card | None = None,
    after: Card | None = None,
) -> None:
    """Write down what was done with a bulletin, or that somebody looked at it.

    Parameters
    ----------
    actor
        None: the clock.
    verb
        The tag without ``bulletin:``.
    data
        What else is to be known; never what the bulletin says.
    place
        Where: lon, lat in EPSG:4326, degrees.
    before, after
        The facts as they were (empty: there were none) and are: what didn't change is left out.
    """
    was, is_now = before or {}, after or {}
    changed = [name for name, fact in is_now.items() if was.get(name) != fact]
    audit.record(
        session,
        actor,
        f"bulletin:{verb}",
        subject_kind=SUBJECT,
        subject_id=bulletin_id,
        data=data,
        place=place,
        before={name: was[name] for name in changed if name in was} or None,
        after={name: is_now[name] for name in changed} or None,
    )
