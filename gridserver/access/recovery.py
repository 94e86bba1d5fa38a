"""Recovery codes: ten, each good once, for whoever lost their second factor."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gridserver.access.models import RecoveryCode
from gridserver.access.sessions import digest
from gridserver.base.clock import now

COUNT = 10
#: No letter or digit that is mistaken for another. 28 of 32 are 140 bits, so one SHA-256 is enough.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH, _GROUP = 28, 4


def renew(session: Session, account_id: int) -> tuple[str, ...]:
    """Give an account new codes, to be shown once; the former ones are good no more."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(COUNT)]
    session.add_all(RecoveryCode(account_id=account_id, digest=digest(code)) for code in codes)
    session.flush()
    return tuple(
        "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))
        for code in codes
    )


def use(session: Session, account_id: int, written: str) -> bool:
    """Use up a code, in whatever case and with whatever between its groups; say whether it was
    good."""
    code = "".join(each for each in written.upper() if each.isalnum())
    its = select(RecoveryCode).where(
        RecoveryCode.account_id == account_id,
        RecoveryCode.digest == digest(code),
        RecoveryCode.used_at.is_(None),
    )
    found = session.scalar(its.with_for_update())
    if found is None:
        return False
    found.used_at = now(session)
    session.flush()
    return True


def left(session: Session, account_id: int) -> int:
    """Return how many codes are still good."""
    its = select(func.count()).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalars(its).one()


def forget(session: Session, account_id: int) -> None:
    """Take an account's codes away."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
