"""What belongs to a subject, and how far it is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.attachments.models import Attachment, AttachmentLink, AttachmentStore
from gridserver.base import db
from gridserver.base.errors import NotFound

#: Of several who bring the same content, the one who is farthest counts.
_FARTHEST = ("complete", "uploading", "refused", None)

_OF_SUBJECTS = (
    select(
        AttachmentLink.subject_id,
        AttachmentLink.sha256,
        Attachment.state,
        Attachment.media_type,
        Attachment.size,
        Attachment.received,
        Attachment.refusal,
        Attachment.taken_at,
        ST_X(Attachment.point).label("lon"),
        ST_Y(Attachment.point).label("lat"),
    )
    .outerjoin(
        Attachment,
        (Attachment.sha256 == AttachmentLink.sha256)
        & (Attachment.account_id == AttachmentLink.account_id),
    )
    .order_by(AttachmentLink.id)
)


@dataclass(frozen=True)
class AttachmentCard:
    """An attachment as its subject shows it.

    Attributes
    ----------
    state
        ``on_its_way``, ``complete`` or ``refused``.
    media_type, size, received
        None, None and 0 before it was announced; bytes.
    refusal
        The code of what was wrong with it.
    taken_at, lon, lat
        When and where (EPSG:4326) it was taken, as the device said.
    """

    sha256: str
    state: str
    media_type: str | None
    size: int | None
    received: int
    refusal: str | None
    taken_at: dt.datetime | None
    lon: float | None
    lat: float | None

    def to_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        taken_at = None if self.taken_at is None else self.taken_at.isoformat()
        return vars(self) | {"taken_at": taken_at}


@dataclass(frozen=True)
class Content:
    """A content that may be read."""

    sha256: str
    media_type: str
    size: int


def of_subject(session: Session, kind: str, subject_id: int) -> list[AttachmentCard]:
    """Return what belongs to one subject, in the order in which it was said."""
    return of_subjects(session, kind, [subject_id]).get(subject_id, [])


def of_subjects(
    session: Session, kind: str, subject_ids: Sequence[int]
) -> dict[int, list[AttachmentCard]]:
    """Return what belongs to each of some subjects of a kind; those with nothing are left out."""
    if not subject_ids:
        return {}
    query = _OF_SUBJECTS.where(
        AttachmentLink.subject_kind == kind, AttachmentLink.subject_id.in_(subject_ids)
    )
    found: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in db.rows(session, query):
        found[row.subject_id][row.sha256].append(row)
    return {
        subject_id: [_card(min(rows, key=_distance)) for rows in by_hash.values()]
        for subject_id, by_hash in found.items()
    }


def subjects_of(session: Session, sha256: str, account_id: int) -> list[tuple[str, int]]:
    """Return what the account has said that a content belongs to: kinds and ids."""
    query = select(AttachmentLink.subject_kind, AttachmentLink.subject_id).where(
        AttachmentLink.sha256 == sha256, AttachmentLink.account_id == account_id
    )
    return [(row.subject_kind, row.subject_id) for row in session.execute(query)]


def content_of(session: Session, kind: str, subject_id: int, sha256: str) -> Content:
    """Return a content that belongs to a subject. Whether the reader may see the subject is for the
    caller to know.

    Raises
    ------
    NotFound
        ``attachment.unknown``: it doesn't belong there; ``attachment.on_its_way``: not all of it is
        here, or it was refused.
    """
    cards = [card for card in of_subject(session, kind, subject_id) if card.sha256 == sha256]
    if not cards:
        raise NotFound("attachment.unknown", "There is no such attachment here.")
    (card,) = cards
    if card.state != "complete" or card.media_type is None or card.size is None:
        raise NotFound(
            "attachment.on_its_way",
            "The attachment isn't here yet; ask again later.",
            state=card.state,
        )
    return Content(sha256, card.media_type, card.size)


def owner(session: Session) -> uuid.UUID:
    """Return by which name a folder of attachments is known to be this database's."""
    found: uuid.UUID = session.execute(select(AttachmentStore.id)).scalar_one()
    return found


def known(session: Session, hashes: Iterable[str]) -> set[str]:
    """Return those of `hashes` that there is any row of."""
    query = select(Attachment.sha256).where(Attachment.sha256.in_(list(hashes)))
    return set(session.scalars(query))


def _distance(row: Any) -> int:
    return _FARTHEST.index(row.state)


def _card(row: Any) -> AttachmentCard:
    return AttachmentCard(
        sha256=row.sha256,
        state="on_its_way" if row.state in (None, "uploading") else row.state,
        media_type=row.media_type,
        size=row.size,
        received=row.received or 0,
        refusal=row.refusal,
        taken_at=row.taken_at,
        lon=row.lon,
        lat=row.lat,
    )
