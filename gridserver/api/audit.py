"""The auditor's reading of the ledger. Each look is a row of it too."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.access import queries as access
from gridserver.access.queries import AccountRef
from gridserver.access.rules import require
from gridserver.api import context
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_audit import (
    LedgerEntryArguments,
    LedgerEntryPageSchema,
    LedgerProofSchema,
    LedgerStandingSchema,
    LedgerWantedArguments,
)
from gridserver.audit import exporting, proving, queries, rights, service, signing
from gridserver.audit.models import AuditEntry
from gridserver.audit.queries import Wanted
from gridserver.audit.tags import Tag

PERMISSION = "audit.read"
MEDIA_TYPE = "application/jsonl"

blueprint = Blueprint(
    "audit", __name__, url_prefix="/api/v1/audit", description="Who did or saw what, and when."
)


@blueprint.route("/entries")
class Entries(MethodView):
    @blueprint.arguments(LedgerEntryArguments, location="query")
    @blueprint.response(200, LedgerEntryPageSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List rows of the ledger, newest first. The look is recorded, and what was asked for."""
        limit = arguments["limit"]
        with context.transaction() as session:
            wanted = _wanted(session, arguments)
            before = context.decode_number_cursor(arguments.get("cursor"))
            _look(session, Tag.AUDIT_READ, "entries", wanted.document())
            found = queries.page(session, wanted, before, limit + 1)
            people = access.account_refs(session, _accounts(found))
        shown, following = context.cut(found, limit, lambda each: each[0].id)
        return {"items": [_card(*each, people) for each in shown], "next": following}


@blueprint.route("/standing")
class StandingOf(MethodView):
    @blueprint.response(200, LedgerStandingSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """Say how far the ledger is sealed, and what its tags mean."""
        with context.transaction() as session:
            require(context.principal(), PERMISSION)
            found = queries.standing(session)
            lacking = rights.lacking(session)
        tags = [{"tag": tag.value, "zh": tag.zh, "en": tag.en, "keep": tag.keep} for tag in Tag]
        last_at = found.last_at.isoformat() if found.last_at else None
        return asdict(found) | {"last_at": last_at, "rights": lacking, "tags": tags}


@blueprint.route("/entries/<int(max=9223372036854775807):entry_id>/proof")
class Proof(MethodView):
    @blueprint.response(200, LedgerProofSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def get(self, entry_id: int) -> dict[str, Any]:
        """Give the proof that a row was sealed, for `gridserver audit check`."""
        with context.transaction() as session:
            _look(session, Tag.AUDIT_PROVE, entry_id, {})
            return proving.prove(session, entry_id)


@blueprint.route("/export.jsonl")
class Export(MethodView):
    @blueprint.arguments(LedgerWantedArguments, location="query")
    @blueprint.response(200, content_type=MEDIA_TYPE)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    def get(self, arguments: dict[str, Any]) -> Response:
        """Give the sealed rows with their proofs and seals as signed JSON lines; more than 5,000
        are refused 422 `export.too_many`."""
        signer = signing.signer(context.settings().audit_key)
        with context.transaction() as session:
            wanted = _wanted(session, arguments)
            actor = context.principal()
            require(actor, PERMISSION)
            data, rows = exporting.export(session, wanted, actor.username, signer)
            _look(session, Tag.AUDIT_EXPORT, "entries", wanted.document() | {"rows": rows})
        answer = Response(data, content_type=MEDIA_TYPE)
        answer.headers["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
        return answer


def _look(session: Session, tag: Tag, subject: object, data: dict[str, Any]) -> None:
    actor = context.principal()
    require(actor, PERMISSION)
    service.record(session, actor, tag, subject_kind="audit", subject_id=subject, data=data)


def _wanted(session: Session, arguments: dict[str, Any]) -> Wanted:
    chosen = {name: arguments.get(name) for name in ("actor", "subject_kind", "subject_id", "tag")}
    username = chosen["actor"]
    return Wanted(
        **chosen,
        actor_id=access.account_id(session, username) if username else None,
        since=arguments.get("since"),
        until=arguments.get("until"),
    )


def _accounts(found: list[tuple[AuditEntry, int | None]]) -> set[int]:
    named = (each for entry, _ in found for each in (entry.actor_account_id, _subject(entry)))
    return {each for each in named if each is not None}


def _subject(entry: AuditEntry) -> int | None:
    """Return the account that it was done to, where it was one; of a failed sign-in it may be
    ``unknown``."""
    is_account = entry.subject_kind == "account" and entry.subject_id.isdecimal()
    return int(entry.subject_id) if is_account else None


def _card(entry: AuditEntry, seal: int | None, people: dict[int, AccountRef]) -> dict[str, Any]:
    account = people.get(entry.actor_account_id or 0)
    username = entry.actor or (account.username if account else None)
    actor = username and {
        "username": username,
        "display_name": account.display_name if account else username,
    }
    names = ("id", "tag", "device", "subject_kind", "subject_id", "purpose", "lon", "lat", "data")
    shown = {name: getattr(entry, name) for name in names}
    subject = people.get(_subject(entry) or 0)
    return shown | {"at": entry.at.isoformat(), "actor": actor, "subject": subject, "seal": seal}
