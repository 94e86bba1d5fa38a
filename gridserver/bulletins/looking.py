"""Reading what a bulletin says. Each look adds its row to the ledger in the same transaction,
before anything is returned: where the row can't be written, nothing is served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.attachments import queries as attachments
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Invalid, NotFound
from gridserver.bulletins import cards, hits, ledger, queries, sightings
from gridserver.bulletins.cards import Card
from gridserver.bulletins.models import Bulletin, BulletinContents, BulletinCopy, BulletinRecipient
from gridserver.bulletins.queries import SUBJECT
from gridserver.delivery.commands import Command, payload, read_moment, read_point
from gridserver.delivery.once import Outcome, run_once
from gridserver.org import queries as org

Place = tuple[float, float]


def look(session: Session, actor: Principal, bulletin_id: int) -> Card:
    """Return what a bulletin says, to a room that it concerns or to the auditor.

    Raises
    ------
    NotFound
        ``bulletin.unknown`` as `queries.bulletin_for`; ``bulletin.purged``.
    """
    found = queries.bulletin_for(session, actor, bulletin_id)
    _note(session, actor, found.row, "look", None)
    return contents_of(session, found.row)


def fetch(session: Session, actor: Principal, bulletin_id: int, place: Place | None) -> Card:
    """Give the actor's terminal a copy, to be kept sealed while the bulletin is live.

    Parameters
    ----------
    place
        Where the terminal is: lon, lat in EPSG:4326, where known.

    Raises
    ------
    NotFound
        ``bulletin.unknown``: the account was not told of it.
    Conflict
        ``bulletin.over``: it is live no longer; the terminal removes what it has.
    """
    row = require_live(session, actor, bulletin_id)
    (unit,) = org.units_by_id(session, {row.unit_id}).values()
    _note(session, actor, row, "fetch", place)
    kept = {"version": row.version, "fetched_at": now(session), "removed_at": None}
    copy = insert(BulletinCopy).values(
        bulletin_id=row.id, account_id=actor.account_id, device=actor.device or "", **kept
    )
    session.execute(copy.on_conflict_do_update(constraint="pk_bulletin_copy", set_=kept))
    return cards.sheet(row, unit, contents_of(session, row))


def require_live(session: Session, actor: Principal, bulletin_id: int) -> Bulletin:
    """Return a live bulletin that the actor was told of. Raises as `fetch`."""
    queries.held_by(session, actor.account_id, bulletin_id)
    row = session.get_one(Bulletin, bulletin_id, populate_existing=True)
    if not queries.is_live(row, now(session)):
        raise Conflict(
            "bulletin.over",
            "The bulletin holds no longer: remove it.",
            bulletin=cards.reference(row),
        )
    return row


def may_see_photo(session: Session, actor: Principal, bulletin_id: int) -> None:
    """Raise unless the actor may look at a bulletin's photos: as `look` or as `fetch`."""
    try:
        queries.bulletin_for(session, actor, bulletin_id)
    except NotFound:
        require_live(session, actor, bulletin_id)


def command(session: Session, actor: Principal, bulletin_id: int, said: Command) -> Outcome:
    """Take what a terminal says of its copy: that the officer read it, that it is removed, or that
    they saw whom it is about.

    What was read without signal comes back so; each reading is its own row of the ledger, with the
    officer's own time and place. `removed` names in its data the `version` of the copy that went:
    one that comes late says nothing of a newer copy.

    Returns
    -------
    Outcome
        200 with ``{status: "done", bulletin: {id, version}, sighting?}``; 404
        ``bulletin.unknown``; 409 and 422 as `sightings.sight`.

    Raises
    ------
    Invalid
        ``command.reused``; ``bulletin.version``.
    """
    given = payload({"bulletin": bulletin_id}, said)
    return run_once(
        session, actor, said.id, given, lambda: _carry_out(session, actor, bulletin_id, said)
    )


def _carry_out(
    session: Session, actor: Principal, bulletin_id: int, said: Command
) -> dict[str, Any]:
    if said.verb == hits.SIGHT:
        return _sight(session, actor, bulletin_id, said)
    place, said_at = read_point(said), read_moment(said)
    own = queries.held_by(session, actor.account_id, bulletin_id)
    row = session.get_one(Bulletin, bulletin_id, populate_existing=True)
    work = _VERBS.get(said.verb)
    if work is None:
        verbs = ", ".join((*_VERBS, hits.SIGHT))
        given = f"There is no verb {said.verb!r}: give one of {verbs}."
        raise Invalid("bulletin.unknown_word", given, field="verb")
    version = _read_version(said.data)
    work(session, actor, own, version)
    data = {"said_at": cards.said(said_at), "offset_s": actor.clock_offset_s}
    _note(session, actor, row, said.verb, place, data | ({"of": version} if version else {}))
    return {"status": "done", "bulletin": cards.reference(row)}


def _sight(session: Session, actor: Principal, bulletin_id: int, said: Command) -> dict[str, Any]:
    # The bulletin first, as its end does: what is taken while it ends would wait for nobody.
    row = queries.locked(session, bulletin_id)
    queries.held_by(session, actor.account_id, bulletin_id)
    if row is None:
        raise queries.unknown(bulletin_id)
    head = sightings.sight(session, actor, row, said)
    return {"status": "done", "bulletin": cards.reference(row), "sighting": head}


def _read_version(data: Mapping[str, Any]) -> int | None:
    version = data.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        told = "version: give that of the copy, a whole number."
        raise Invalid("bulletin.version", told, field="version")
    return version


def _read(
    session: Session, _actor: Principal, own: BulletinRecipient, _version: int | None
) -> None:
    if own.read_at is None:
        own.read_at = now(session)
        session.flush()


def _removed(
    session: Session, actor: Principal, own: BulletinRecipient, version: int | None
) -> None:
    key = (own.bulletin_id, own.account_id, actor.device or "")
    copy = session.get(BulletinCopy, key, populate_existing=True)
    if copy is None or copy.removed_at is not None:
        return
    # What was said without signal comes late: the terminal may have a newer copy by now.
    if version is None or version >= copy.version:
        copy.removed_at = now(session)
        session.flush()


_VERBS = {"read": _read, "removed": _removed}


def contents_of(session: Session, row: Bulletin) -> Card:
    """Return what a bulletin says. Only for who has written the look down in this transaction.

    Raises `NotFound`: ``bulletin.purged``.
    """
    query = select(BulletinContents).where(BulletinContents.bulletin_id == row.id)
    told = session.scalar(query.execution_options(populate_existing=True))
    if told is None:
        raise NotFound(
            "bulletin.purged", "The personal data was purged; only the record of acts is left."
        )
    return cards.contents(row, told, attachments.of_subject(session, SUBJECT, row.id))


def _note(
    session: Session,
    actor: Principal,
    row: Bulletin,
    verb: str,
    place: Place | None,
    data: dict[str, Any] | None = None,
) -> None:
    told = {"version": row.version, **(data or {})}
    ledger.note(session, actor, row.id, verb, told, place=place)
