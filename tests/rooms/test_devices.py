"""Devices: signing in from one, revoking it, and what it says of itself."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.access import queries, service
from gridserver.access.models import Device, LoginSession
from tests.county import PASSWORD, County

OFFICER = "330824001"


def unlock(session: Session, username: str, device: str | None) -> bytes | None:
    """Sign in, and return the secret that came with the session."""
    signed_in = service.sign_in(session, username, PASSWORD, device)
    holder, _ = queries.principal_by_token(session, signed_in.token)
    assert queries.session_terms(session, holder.session_id).unlock == signed_in.unlock
    return signed_in.unlock


def test_a_device_of_an_account_has_one_secret(session: Session, county: County) -> None:
    first = unlock(session, OFFICER, "handheld-7")
    assert first is not None and len(first) == 32
    assert unlock(session, OFFICER, "handheld-7") == first
    assert unlock(session, OFFICER, "handheld-8") != first
    assert unlock(session, "330824002", "handheld-7") != first
    assert session.scalars(select(Device.name).order_by(Device.id)).all() == [
        "handheld-7",
        "handheld-8",
        "handheld-7",
    ]


def test_who_names_no_device_has_none(session: Session, county: County) -> None:
    assert unlock(session, OFFICER, None) is None
    assert session.scalars(select(LoginSession.device_id)).one() is None
    assert session.scalars(select(Device)).all() == []
