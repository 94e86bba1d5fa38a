"""Other agencies, as an admin sets them up: partners, mappings, views."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from gridserver.api import context, idempotency
from gridserver.api.blueprint import Blueprint
from gridserver.api.shapes_exchange import (
    MappedReportSchema,
    MappingListSchema,
    MappingSchema,
    MappingTrialSchema,
    NewMappingSchema,
    NewPartnerSchema,
    PartnerListSchema,
    PartnerSchema,
    PartnerTermsSchema,
    PullSchema,
    PullTermsSchema,
    ReplayedSchema,
)
from gridserver.base.links import is_safe
from gridserver.exchange import mappings, pulls, rejects, service
from gridserver.exchange.models import Pull
from gridserver.incidents.rules import Report
from gridserver.partners import outbox
from gridserver.partners import service as partners
from gridserver.partners.models import Partner
from gridserver.partners.service import Terms

blueprint = Blueprint(
    "exchange",
    __name__,
    url_prefix="/api/v1/exchange/partners",
    description="Other agencies: who they are, and how their reports are read.",
)


@blueprint.route("")
class Partners(MethodView):
    @blueprint.response(200, PartnerListSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    def get(self) -> dict[str, Any]:
        """List the partners, with what waits for them and what went wrong."""
        with context.transaction() as session:
            found = partners.partners(session, context.principal())
            return {"items": _overviews(session, found), "next": None}

    @blueprint.arguments(idempotency.IdempotencySchema, location="headers")
    @blueprint.arguments(NewPartnerSchema)
    @blueprint.response(201, PartnerSchema)
    @blueprint.alt_response(409, "CONFLICT")
    def post(self, headers: dict[str, Any], body: dict[str, Any]) -> Response:
        """Add a partner. Its secret is set in the environment (docs/exchange.md)."""
        with context.transaction() as session:
            added = idempotency.succeed_once(session, body, lambda: _add(session, body))
        return idempotency.created(added)


@blueprint.route("/<code>")
class OnePartner(MethodView):
    @blueprint.etag
    @blueprint.response(200, PartnerSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, code: str) -> Partner:
        """Show a partner."""
        with context.transaction() as session:
            return partners.present(session, context.principal(), code)

    @blueprint.etag
    @blueprint.arguments(PartnerTermsSchema)
    @blueprint.response(200, PartnerSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    @blueprint.alt_response(409, "CONFLICT")
    def put(self, body: dict[str, Any], code: str) -> Partner:
        """Change a partner."""
        with context.transaction() as session:
            actor = context.principal()
            blueprint.check_etag(partners.locked(session, actor, code), PartnerSchema)
            trusts = context.settings().trusts_links
            return partners.put(session, actor, code, Terms(**body), trusts_links=trusts)


@blueprint.route("/<code>/mapping")
class Mapping(MethodView):
    @blueprint.etag
    @blueprint.response(200, MappingSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, code: str) -> mappings.Version:
        """Show how a partner's reports are read."""
        with context.transaction() as session:
            return mappings.present(session, context.principal(), code)

    @blueprint.etag
    @blueprint.arguments(NewMappingSchema)
    @blueprint.response(200, MappingSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def put(self, body: dict[str, Any], code: str) -> mappings.Version:
        """Read a partner's reports in another way from now on. The former versions stay."""
        with context.transaction() as session:
            actor = context.principal()
            blueprint.check_etag(mappings.locked(session, actor, code), MappingSchema)
            return mappings.put(session, actor, code, body["rules"], body["remark"])


@blueprint.route("/<code>/mapping/history")
class MappingHistory(MethodView):
    @blueprint.response(200, MappingListSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, code: str) -> dict[str, Any]:
        """List all versions of a partner's mapping, newest first."""
        with context.transaction() as session:
            found = mappings.history(session, context.principal(), code)
        return {"items": found, "next": None}


@blueprint.route("/<code>/mapping/preview")
class MappingPreview(MethodView):
    @blueprint.arguments(MappingTrialSchema)
    @blueprint.response(200, MappedReportSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, body: dict[str, Any], code: str) -> Report:
        """Say what a sample would report by a mapping that is not in force. Writes nothing."""
        with context.transaction() as session:
            actor = context.principal()
            return mappings.preview(session, actor, code, body["rules"], body["sample"])


@blueprint.route("/<code>/pull")
class PulledView(MethodView):
    @blueprint.etag
    @blueprint.response(200, PullSchema)
    @blueprint.alt_response(403, "FORBIDDEN")
    @blueprint.alt_response(404, "NOT_FOUND")
    def get(self, code: str) -> dict[str, Pull | None]:
        """Show which view of a partner's database is read."""
        with context.transaction() as session:
            return {"pull": pulls.present(session, context.principal(), code)}

    @blueprint.etag
    @blueprint.arguments(PullTermsSchema)
    @blueprint.response(200, PullSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def put(self, body: dict[str, Any], code: str) -> dict[str, Pull]:
        """Have a view read. Another view or start begins anew."""
        with context.transaction() as session:
            actor = context.principal()
            blueprint.check_etag({"pull": pulls.locked(session, actor, code)}, PullSchema)
            return {"pull": pulls.put(session, actor, code, pulls.Terms(**body))}


@blueprint.route("/<code>/replay")
class Replay(MethodView):
    @blueprint.response(200, ReplayedSchema)
    @blueprint.alt_response(404, "NOT_FOUND")
    def post(self, code: str) -> dict[str, int]:
        """Take a partner's open rejects again, the oldest first, 200 at most."""
        with context.transaction() as session:
            taken, left = service.replay_all(session, context.principal(), code)
        return {"taken": taken, "left": left}


def _add(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    terms = Terms(**{name: said for name, said in body.items() if name != "code"})
    actor, trusts = context.principal(), context.settings().trusts_links
    added = partners.add(session, actor, body["code"], terms, trusts_links=trusts)
    return PartnerSchema().dump(added)


def _overviews(session: Session, found: list[Partner]) -> list[dict[str, Any]]:
    keyring, trusts = context.settings().keyring, context.settings().trusts_links
    letters, open_rejects = outbox.counts(session), rejects.counts(session)
    progress = pulls.by_partner(session)
    return [
        {
            **PartnerSchema().dump(partner),
            "has_secret": bool(keyring.of(partner.code).secrets),
            "is_plain": not trusts and _is_plain(partner),
            "has_database": keyring.of(partner.code).database_url is not None,
            "pending_letters": letters.get(partner.code, {}).get("pending", 0),
            "dead_letters": letters.get(partner.code, {}).get("dead", 0),
            "open_rejects": open_rejects.get(partner.code, 0),
            **_progress(progress.get(partner.id)),
        }
        for partner in found
    ]


def _is_plain(partner: Partner) -> bool:
    return partner.webhook_url is not None and not is_safe(partner.webhook_url)


def _progress(pull: Pull | None) -> dict[str, Any]:
    return {name: getattr(pull, name, None) for name in ("read_at", "position", "error")}
