"""One-time codes by the clock (RFC 6238): six digits, 30 seconds, SHA-1, as every app has them."""

from __future__ import annotations

import datetime as dt
import hmac

import pyotp

#: Steps of 30 s that a telephone's clock may be off, either way.
_DRIFT = 1
DIGITS = 6


def new_secret() -> str:
    """Return 160 random bits in base32."""
    return pyotp.random_base32()


def uri(secret: str, username: str, issuer: str) -> str:
    """Return what the QR code says to an app (Key URI Format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def step_of(secret: str, code: str, now: dt.datetime, after: int | None) -> int | None:
    """Return the time step whose code it is; None where there is none.

    Parameters
    ----------
    after
        The step of the last code that was taken. That one and those before it are taken no more
        (RFC 6238, 5.2).
    """
    totp = pyotp.TOTP(secret)
    present = totp.timecode(now)
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and step > (after or 0):
            return step
    return None
