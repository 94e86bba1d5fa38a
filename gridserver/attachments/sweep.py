"""What nobody will ask for again: uploads that were given up, contents that nothing refers to, and
files that no row speaks of, as a crash leaves them."""

from __future__ import annotations

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from gridserver.attachments import queries
from gridserver.attachments.models import Attachment, AttachmentLink
from gridserver.attachments.rules import KEPT
from gridserver.attachments.service import hold_content
from gridserver.attachments.store import Store, Upload
from gridserver.base.clock import now

_IS_LINKED = exists().where(
    AttachmentLink.sha256 == Attachment.sha256,
    AttachmentLink.account_id == Attachment.account_id,
)


def forget_rows(session: Session, limit: int) -> int:
    """Forget uploads that weren't finished, and contents that nothing refers to, after `KEPT`.

    Their files go with `remove_files`, once this is committed. Returns how many there were.
    """
    old = (
        select(Attachment.id)
        .where(
            Attachment.updated_at < now(session) - KEPT,
            (Attachment.state != "complete") | ~_IS_LINKED,
        )
        .order_by(Attachment.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")  # asked once, whatever the plan
    )
    gone = session.scalars(
        delete(Attachment).where(Attachment.id.in_(select(old.c.id))).returning(Attachment.id)
    )
    return len(gone.all())


def remove_files(session: Session, store: Store, limit: int) -> int:
    """Remove up to `limit` files that no row speaks of. Returns how many there were.

    A folder that isn't this database's is left alone.
    """
    if not store.belongs_to(queries.owner(session)):
        return 0
    removed = 0
    for upload in _stray_uploads(session, store)[:limit]:
        store.discard(upload)
        removed += 1
    for hashes in store.contents():
        for sha256 in sorted(set(hashes) - queries.known(session, hashes))[: limit - removed]:
            removed += _remove_content(session, store, sha256)
    return removed


def _stray_uploads(session: Session, store: Store) -> list[Upload]:
    """Return the uploads whose row is gone, or is past that attempt. A row comes before its file,
    so that the files must be looked at first."""
    uploads = list(store.uploads())
    rows = session.execute(
        select(Attachment.id, Attachment.attempt).where(
            Attachment.id.in_({upload.attachment_id for upload in uploads}),
            Attachment.state == "uploading",
        )
    )
    standing = {Upload(row.id, row.attempt) for row in rows}
    return [upload for upload in uploads if upload not in standing]


def _remove_content(session: Session, store: Store, sha256: str) -> bool:
    """Remove a content unless somebody brings it this very moment; say whether it was removed."""
    hold_content(session, sha256)
    if queries.known(session, [sha256]):
        return False
    store.remove(sha256)
    return True
