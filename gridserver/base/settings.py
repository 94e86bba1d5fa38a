"""Settings: read once from the environment, typed, and refused with one clear line when wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from gridserver.base import basemap, identity, keeping, keyring, links, periods, sealing
from gridserver.base.basemap import Basemap
from gridserver.base.errors import Invalid
from gridserver.base.identity import IdentityProvider
from gridserver.base.keeping import Keep
from gridserver.base.keyring import Keyring
from gridserver.base.sealing import Seal

#: The checkout: holds `migrations/`, the built front end and, by default, `var/`.
ROOT = Path(__file__).resolve().parents[2]
DEFAULT_TIMEZONE = "Asia/Shanghai"
DATABASE, OWNER = "GRIDSERVER_DATABASE_URL", "GRIDSERVER_DATABASE_OWNER_URL"
#: Days that what a bulletin said may be kept, for complaints and the court: not for good.
_MOST_KEPT = 365
_MOST_RATE = 10_000_000
_MOST_SOCKETS = 100_000
_USUAL_PORTS = {"http": 80, "https": 443}
CERTIFICATE, KEY = "GRIDSERVER_TLS_CERTIFICATE", "GRIDSERVER_TLS_KEY"


@dataclass(frozen=True)
class Settings:
    """What an installation decides.

    Attributes
    ----------
    database_url : str or None
        An existing PostGIS ≥ 3.3; None means the private one in `var`.
    var : Path
        Where the installation keeps its own files.
    attachments : Path
        Where the bytes of photographs and files lie.
    host, port : str, int
        Where the web process listens.
    tls_certificate, tls_key : Path or None
        PEM files of the server's certificate; with them it serves HTTPS only.
    trusts_links : bool
        The lines to other machines are trusted as they are, without TLS.
    redis_url : str or None
        Message queue for what may be lost (positions, presence) between several processes.
    demo_password : str or None
        The demo accounts' password; made and kept in `var` when None.
    timezone : ZoneInfo
        The bureau's civil time.
    origins : tuple of str
        Origins, besides the server's own address, that browsers may come from.
    trusted_proxies : int
        How many reverse proxies stand before the server, each of which says whom it speaks for.
    account_rate, address_rate : int
        How many changes an account, and an address, may ask a process for in a minute; 0: any.
    account_read_rate : int
        How many reads an account may ask a process for in a minute, tiles apart; 0: any.
    account_sockets, address_sockets : int
        How many sockets of a process an account (in each namespace), and an address, may hold open;
        0: any.
    socket_rate : int
        How many receipts, positions and beats of one socket are taken in a minute; 0: any.
    geometry_processes : int
        How many processes of a web process may work on files and drafts at once.
    keyring : Keyring
        Secrets shared with other agencies.
    seal : Seal
        Keys of what is stored sealed: the secrets of second factors.
    basemap : Basemap or None
        The bureau's own background map.
    database_owner_url : str or None
        The same database as the role that owns its tables, for migrations; None: there is one role.
    audit_roots : Path
        The file of the audit ledger's seals outside the database.
    audit_key : Path
        The Ed25519 key that signs them; made where there is none.
    audit_keep : mapping of Keep to timedelta
        How long the ledger's rows keep their contents.
    bulletin_kept : timedelta
        How long after a bulletin's end what it said is kept.
    bulletin_validated : timedelta
        How often its issuer must say that it still holds.
    identity : IdentityProvider or None
        The bureau's own, by which people may sign in.
    """

    database_url: str | None
    var: Path
    attachments: Path
    host: str
    port: int
    tls_certificate: Path | None
    tls_key: Path | None
    trusts_links: bool
    redis_url: str | None
    demo_password: str | None
    timezone: ZoneInfo
    origins: tuple[str, ...]
    trusted_proxies: int
    account_rate: int
    address_rate: int
    account_read_rate: int
    account_sockets: int
    address_sockets: int
    socket_rate: int
    geometry_processes: int
    keyring: Keyring
    seal: Seal
    basemap: Basemap | None
    database_owner_url: str | None
    audit_roots: Path
    audit_key: Path
    audit_keep: Mapping[Keep, dt.timedelta]
    bulletin_kept: dt.timedelta
    bulletin_validated: dt.timedelta
    identity: IdentityProvider | None

    @property
    def scheme(self) -> str:
        """``https`` where there is a certificate, else ``http``."""
        return "https" if self.tls_certificate else "http"

    @property
    def address(self) -> str:
        """Where the web process is reached, with a slash at the end."""
        host = "localhost" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"{self.scheme}://{host}:{self.port}/"

    def require_private_lines(self) -> None:
        """Raise `Invalid` where people would be served over lines that others may read."""
        if self.tls_certificate or self.trusts_links:
            return
        if remedy := links.listener_remedy(self.host):
            raise _bad("GRIDSERVER_HOST", self.host, remedy)

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Where browsers may come from: the server's own addresses, and `origins`."""
        names = dict.fromkeys(("localhost", "127.0.0.1", self.host))
        return (*(_origin(self.scheme, name, self.port) for name in names), *self.origins)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """The names, without a port, by which the server may be asked."""
        hosts = (urlsplit(origin).hostname for origin in self.allowed_origins)
        return tuple(dict.fromkeys(host for host in hosts if host))


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises `Invalid` naming the variable and the remedy."""
    var = _folder(environ.get("GRIDSERVER_VAR") or ROOT / "var")
    trusts = _trusts_links(environ)
    return Settings(
        database_url=_database_url(environ, DATABASE, trusts),
        var=var,
        attachments=_folder(environ.get("GRIDSERVER_ATTACHMENTS") or var / "attachments"),
        host=environ.get("GRIDSERVER_HOST") or "localhost",
        port=_port(environ),
        tls_certificate=_pem(environ, CERTIFICATE, KEY),
        tls_key=_pem(environ, KEY, CERTIFICATE),
        trusts_links=trusts,
        redis_url=_redis_url(environ, trusts),
        demo_password=_demo_password(environ),
        timezone=_timezone(environ),
        origins=_origins(environ),
        trusted_proxies=_number(environ, "GRIDSERVER_TRUSTED_PROXIES", 0, 0, 9),
        account_rate=_number(environ, "GRIDSERVER_ACCOUNT_RATE", 1200, 0, _MOST_RATE),
        address_rate=_number(environ, "GRIDSERVER_ADDRESS_RATE", 12_000, 0, _MOST_RATE),
        account_read_rate=_number(environ, "GRIDSERVER_ACCOUNT_READ_RATE", 12_000, 0, _MOST_RATE),
        account_sockets=_number(environ, "GRIDSERVER_ACCOUNT_SOCKETS", 100, 0, _MOST_SOCKETS),
        address_sockets=_number(environ, "GRIDSERVER_ADDRESS_SOCKETS", 4000, 0, _MOST_SOCKETS),
        socket_rate=_number(environ, "GRIDSERVER_SOCKET_RATE", 6000, 0, _MOST_RATE),
        geometry_processes=_number(environ, "GRIDSERVER_GEOMETRY_PROCESSES", 2, 1, 64),
        keyring=keyring.from_environment(environ, trusts_links=trusts),
        seal=sealing.from_environment(environ, var),
        basemap=basemap.from_environment(environ),
        database_owner_url=_database_url(environ, OWNER, trusts),
        audit_roots=_folder(environ.get("GRIDSERVER_AUDIT_ROOTS") or var / "audit-roots.jsonl"),
        audit_key=_folder(environ.get("GRIDSERVER_AUDIT_KEY") or var / "audit-key.pem"),
        audit_keep=keeping.from_environment(environ),
        bulletin_kept=periods.days(
            environ, "GRIDSERVER_BULLETIN_KEEP", periods.MONTH, most=_MOST_KEPT
        ),
        bulletin_validated=periods.days(
            environ, "GRIDSERVER_BULLETIN_VALIDATE", periods.MONTH, most=periods.MONTH.days
        ),
        identity=identity.from_environment(environ),
    )


def _folder(path: str | Path) -> Path:
    return Path(path).expanduser().resolve()


def _bad(name: str, value: str, remedy: str) -> Invalid:
    return Invalid("settings.bad_value", f"{name}={value!r} can't be used: {remedy}", field=name)


def _database_url(environ: Mapping[str, str], name: str, trusts: bool) -> str | None:
    value = environ.get(name)
    if not value:
        return None
    try:
        url = make_url(value)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"}:
        # The value may hold a password, so it isn't repeated.
        raise _bad(name, "…", "give postgresql://user:password@host/database.")
    if not trusts and (remedy := links.database_remedy(value, environ)):
        raise _bad(name, "…", remedy)
    return value.replace("postgres://", "postgresql://", 1)


def _trusts_links(environ: Mapping[str, str]) -> bool:
    value = environ.get(links.PLAIN) or "no"
    if value not in {"yes", "no"}:
        raise _bad(links.PLAIN, value, "give yes or no.")
    return value == "yes"


def _port(environ: Mapping[str, str]) -> int:
    value = environ.get("GRIDSERVER_PORT") or "8000"
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise _bad("GRIDSERVER_PORT", value, "give a port from 1 to 65535.")
    return int(value)


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise _bad(name, value, f"give a number from {least} to {most}.")
    return int(value)


def _origin(scheme: str, host: str, port: int) -> str:
    """Return an origin as browsers say it (RFC 6454, 6.2): without the port that is its scheme's
    own, and an IPv6 address in brackets."""
    named = f"[{host}]" if ":" in host else host
    return f"{scheme}://{named}" if port == _USUAL_PORTS[scheme] else f"{scheme}://{named}:{port}"


def _origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what browsers say of a page that came from there: scheme, host and port alone."""
    name = "GRIDSERVER_ORIGINS"
    origins = tuple(environ.get(name, "").split())
    for origin in origins:
        scheme, _, host = origin.partition("://")
        if scheme not in {"http", "https"} or not host or set(host) & set("/?#@*"):
            raise _bad(name, origin, "give https://host or https://host:port.")
    return origins


