"""A new key for the seals and exports of an installation."""

from __future__ import annotations

from sqlalchemy.orm import Session

from gridserver.audit import service
from gridserver.audit.rootfile import RootFile
from gridserver.audit.signing import Signer
from gridserver.audit.tags import Tag
from gridserver.base.clock import now


def renew_key(session: Session, file: RootFile, reason: str) -> tuple[Signer, Signer]:
    """Have a new key sign from now on, and return the former one and the new one.

    The former one vouches for it in the file; the ledger says when and why. Where the ledger can't
    be written, the key stays.

    Raises
    ------
    Invalid
        ``audit.bad_key``: the present key can't be read, or no other be put in its place.
    """

    def record(former: Signer, new: Signer) -> None:
        service.record(
            session,
            None,
            Tag.AUDIT_RENEW_KEY,
            subject_kind="audit",
            subject_id=new.name,
            purpose=reason,
            before={"key": former.public.hex()},
            after={"key": new.public.hex()},
        )

    return file.renew_key(now(session), record)
