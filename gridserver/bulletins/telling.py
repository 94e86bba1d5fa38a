"""Who hears that a bulletin changed. They are told its id and version, and nothing it says."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from sqlalchemy.orm import Session

from gridserver.base.clock import now
from gridserver.bulletins import cards, recipients
from gridserver.bulletins.models import Bulletin, BulletinSighting
from gridserver.bulletins.queries import Found
from gridserver.delivery import service as delivery
from gridserver.delivery.service import Broadcast
from gridserver.org import queries as org

#: How long a device that was away hears that a bulletin is over. It wiped it after a day.
_ENDING_KEPT = dt.timedelta(days=7)


def issued(session: Session, row: Bulletin, account_ids: Iterable[int]) -> None:
    """Tell those who were not told yet."""
    _post(session, row, "bulletin.issued", account_ids, cards.live_until(row))


def updated(session: Session, row: Bulletin) -> None:
    """Tell all who were told before that there is a newer version, or a later end."""
    to = recipients.told(session, row.id)
    _post(session, row, "bulletin.updated", to, cards.live_until(row))


def ended(session: Session, row: Bulletin) -> None:
    """Have every terminal remove it and say that it did."""
    to = recipients.told(session, row.id)
    _post(session, row, "bulletin.ended", to, now(session) + _ENDING_KEPT)


def changed(session: Session, found: Found) -> None:
    """Have the rooms that it concerns look again."""
    data = {"bulletin": cards.reference(found.row)}
    paths = {found.unit.path}
    if found.row.area_whole:
        paths = {org.bureau(session).path}
    paths.update(org.paths_by_code(session, set(found.row.reaches)).values())
    for path in sorted(paths):
        delivery.append_feed(session, "bulletin.changed", data, path)


def sighted(
    session: Session, found: Found, sighting: BulletinSighting, account_ids: Iterable[int]
) -> None:
    """Tell accounts, and the rooms' feed, that a sighting came or was answered: which, and no
    more."""
    data = {
        "bulletin": cards.reference(found.row),
        "sighting": cards.sighting_reference(sighting),
    }
    ids = {account_id: uuid.uuid4() for account_id in account_ids}
    if ids:
        until = now(session) + _ENDING_KEPT
        delivery.post(session, [Broadcast(ids, "bulletin.sighting", data, until)])
    delivery.append_feed(session, "bulletin.sighting", data, found.unit.path)


def _post(
    session: Session,
    row: Bulletin,
    type_: str,
    account_ids: Iterable[int],
    expires_at: dt.datetime | None,
) -> None:
    ids = {account_id: uuid.uuid4() for account_id in account_ids}
    if ids:
        data = {"bulletin": cards.reference(row)}
        delivery.post(session, [Broadcast(ids, type_, data, expires_at)])
