"""Second factors: demanded by role, enrolled, shown, used up, taken away."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gridserver.access import factors, policy, queries, recovery, service, signing_in, tickets
from gridserver.access.factors import Shown, Tools
from gridserver.access.opening import SignedIn
from gridserver.access.rules import Principal
from gridserver.access.security_keys import Party
from gridserver.access.tickets import Wanted
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from gridserver.base.sealing import Seal
from tests.county import PASSWORD, County

WHO = "command"
PARTY = Party("https://grid.bureau.example")


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(Seal(file=tmp_path / "seal-keys"), PARTY)


@pytest.fixture
def app(session: Session, county: County, tools: Tools) -> pyotp.TOTP:
    """An authenticator app that the account has enrolled; its recovery codes are in `app.codes`."""
    account_id = county.accounts[WHO]
    secret = factors.enrol(session, account_id, "totp", tools).secret
    app = pyotp.TOTP(secret)
    now = session.info["clock"].now()
    app.codes = factors.confirm(
        session, county.principal(WHO), account_id, Shown(code=app.at(now)), "telephone", tools
    )
    return app


def wanted(session: Session, who: str = WHO, device: str | None = None) -> Wanted:
    outcome = signing_in.sign_in(session, who, PASSWORD, device)
    assert isinstance(outcome, Wanted)
    return outcome


def further(session: Session, ticket: str, tools: Tools, **shown: str) -> SignedIn:
    return signing_in.sign_in_further(session, ticket, Shown(**shown), None, tools)


def refused(session: Session, ticket: str, tools: Tools, **shown: str) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        further(session, ticket, tools, **shown)
    return refusal.value.code


def test_without_one_the_password_is_enough(session: Session, county: County) -> None:
    assert isinstance(signing_in.sign_in(session, WHO, PASSWORD, None), SignedIn)


def test_the_password_and_a_code_open_a_session(
    session: Session, county: County, clock: SetClock, tools: Tools, app: pyotp.TOTP
) -> None:
    clock.advance(dt.timedelta(seconds=30))
    more = wanted(session, device="desk")
    assert (more.wants, more.kinds, more.options) == ("second_factor", ("totp",), None)
    with pytest.raises(Unauthenticated):
        queries.principal_by_token(session, more.ticket)
    assert refused(session, more.ticket, tools, code="000000") == "access.wrong_code"
    signed_in = further(session, more.ticket, tools, code=app.at(clock.now()))
    holder, _ = queries.principal_by_token(session, signed_in.token)
    assert (holder.username, holder.device) == (WHO, "desk")
    opened = session.scalars(
        select(AuditEntry).where(AuditEntry.tag == "session:open").order_by(AuditEntry.id)
    ).all()[-1]
    assert opened.data == {"shown": ["password", "totp"]}
    # It is found by who it was, and from where.
    assert (opened.actor, opened.device) == (WHO, "desk")


def test_a_code_and_a_ticket_are_good_once(
    session: Session, county: County, clock: SetClock, tools: Tools, app: pyotp.TOTP
) -> None:
    first, second = wanted(session).ticket, wanted(session).ticket
    assert refused(session, first, tools, code=app.at(clock.now())) == "access.wrong_code"
    clock.advance(dt.timedelta(seconds=30))
    code = app.at(clock.now())
    further(session, first, tools, code=code)
    assert refused(session, first, tools, code=code) == "access.ticket_over"
    assert refused(session, second, tools, code=code) == "access.wrong_code"


def test_a_ticket_lasts_five_minutes_and_no_new_password(
    session: Session, county: County, clock: SetClock, tools: Tools, app: pyotp.TOTP
) -> None:
    old = wanted(session).ticket
    clock.advance(tickets.LASTS)
    assert refused(session, old, tools, code=app.at(clock.now())) == "access.ticket_over"
    assert tickets.purge(session, 10) == 0
    clock.advance(dt.timedelta(seconds=1))
    assert tickets.purge(session, 10) == 1
    new = wanted(session).ticket
    service.set_password(session, None, WHO, "another-password")
    assert refused(session, new, tools, code=app.at(clock.now())) == "access.ticket_over"


def test_a_recovery_code_stands_in_once(
    session: Session, county: County, tools: Tools, app: pyotp.TOTP
) -> None:
    assert len(set(app.codes)) == recovery.COUNT
    letters = {len(code.replace("-", "")) for code in app.codes}
    assert min(letters) * math.log2(32) >= 128, "or one SHA-256 would be too fast"
    written = app.codes[3].lower().replace("-", " ")
    further(session, wanted(session).ticket, tools, recovery_code=written)
    assert recovery.left(session, county.accounts[WHO]) == recovery.COUNT - 1
    ticket = wanted(session).ticket
    assert refused(session, ticket, tools, recovery_code=app.codes[3]) == "access.wrong_code"
    new = factors.renew_codes(session, county.principal(WHO))
    assert refused(session, ticket, tools, recovery_code=app.codes[4]) == "access.wrong_code"
    further(session, ticket, tools, recovery_code=new[0])


def test_no_secret_can_be_read_from_the_rows(session: Session, app: pyotp.TOTP) -> None:
    for table in ("second_factor", "recovery_code", "sign_in_ticket"):
        stored = session.scalars(text(f"SELECT t::text FROM {table} AS t")).all()  # noqa: S608
        for secret in (app.secret, app.secret.encode().hex(), app.codes[0].replace("-", "")):
            assert secret not in "".join(stored)


def test_a_role_that_demands_one_has_it_enrolled_at_the_next_sign_in(
    session: Session, county: County, clock: SetClock, tools: Tools
) -> None:
    policy.change(session, county.principal("admin"), second_factor_roles=["command"])
    more = wanted(session)
    assert (more.wants, more.kinds) == ("enrolment", ())
    assert refused(session, more.ticket, tools, code="123456") == "access.ticket_over"
    assert isinstance(signing_in.sign_in(session, "gis", PASSWORD, None), SignedIn)
    held = tickets.held(session, more.ticket, "enrolment")
    app = pyotp.TOTP(factors.enrol(session, held.account_id, "totp", tools).secret)

    def confirm(code: str) -> tuple[SignedIn, tuple[str, ...]]:
        shown = Shown(code=code)
        return signing_in.sign_in_enrolled(session, more.ticket, shown, "telephone", None, tools)

    with pytest.raises(Unauthenticated):
        confirm("000000")
    signed_in, codes = confirm(app.at(clock.now()))
    assert len(codes) == recovery.COUNT
    holder, _ = queries.principal_by_token(session, signed_in.token)
    (card,) = factors.of(session, holder.account_id)
    with pytest.raises(Conflict) as refusal:
        factors.remove(session, holder, card.id)
    assert refusal.value.code == "factor.demanded"
    policy.change(session, None, second_factor_roles=[])
    factors.remove(session, holder, card.id)
    assert recovery.left(session, holder.account_id) == 0
    assert isinstance(signing_in.sign_in(session, WHO, PASSWORD, None), SignedIn)


def test_an_enrolment_is_confirmed_in_time(
    session: Session, county: County, clock: SetClock, tools: Tools
) -> None:
    account_id = county.accounts[WHO]
    app = pyotp.TOTP(factors.enrol(session, account_id, "totp", tools).secret)
    clock.advance(dt.timedelta(minutes=10))
    with pytest.raises(Conflict) as refusal:
        factors.confirm(session, None, account_id, Shown(app.at(clock.now())), "x", tools)
    assert refusal.value.code == "factor.not_begun"
    assert factors.of(session, account_id) == []


def test_an_admin_resets_what_was_lost(
    session: Session, county: County, tools: Tools, app: pyotp.TOTP
) -> None:
    ticket = wanted(session).ticket
    further(session, ticket, tools, recovery_code=app.codes[0])
    admin = county.principal("admin")
    assert service.reset_factors(session, admin, WHO, "telephone lost") == 1
    assert isinstance(signing_in.sign_in(session, WHO, PASSWORD, None), SignedIn)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.tag == "factor:reset")).one()
    assert entry.actor_account_id == admin.account_id
    assert entry.data == {"reason": "telephone lost", "factors": 1}
    with pytest.raises(Invalid):
        service.reset_factors(session, admin, WHO, " ")


def test_nobody_takes_another_s_away(session: Session, county: County, app: pyotp.TOTP) -> None:
    (card,) = factors.of(session, county.accounts[WHO])
    with pytest.raises(NotFound):
        factors.remove(session, county.principal("gis"), card.id)
    with pytest.raises(Conflict):
        factors.renew_codes(session, county.principal("gis"))


def test_a_security_key_is_for_a_page_of_ours(
    session: Session, county: County, tools: Tools
) -> None:
    account_id = county.accounts[WHO]
    with pytest.raises(Conflict) as refusal:
        factors.enrol(session, account_id, "webauthn", Tools(tools.seal, None))
    assert refusal.value.code == "factor.no_browser"
    options = factors.enrol(session, account_id, "webauthn", tools).options
    assert (options["rp"]["id"], options["user"]["name"]) == ("grid.bureau.example", WHO)
    for garbage in ({}, {"rawId": "x", "response": {}}, {"id": 1, "rawId": None}):
        with pytest.raises(Unauthenticated):
            factors.confirm(session, None, account_id, Shown(credential=garbage), "key", tools)


@pytest.mark.parametrize(
    ("demand", "field"),
    [
        ({"second_factor_roles": ["king"]}, "second_factor_roles"),
        ({"most_failures": 2}, "most_failures"),
        ({"idle_minutes": 0}, "idle_minutes"),
        ({"session_hours": 169}, "session_hours"),
    ],
)
def test_bad_demands(session: Session, county: County, demand: dict, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        policy.change(session, county.principal("admin"), **demand)
    assert refusal.value.field == field


@pytest.mark.parametrize("who", ["command", "gis", "auditor", "330824001"])
def test_only_an_admin_of_the_bureau_demands(session: Session, county: County, who: str) -> None:
    actor: Principal = county.principal(who)
    with pytest.raises(Forbidden):
        policy.change(session, actor, idle_minutes=5)
