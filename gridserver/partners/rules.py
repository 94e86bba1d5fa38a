"""When a letter is tried again, and which webhooks there may be: pure."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from gridserver.base import keyring, links, reading
from gridserver.base.errors import Invalid

#: After so many failed tries a letter is dead: some three and a half hours.
MOST_TRIES = 12
_FIRST_S = 10.0
_LONGEST_S = 3600.0

_LONGEST_NAME = 100
_LONGEST_URL = 500
#: They would read as other addresses below /api/v1/exchange.
RESERVED = frozenset({"partners", "rejects", "letters"})


def pause(failed: int, chance: float) -> dt.timedelta:
    """Return how long to wait after the `failed`-th failed try.

    Exponential with "equal jitter": half of the wait is fixed, half is up to `chance` (0 to 1), so
    that letters which failed together are not all tried again together.
    """
    whole = min(_FIRST_S * 2 ** (failed - 1), _LONGEST_S)
    return dt.timedelta(seconds=whole / 2 * (1 + chance))


def read_code(value: object) -> str:
    """Return a partner's code. Raises `Invalid`."""
    if not isinstance(value, str) or not keyring.is_code(value) or value in RESERVED:
        raise Invalid(
            "exchange.bad_code",
            "code: give 1 to 32 lower-case letters, digits and hyphens, and none of "
            f"{', '.join(sorted(RESERVED))}.",
            field="code",
        )
    return value


def read_name(value: object) -> str:
    """Return a partner's name. Raises `Invalid`."""
    return reading.text(value, "name", longest=_LONGEST_NAME)


def read_name_en(value: object) -> str | None:
    """Return a partner's English name, or None. Raises `Invalid`."""
    return reading.optional_text(value, "name_en", longest=_LONGEST_NAME)


def read_webhook_url(value: object, *, trusts_links: bool = False) -> str | None:
    """Return the address that letters are sent to, or None.

    Raises
    ------
    Invalid
        ``exchange.bad_url``: no http or https address, or one with a user name, a password or a
        fragment; ``exchange.plain_url``: it would be asked without TLS, on another machine, and the
        lines aren't trusted as they are.
    """
    url = reading.optional_text(value, "webhook_url", longest=_LONGEST_URL)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits or parts.username or parts.password or parts.fragment or not url.isprintable():
        raise Invalid(
            "exchange.bad_url",
            "webhook_url: give an http or https address, without user name, password and #.",
            field="webhook_url",
        )
    if not trusts_links and (remedy := links.agency_remedy(url)):
        raise Invalid("exchange.plain_url", f"webhook_url: {remedy}", field="webhook_url")
    return url
