"""The bureau's own identity provider (OpenID Connect): where it is, and who we are to it."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gridserver.base.errors import Invalid
from gridserver.base.links import is_safe

_PREFIX = "GRIDSERVER_OIDC_"
ISSUER, CLIENT_ID = f"{_PREFIX}ISSUER", f"{_PREFIX}CLIENT_ID"
SECRET, SECRET_FILE = f"{_PREFIX}CLIENT_SECRET", f"{_PREFIX}CLIENT_SECRET_FILE"
CLAIM, NAME, CA_FILE = f"{_PREFIX}CLAIM", f"{_PREFIX}NAME", f"{_PREFIX}CA_FILE"
AMR, ACR = f"{_PREFIX}AMR", f"{_PREFIX}ACR"

_LONGEST_NAME = 40
_CLAIM = re.compile(r"[A-Za-z0-9_:./-]{1,100}")


@dataclass(frozen=True)
class IdentityProvider:
    """What an installation knows of its provider.

    Attributes
    ----------
    issuer
        Its identifier, below which its description lies (OpenID Connect Discovery 1.0, 4).
    client_id, client_secret
        Of this installation, as the provider registered it. No secret: a public client.
    claim
        The claim whose value is the account's username.
    name
        What the button on the login page calls it; None: by its general name.
    ca_file
        PEM file of the authority that vouches for its certificate; None: those of the system.
    amr, acr
        Values of the claims of those names that say that a second factor was shown; an `acr` is
        asked for, too.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    claim: str = "preferred_username"
    name: str | None = None
    ca_file: Path | None = None
    amr: tuple[str, ...] = ("mfa",)
    acr: tuple[str, ...] = ()


def from_environment(environ: Mapping[str, str]) -> IdentityProvider | None:
    """Read the settings; None without an issuer. Raises `Invalid` (``settings.bad_value``), naming
    the variable and never the secret."""
    issuer = environ.get(ISSUER)
    if not issuer:
        return None
    if not is_safe(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise _bad(ISSUER, "give the issuer as https://id.bureau.example, without a query.")
    client_id = environ.get(CLIENT_ID)
    if not client_id:
        raise _bad(CLIENT_ID, "the provider gave this installation an id: name it.")
    claim, name = environ.get(CLAIM) or "preferred_username", environ.get(NAME) or None
    if not _CLAIM.fullmatch(claim):
        raise _bad(CLAIM, "give the name of a claim, such as preferred_username.")
    if name and len(name) > _LONGEST_NAME:
        raise _bad(NAME, f"at most {_LONGEST_NAME} characters.")
    return IdentityProvider(
        issuer=issuer,
        client_id=client_id,
        client_secret=_secret(environ),
        claim=claim,
        name=name,
        ca_file=_ca_file(environ),
        amr=tuple(environ.get(AMR, "mfa").split()),
        acr=tuple(environ.get(ACR, "").split()),
    )


def _secret(environ: Mapping[str, str]) -> str | None:
    given, named = environ.get(SECRET), environ.get(SECRET_FILE)
    if given or not named:
        return given or None
    path = Path(named).expanduser()
    try:
        mode, secret = path.stat().st_mode, path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(SECRET_FILE, "the file can't be read.") from error
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise _bad(SECRET_FILE, "everybody may read the file: chmod o-rw it.")
    if not secret:
        raise _bad(SECRET_FILE, "there is no secret in it.")
    return secret


def _ca_file(environ: Mapping[str, str]) -> Path | None:
    named = environ.get(CA_FILE)
    if not named:
        return None
    path = Path(named).expanduser().resolve()
    if not path.is_file():
        raise _bad(CA_FILE, "there is no such file.")
    return path


def _bad(name: str, remedy: str) -> Invalid:
    return Invalid("settings.bad_value", f"{name} can't be used: {remedy}", field=name)
