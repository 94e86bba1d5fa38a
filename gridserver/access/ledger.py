"""The rows of the ledger that are about an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from gridserver.audit import service as audit
from gridserver.audit.tags import Tag


def record(
    session: Session,
    actor: audit.Actor | None,
    tag: Tag,
    account_id: int | str,
    data: Mapping[str, Any] | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add a row that says what was done to an account, or in its name; ``unknown`` where somebody
    tried one that there isn't. The rest, and what is raised, as `gridserver.audit.service.record`
    has it."""
    audit.record(
        session,
        actor,
        tag,
        subject_kind="account",
        subject_id=account_id,
        data=data,
        before=before,
        after=after,
    )
