"""Secrets shared with other agencies, and the URLs of their databases.

They come from the environment or from a file that it names. They are never stored in the database
and never logged.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from gridserver.base import links
from gridserver.base.errors import Invalid

FILE = "GRIDSERVER_EXCHANGE_SECRETS"
_SECRET = "GRIDSERVER_EXCHANGE_SECRET_"  # noqa: S105 (the beginning of a variable's name)
_DATABASE = "GRIDSERVER_EXCHANGE_DATABASE_"

#: As many characters as a SHA-256 key has bytes (RFC 2104: shorter ones weaken it).
LEAST_SECRET = 32

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True)
class Key:
    """What is secret about one partner.

    Attributes
    ----------
    secrets
        Shared with it. Each is accepted, the first signs: a new one is put in front, and the old
        one is taken out when the partner has changed too.
    database_url
        Where its view is read, in SQLAlchemy's form.
    """

    secrets: tuple[str, ...] = field(default=(), repr=False)
    database_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Keyring:
    """The keys of all partners, by code. One without any has an empty key."""

    keys: Mapping[str, Key] = field(default_factory=dict, repr=False)

    def of(self, code: str) -> Key:
        """Return the partner's key."""
        return self.keys.get(code, Key())


def is_code(text: str) -> bool:
    """Say whether `text` can be a partner's code: lower case, so that it fits a variable's name."""
    return _CODE.fullmatch(text) is not None


def from_environment(environ: Mapping[str, str], *, trusts_links: bool = False) -> Keyring:
    """Read the keys: the file first, then the variables, which go before it.

    ``GRIDSERVER_EXCHANGE_SECRET_<CODE>`` and ``GRIDSERVER_EXCHANGE_DATABASE_<CODE>`` name a partner
    by its code in capitals, with ``_`` for ``-``. A database on another machine is asked such that
    nobody between reads or answers, unless `trusts_links`.

    Raises
    ------
    Invalid
        ``settings.bad_value``: names the variable or the file's entry, never the secret.
    """
    keys = _from_file(environ)
    for name, value in environ.items():
        if name.startswith(_SECRET) and value:
            code = _code(name, name.removeprefix(_SECRET))
            keys[code] = Key(_secrets(name, value.split()), keys.get(code, Key()).database_url)
    for name, value in environ.items():
        if name.startswith(_DATABASE) and value:
            code = _code(name, name.removeprefix(_DATABASE))
            keys[code] = Key(keys.get(code, Key()).secrets, _url(name, value))
    if not trusts_links:
        _require_private_lines(keys, environ)
    return Keyring(keys)


def _require_private_lines(keys: Mapping[str, Key], environ: Mapping[str, str]) -> None:
    for code, key in keys.items():
        url = key.database_url
        if url and (remedy := links.partner_database_remedy(url, environ)):
            variable = f"{_DATABASE}{code.upper().replace('-', '_')}"
            raise _bad(variable if environ.get(variable) else f"{FILE} [{code}]", remedy)


def _from_file(environ: Mapping[str, str]) -> dict[str, Key]:
    if not environ.get(FILE):
        return {}
    path = Path(environ[FILE])
    try:
        mode = path.stat().st_mode
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _bad(FILE, f"the file can't be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(FILE, "the file is no TOML.") from error
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise _bad(FILE, "everybody may read the file: chmod o-rw it.")
    return {_code(FILE, code): _key(code, entry) for code, entry in document.items()}


def _key(code: str, entry: Any) -> Key:
    where = f"{FILE} [{code}]"
    if not isinstance(entry, dict) or entry.keys() - {"secret", "database"}:
        raise _bad(where, "it takes `secret` and `database`, and nothing else.")
    secrets, url = entry.get("secret", []), entry.get("database")
    listed = [secrets] if isinstance(secrets, str) else secrets
    if not isinstance(listed, list) or not all(isinstance(secret, str) for secret in listed):
        raise _bad(where, "`secret` is a text or a list of texts.")
    if url is not None and not isinstance(url, str):
        raise _bad(where, "`database` is a text.")
    return Key(_secrets(where, listed), None if url is None else _url(where, url))


def _code(name: str, written: str) -> str:
    code = written.lower().replace("_", "-")
    if not is_code(code):
        raise _bad(name, "a partner's code has letters, digits and hyphens, 32 at most.")
    return code


def _secrets(name: str, secrets: list[str]) -> tuple[str, ...]:
    if any(len(secret) < LEAST_SECRET for secret in secrets):
        raise _bad(
            name,
            f"a secret has at least {LEAST_SECRET} characters: `openssl rand -hex 32` makes one.",
        )
    return tuple(secrets)


def _url(name: str, value: str) -> str:
    try:
        make_url(value)
    except ArgumentError as error:
        raise _bad(name, "give a URL as postgresql://user:password@host/database.") from error
    return value


def _bad(name: str, remedy: str) -> Invalid:
    return Invalid("settings.bad_value", f"{name} can't be used: {remedy}", field=name)
