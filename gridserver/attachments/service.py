"""The verbs of an upload: announce it, receive its pieces, settle it; and what it belongs to.

An upload is known by its content's hash and the account that brings it. Every verb may be said
again after a crash on either side; what was done stays done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal, require
from gridserver.attachments import queries
from gridserver.attachments.models import Attachment, AttachmentLink
from gridserver.attachments.rules import (
    MOST_UNFINISHED,
    PIECE_BYTES,
    UPLOAD,
    Announcement,
    require_fitting,
)
from gridserver.attachments.store import Store, Upload
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, NotFound

#: Advisory locks: who holds one renames or removes the file of a content. Any constant.
_CONTENTS = 0x61747463


@dataclass(frozen=True)
class Progress:
    """How far an upload is.

    Attributes
    ----------
    state
        ``uploading``, ``complete`` or ``refused``.
    received, size
        How many bytes are here, of how many: the offset of the next piece.
    piece_bytes
        The most that a piece may have.
    refusal
        The code of what was wrong with the content.
    """

    sha256: str
    state: str
    received: int
    size: int
    refusal: str | None
    piece_bytes: int = PIECE_BYTES

    @property
    def is_all_here(self) -> bool:
        """Whether nothing is missing but the check."""
        return self.state == "uploading" and self.received == self.size


@dataclass(frozen=True)
class Candidate:
    """An upload whose bytes are all here, to be examined: which attempt, and its file."""

    upload: Upload
    path: Path
    sha256: str
    media_type: str


def announce(session: Session, actor: Principal, store: Store, said: Announcement) -> Progress:
    """Say what is going to be sent, and learn from which offset on.

    Announced again, an upload goes on where it is; one that was refused, or was announced
    differently, begins anew.

    Raises
    ------
    Forbidden
        ``access.forbidden``.
    Conflict
        ``attachment.too_many``: the account has too many uploads unfinished.
    """
    require(actor, "attachment.send")
    _require_room(session, actor, said.sha256)
    moment = now(session)
    session.execute(
        insert(Attachment)
        .values(
            sha256=said.sha256,
            account_id=actor.account_id,
            state=UPLOAD.states[0],
            attempt=1,
            received=0,
            created_at=moment,
            updated_at=moment,
            **_described(said),
        )
        .on_conflict_do_nothing()
    )
    row = _locked(session, actor, said.sha256)
    if row.state != "complete" and (row.state == "refused" or _differs(row, said)):
        _restart(store, row, said)
        row.updated_at = moment
        session.flush()
    return _progress(store, row)


def receive(
    session: Session, actor: Principal, store: Store, sha256: str, offset: int, piece: bytes
) -> Progress:
    """Take a piece at `offset`. What is complete already stays so, whatever comes.

    An empty piece at the end takes nothing, and shows whether all is here.

    Raises
    ------
    NotFound
        ``attachment.unknown``: announce it first.
    Conflict
        ``attachment.wrong_offset`` with the present `offset`; ``attachment.refused``.
    Invalid
        ``attachment.piece_size``, ``attachment.beyond_size``.
    Unavailable
        ``attachment.disk_full``.
    """
    row = _locked(session, actor, sha256)
    if row.state == "complete":
        return _progress(store, row)
    if UPLOAD.after(row.state, "receive") is None:
        raise Conflict(
            "attachment.refused",
            "The content was refused; announce it again to send it anew.",
            refusal=row.refusal,
        )
    present = _offset(store, row)
    require_fitting(present, row.size, offset, len(piece))
    if piece:
        store.claim(queries.owner(session))
        store.write(_upload(row), offset, piece)
    row.received = present + len(piece)
    row.updated_at = now(session)
    session.flush()
    return _progress(store, row)


def progress_of(session: Session, actor: Principal, store: Store, sha256: str) -> Progress:
    """Return how far an upload of the actor's is. Raises `NotFound` (``attachment.unknown``)."""
    return _progress(store, _locked(session, actor, sha256))


def candidate(session: Session, actor: Principal, store: Store, sha256: str) -> Candidate | None:
    """Return what is to be examined of an upload; None where something is still missing, or
    nothing is to be done any more."""
    row = _locked(session, actor, sha256)
    if not _progress(store, row).is_all_here:
        return None
    upload = _upload(row)
    # A crash after the renaming and before the commit leaves the content in its place already.
    path = store.content(sha256) if store.received(upload) is None else store.pieces(upload)
    return Candidate(upload, path, sha256, row.media_type)