def _pem(environ: Mapping[str, str], name: str, other: str) -> Path | None:
    value = environ.get(name)
    if not value:
        if environ.get(other):
            raise _bad(name, "", f"{other} is of no use without it.")
        return None
    if not (path := _folder(value)).is_file():
        raise _bad(name, value, "there is no such file.")
    return path


def _redis_url(environ: Mapping[str, str], trusts: bool) -> str | None:
    value = environ.get("GRIDSERVER_REDIS_URL") or None
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise _bad("GRIDSERVER_REDIS_URL", "…", "give redis://host:port/0.")
    if value and not trusts and (remedy := links.redis_remedy(value)):
        raise _bad("GRIDSERVER_REDIS_URL", "…", remedy)
    return value


def _demo_password(environ: Mapping[str, str]) -> str | None:
    value = environ.get("GRIDSERVER_DEMO_PASSWORD") or None
    if value and len(value) < 8:
        raise _bad("GRIDSERVER_DEMO_PASSWORD", "…", "give at least 8 characters.")
    return value


def _timezone(environ: Mapping[str, str]) -> ZoneInfo:
    value = environ.get("GRIDSERVER_TIMEZONE") or DEFAULT_TIMEZONE
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _bad(
            "GRIDSERVER_TIMEZONE", value, "give an IANA name such as Asia/Shanghai."
        ) from error
