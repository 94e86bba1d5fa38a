"""Passwords: which ones nobody may choose, and their hashes.

The rules are those of OWASP ASVS 5.0, V6.2: long enough, not known from breaches, nothing of the
account itself in it; any character, no composition, no expiry.
"""

from __future__ import annotations

import gzip
import re
import secrets
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from gridserver.base.aside import aside
from gridserver.base.errors import Invalid

#: A password that stands alone; and one beside a second factor.
LEAST, LEAST_BESIDE_A_FACTOR = 12, 8
MOST = 1024

#: argon2id with the library's parameters (RFC 9106, low-memory profile).
_HASHER = PasswordHasher()
#: What an account that can't be signed in to is checked against, so that it takes as long.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))
_UNUSABLE = "!"

#: What people put around a word to make it pass.
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
#: A username of fewer characters stands in many a word by chance.
_LEAST_NAME = 4
_OURS = "gridserver"


def check(password: str, username: str, *, least: int = LEAST) -> None:
    """Raise `Invalid` for a password that the account `username` may not have.

    ``account.short_password``, ``account.long_password``, ``account.common_password`` (known from
    breaches, or such a word between digits) or ``account.own_password`` (it holds the account's
    name, or ours).
    """
    if len(password) < least:
        raise Invalid(
            "account.short_password",
            f"A password has at least {least} characters.",
            field="password",
            least=least,
        )
    if len(password) > MOST:
        raise Invalid(
            "account.long_password",
            f"A password has at most {MOST} characters.",
            field="password",
        )
    folded = password.casefold()
    if is_common(folded):
        raise Invalid(
            "account.common_password",
            "This password, or the word in it, is among the first that are tried. Take another.",
            field="password",
        )
    names = [_OURS, *([username.casefold()] if len(username) >= _LEAST_NAME else [])]
    if any(name in folded for name in names):
        raise Invalid(
            "account.own_password",
            "The password holds the account's name, or the system's. Take another.",
            field="password",
        )


def is_common(folded: str) -> bool:
    """Say whether a password (case-folded) is known, is a known word between digits or signs, is a
    known one twice, or is one character again and again."""
    known = _known()
    half = folded[: len(folded) // 2]
    twice = half if half * 2 == folded else folded
    core = _ENDS.sub("", folded)
    return len(set(folded)) <= 2 or any(each in known for each in (folded, twice, core))


def hash_password(password: str) -> str:
    """Return the argon2id hash, whatever the password: `check` it first."""
    return aside(_HASHER.hash, password)


def unusable_password() -> str:
    """Return a hash that no password matches, for an account that is yet to be given one."""
    return _UNUSABLE


def matches(password_hash: str | None, password: str) -> bool:
    """Say whether it is the password; no account and no password take as long as a wrong one."""
    is_usable = password_hash not in {None, _UNUSABLE}
    is_right = aside(_is_right, password_hash if is_usable and password_hash else _NOBODY, password)
    return is_right and is_usable


def _is_right(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Say whether a hash was made with other parameters than those of now."""
    return _HASHER.check_needs_rehash(password_hash)


@cache
def _known() -> frozenset[str]:
    data = resources.files("gridserver.access") / "data"
    breached = gzip.decompress((data / "common-passwords.txt.gz").read_bytes()).decode()
    chinese = (data / "chinese-words.txt").read_text("utf-8")
    return frozenset(breached.split()) | {
        line for line in chinese.splitlines() if not line.startswith("#")
    }