def settle(
    session: Session, actor: Principal, store: Store, examined: Candidate, refusal: str | None
) -> Progress:
    """Take or refuse the content that was examined.

    Parameters
    ----------
    refusal
        What `gridserver.attachments.inspection.examine` found wrong with it.
    """
    row = _locked(session, actor, examined.sha256)
    if row.state != "uploading" or _upload(row) != examined.upload:
        return _progress(store, row)
    verb = "accept" if refusal is None else "refuse"
    if refusal is None:
        hold_content(session, row.sha256)
        store.keep(examined.upload, row.sha256)
    else:
        store.discard(examined.upload)
    row.state, row.refusal = UPLOAD.transitions[row.state, verb], refusal
    row.updated_at = now(session)
    session.flush()
    data = {"media_type": row.media_type, "size": row.size, "refusal": refusal}
    audit.record(
        session,
        actor,
        Tag.of("attachment", verb),
        subject_kind="attachment",
        subject_id=row.sha256,
        data=data,
    )
    return _progress(store, row)


def link(
    session: Session, actor: Principal, kind: str, subject_id: int, hashes: Sequence[str]
) -> None:
    """Have contents that the actor brings belong to a subject, whether they are here yet or not.

    Parameters
    ----------
    kind
        One of `gridserver.attachments.rules.SUBJECTS`.
    """
    if not hashes:
        return
    rows = [
        {
            "subject_kind": kind,
            "subject_id": subject_id,
            "sha256": sha256,
            "account_id": actor.account_id,
            "at": now(session),
        }
        for sha256 in hashes
    ]
    session.execute(insert(AttachmentLink).values(rows).on_conflict_do_nothing())


def unlink(session: Session, kind: str, subject_id: int) -> None:
    """Have nothing belong to a subject any longer. What nothing else refers to is swept later."""
    session.execute(
        delete(AttachmentLink).where(
            AttachmentLink.subject_kind == kind, AttachmentLink.subject_id == subject_id
        )
    )


def record_reading(
    session: Session, actor: Principal, kind: str, subject_id: int, sha256: str
) -> None:
    """Write down that the actor is shown a content, in the file of what it belongs to."""
    audit.record(
        session,
        actor,
        Tag.ATTACHMENT_READ,
        subject_kind=kind,
        subject_id=subject_id,
        data={"attachment": sha256},
    )


def hold_content(session: Session, sha256: str) -> None:
    """Have nobody else rename or remove a content's file to the end of the transaction."""
    session.execute(select(func.pg_advisory_xact_lock(_CONTENTS, func.hashtext(sha256))))


def _locked(session: Session, actor: Principal, sha256: str) -> Attachment:
    row = session.scalar(
        select(Attachment)
        .where(Attachment.sha256 == sha256, Attachment.account_id == actor.account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("attachment.unknown", "You announced no such upload: POST /attachments.")
    return row


def _require_room(session: Session, actor: Principal, sha256: str) -> None:
    unfinished = session.scalar(
        select(func.count()).where(
            Attachment.account_id == actor.account_id,
            Attachment.state != "complete",
            Attachment.sha256 != sha256,
        )
    )
    if unfinished is not None and unfinished >= MOST_UNFINISHED:
        raise Conflict(
            "attachment.too_many",
            f"You have {unfinished} uploads unfinished. Finish some of them first.",
        )


def _described(said: Announcement) -> dict[str, object]:
    located = None if said.lon is None else f"SRID=4326;POINT({said.lon!r} {said.lat!r})"
    return {
        "size": said.size,
        "media_type": said.media_type,
        "taken_at": said.taken_at,
        "point": located,
    }


def _differs(row: Attachment, said: Announcement) -> bool:
    return (row.size, row.media_type) != (said.size, said.media_type)


def _restart(store: Store, row: Attachment, said: Announcement) -> None:
    """Begin the next attempt: a file of its own, so that an examination of the last one that is
    still going on says nothing about it."""
    store.discard(_upload(row))
    row.state = UPLOAD.transitions[row.state, "restart"]
    row.attempt, row.received, row.refusal = row.attempt + 1, 0, None
    for name, value in _described(said).items():
        setattr(row, name, value)


def _upload(row: Attachment) -> Upload:
    return Upload(row.id, row.attempt)


def _offset(store: Store, row: Attachment) -> int:
    """Return how many bytes are here: what the row says, unless the file lacks some of it."""
    here = store.received(_upload(row))
    if here is None and row.received == row.size and store.content(row.sha256).exists():
        return row.size
    return min(row.received, here or 0)


def _progress(store: Store, row: Attachment) -> Progress:
    received = _offset(store, row) if row.state == "uploading" else row.received
    return Progress(row.sha256, row.state, received, row.size, row.refusal)
