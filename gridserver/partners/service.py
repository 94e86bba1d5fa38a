"""Adding and changing partners, and who they are as actors."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from gridserver.access import passwords
from gridserver.access import service as access
from gridserver.access.rules import Grant, Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.errors import Conflict, NotFound
from gridserver.org import queries as org
from gridserver.partners import rules
from gridserver.partners.models import Partner
from gridserver.partners.signatures import Unsigned

#: A role that no account is granted: a verified signature alone carries it.
ROLE = "partner"


@dataclass(frozen=True)
class Terms:
    """What an admin decides about a partner.

    Attributes
    ----------
    name, name_en
        As `hand_over` and the interface name it.
    webhook_url
        Where it wants to hear of what is handed over to it; None where it doesn't.
    enabled
        False: what it sends is refused, and what is for it waits.
    """

    name: str
    name_en: str | None = None
    webhook_url: str | None = None
    enabled: bool = True


def add(
    session: Session, actor: Principal, code: str, terms: Terms, *, trusts_links: bool = False
) -> Partner:
    """Add a partner, with an account that stands for it.

    Parameters
    ----------
    trusts_links : bool
        The lines to other machines are trusted as they are, without TLS.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's exchange.
    Invalid
        ``exchange.bad_code``, ``exchange.bad_url``, ``exchange.plain_url``, ``input.*``: names the
        field.
    Conflict
        ``exchange.exists``, ``exchange.name_taken``.
    """
    require(actor, "exchange.edit", org.bureau(session).path)
    code, terms = rules.read_code(code), _read(terms, trusts_links)
    if session.scalar(select(Partner.id).where(Partner.code == code)):
        raise Conflict("exchange.exists", f"Partner {code} exists.", field="code")
    _require_free_names(session, code, terms)
    account = access.add_account(
        session,
        actor,
        username=f"partner-{code}",
        display_name=terms.name,
        password_hash=passwords.unusable_password(),
    )
    partner = Partner(code=code, account_id=account.id, **vars(terms))
    session.add(partner)
    session.flush()
    _record(session, actor, Tag.EXCHANGE_ADD_PARTNER, partner, None)
    return partner


def present(session: Session, actor: Principal, code: str) -> Partner:
    """Return a partner for showing it. Raises as `locked`."""
    require(actor, "exchange.edit", org.bureau(session).path)
    return partner(session, code)


def locked(session: Session, actor: Principal, code: str) -> Partner:
    """Return a partner for changing it. Raises `Forbidden`, `NotFound` (``exchange.unknown``)."""
    require(actor, "exchange.edit", org.bureau(session).path)
    found = session.scalar(
        select(Partner)
        .where(Partner.code == code)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise _unknown(code)
    return found


def put(
    session: Session, actor: Principal, code: str, terms: Terms, *, trusts_links: bool = False
) -> Partner:
    """Change a partner; takes and raises what `add` does, and raises as `locked`. A plain address
    from before stays, since nothing is sent there and all else about it can be changed."""
    partner = locked(session, actor, code)
    terms = _read(terms, trusts_links or terms.webhook_url == partner.webhook_url)
    _require_free_names(session, code, terms)
    before = _told(partner)
    for name, value in vars(terms).items():
        setattr(partner, name, value)
    session.flush()
    access.rename(session, actor, f"partner-{code}", terms.name)
    _record(session, actor, Tag.EXCHANGE_EDIT_PARTNER, partner, before)
    return partner


def partner(session: Session, code: str) -> Partner:
    """Return a partner by its code. Raises `NotFound` (``exchange.unknown``)."""
    found = session.scalar(select(Partner).where(Partner.code == code))
    if found is None:
        raise _unknown(code)
    return found


def by_id(session: Session, partner_id: int) -> Partner:
    """Return a partner that must be there."""
    return session.get_one(Partner, partner_id)


def partners(session: Session, actor: Principal) -> list[Partner]:
    """Return all partners, by code. Raises `Forbidden`."""
    require(actor, "exchange.edit", org.bureau(session).path)
    return list(session.scalars(select(Partner).order_by(Partner.code)))


def partner_called(session: Session, name: str) -> Partner | None:
    """Return the partner that goes by `name`: its code, or its name in either language."""
    return session.scalar(select(Partner).where(_called(name)).order_by(Partner.code))


def goes_by(partner: Partner, name: str) -> bool:
    """Say whether `name` names the partner, as in `partner_called`."""
    return name in (partner.code, partner.name, partner.name_en)


def sender(session: Session, code: str) -> Partner:
    """Return the partner that a request claims to come from.

    Raises
    ------
    Unsigned
        ``exchange.bad_signature``: there is none, or it is disabled; said as of a wrong signature,
        so that codes can't be tried out.
    """
    found = session.scalar(select(Partner).where(Partner.code == code, Partner.enabled))
    if found is None:
        raise Unsigned(
            "exchange.bad_signature",
            "The signature doesn't fit: compare secret, method, path, time, nonce and body.",
        )
    return found


def principal(session: Session, partner: Partner) -> Principal:
    """Return the partner as an actor, once its signature was verified."""
    bureau = org.bureau(session)
    return Principal(
        partner.account_id,
        f"partner-{partner.code}",
        partner.name,
        (Grant(ROLE, bureau.id, bureau.path),),
    )


def _read(terms: Terms, trusts_links: bool) -> Terms:
    return Terms(
        name=rules.read_name(terms.name),
        name_en=rules.read_name_en(terms.name_en),
        webhook_url=rules.read_webhook_url(terms.webhook_url, trusts_links=trusts_links),
        enabled=terms.enabled,
    )


def _require_free_names(session: Session, code: str, terms: Terms) -> None:
    """A hand-over names its agency, so no two may go by one name."""
    for field in ("name", "name_en"):
        said = getattr(terms, field)
        taken = said and session.scalar(
            select(Partner.code).where(_called(said), Partner.code != code)
        )
        if taken:
            raise Conflict(
                "exchange.name_taken", f"{field}: partner {taken} goes by {said!r}.", field=field
            )


def _called(name: str) -> ColumnElement[bool]:
    return or_(Partner.code == name, Partner.name == name, Partner.name_en == name)


def _unknown(code: str) -> NotFound:
    return NotFound("exchange.unknown", f"There is no partner {code!r}.", field="code")


def _told(partner: Partner) -> dict[str, object]:
    return {
        "name": partner.name,
        "name_en": partner.name_en,
        "webhook_url": partner.webhook_url,
        "enabled": partner.enabled,
    }


def _record(
    session: Session, actor: Principal, tag: Tag, partner: Partner, before: dict[str, object] | None
) -> None:
    audit.record(
        session,
        actor,
        tag,
        subject_kind="partner",
        subject_id=partner.code,
        before=before,
        after=_told(partner),
    )
