"""One-time codes by the clock (RFC 6238)."""

from __future__ import annotations

import base64
import datetime as dt

import pyotp
import pytest

from gridserver.access import totp

#: Of RFC 6238, appendix B, as six digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {1111111109: "081804", 1234567890: "005924", 2000000000: "279037"}


def at(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_the_vectors_of_the_rfc(seconds: int, code: str) -> None:
    step = seconds // 30
    assert totp.step_of(SECRET, code, at(seconds), None) == step
    for drift, is_taken in ((-60, False), (-30, True), (30, True), (60, False)):
        found = totp.step_of(SECRET, code, at(step * 30 + drift), None)
        assert found == (step if is_taken else None)


def test_a_code_is_taken_once_and_none_before_it() -> None:
    now = at(1234567890)
    codes = pyotp.TOTP(SECRET)
    step = totp.step_of(SECRET, codes.at(now), now, None)
    assert totp.step_of(SECRET, codes.at(now), now, step) is None
    assert totp.step_of(SECRET, codes.at(at(1234567860)), now, step) is None
    assert totp.step_of(SECRET, codes.at(at(1234567920)), now, step) == step + 1


def test_what_the_app_is_told() -> None:
    told = totp.uri(SECRET, "330824001", "开化县公安局")
    parsed = pyotp.parse_uri(told)
    assert (parsed.secret, parsed.name, parsed.issuer) == (SECRET, "330824001", "开化县公安局")
