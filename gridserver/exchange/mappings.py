"""The mappings of the sources: versions that are added and never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import AccountRef
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.exchange import mapping
from gridserver.exchange.mapping import Rules
from gridserver.exchange.models import MappingVersion
from gridserver.incidents import queries as incidents
from gridserver.incidents.rules import Report
from gridserver.org import queries as org
from gridserver.partners import service as partners
from gridserver.partners.models import Partner


@dataclass(frozen=True)
class Version:
    """A mapping with who wrote it, when, and why. Version 0 says nothing yet."""

    version: int = 0
    rules: Rules | None = None
    at: dt.datetime | None = None
    by: AccountRef | None = None
    remark: str | None = None


def in_force(session: Session, partner: Partner) -> Rules:
    """Return the mapping by which `partner` is read.

    Raises
    ------
    Conflict
        ``exchange.no_mapping``: nobody wrote one yet.
    """
    stored = session.scalar(
        select(MappingVersion.rules)
        .where(MappingVersion.partner_id == partner.id)
        .order_by(MappingVersion.version.desc())
        .limit(1)
    )
    if stored is None:
        raise Conflict(
            "exchange.no_mapping",
            f"Nobody has said yet how reports of {partner.code} are read: write its mapping.",
        )
    return Rules(**stored)


def history(session: Session, actor: Principal, code: str) -> list[Version]:
    """Return all versions of a partner's mapping, newest first. Raises `Forbidden`, `NotFound`."""
    require(actor, "exchange.edit", org.bureau(session).path)
    partner = partners.partner(session, code)
    found = session.scalars(
        select(MappingVersion)
        .where(MappingVersion.partner_id == partner.id)
        .order_by(MappingVersion.version.desc())
    ).all()
    people = access.account_refs(session, {row.account_id for row in found})
    return [
        Version(row.version, Rules(**row.rules), row.at, people[row.account_id], row.remark)
        for row in found
    ]


def present(session: Session, actor: Principal, code: str) -> Version:
    """Return the mapping in force, version 0 where there is none yet. Raises as `history`."""
    return next(iter(history(session, actor, code)), Version())


def locked(session: Session, actor: Principal, code: str) -> Version:
    """Return the mapping in force for changing it: whoever else would waits until this transaction
    ends. Raises `Forbidden`, `NotFound`."""
    partners.locked(session, actor, code)
    return present(session, actor, code)


def put(
    session: Session, actor: Principal, code: str, document: Mapping[str, Any], remark: str | None
) -> Version:
    """Put a new version in force: it reads what comes from now on, and rejects that are replayed.

    Raises
    ------
    Forbidden, NotFound
    Invalid, GisError
        As `mapping.read_rules`; ``incident.unknown_category`` for one that maps to none of ours.
    """
    number = locked(session, actor, code).version + 1
    rules = _read(session, document)
    partner = partners.partner(session, code)
    session.execute(
        insert(MappingVersion).values(
            partner_id=partner.id,
            version=number,
            rules=rules.to_json(),
            at=now(session),
            account_id=actor.account_id,
            remark=remark,
        )
    )
    audit.record(
        session,
        actor,
        Tag.EXCHANGE_MAP,
        subject_kind="partner",
        subject_id=code,
        data={"version": number},
        purpose=remark,
    )
    return present(session, actor, code)


def preview(
    session: Session, actor: Principal, code: str, document: Mapping[str, Any], sample: object
) -> Report:
    """Return what `sample` would report by a mapping that is not in force. Raises as `put`, and as
    `mapping.report` does."""
    require(actor, "exchange.edit", org.bureau(session).path)
    partner = partners.partner(session, code)
    report = mapping.report(_read(session, document), partner.code, sample)
    incidents.category(session, report.category, now(session))
    return report


def _read(session: Session, document: Mapping[str, Any]) -> Rules:
    rules = mapping.read_rules(document)
    named = {*rules.categories.values(), rules.constants.get("category")}
    for category in sorted(code for code in named if isinstance(code, str)):
        incidents.category(session, category, now(session))
    return rules
