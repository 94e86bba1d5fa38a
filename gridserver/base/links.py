"""The lines to browsers, databases, Redis and other agencies: on this machine, or read by nobody
between."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.engine import URL, make_url

#: Says that the line between the machines is trusted as it is.
PLAIN = "GRIDSERVER_PLAIN_LINKS"
_SAFE = "verify-full"
_OTHERWISE = f"where the line itself is trusted, set {PLAIN}=yes."


def database_remedy(address: str, environ: Mapping[str, str]) -> str | None:
    """Return what is lacking for nobody to read or answer on the line to a database; None: nothing.

    libpq by itself asks for TLS, takes no for an answer, and looks at no certificate.
    """
    url = make_url(address)
    mode = next(iter(_values(url, "sslmode")), environ.get("PGSSLMODE"))
    if mode == _SAFE or all(map(_is_here, _hosts(url, environ))):
        return None
    return (
        f"a database on another machine is asked by sslmode={_SAFE} "
        f"(…/gridserver?sslmode={_SAFE}&sslrootcert=/path/ca.pem); {_OTHERWISE}"
    )


def partner_database_remedy(address: str, environ: Mapping[str, str]) -> str | None:
    """Return what is lacking on the line to another agency's database, of whatever kind; None:
    nothing."""
    url = make_url(address)
    if url.get_backend_name() in {"postgresql", "postgres"}:
        return database_remedy(address, environ)
    if url.get_backend_name() == "sqlite" or (url.host and _is_here(url.host)):
        return None
    return (
        "whether a driver looks at a certificate isn't known of this kind of database: have a "
        f"tunnel with TLS end on this machine, and ask localhost; {_OTHERWISE}"
    )


def agency_remedy(address: str) -> str | None:
    """Return what is lacking for nobody to read what is sent to an agency's address; None:
    nothing."""
    if is_safe(address):
        return None
    return f"give an https address, since it isn't on this machine; {_OTHERWISE}"


def is_safe(address: str) -> bool:
    """Say whether nobody on the way reads what is sent there: HTTPS, or this very machine."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as half an IPv6 address
        return False
    if not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))


def redis_remedy(address: str) -> str | None:
    """Return what is lacking for nobody to read or answer on the line to Redis; None: nothing."""
    parts = urlsplit(address)
    if parts.scheme == "unix" or _is_here(parts.hostname or ""):
        return None
    asked = dict(parse_qsl(parts.query))
    checks = (asked.get("ssl_cert_reqs", "required"), asked.get("ssl_check_hostname", "true"))
    if parts.scheme == "rediss" and checks == ("required", "true"):
        return None
    return (
        f"a Redis on another machine is asked by rediss://, its certificate checked; {_OTHERWISE}"
    )


def listener_remedy(host: str) -> str | None:
    """Return what is lacking, where there is no certificate, for nobody to read or answer on the
    lines to those who are served; None: nothing, since only this machine reaches `host`."""
    if host and _is_here(host):
        return None
    return (
        "whoever isn't on this machine is served over TLS: run `gridserver serve --tls`, or set "
        f"GRIDSERVER_TLS_CERTIFICATE and GRIDSERVER_TLS_KEY; {_OTHERWISE}"
    )


def _hosts(url: URL, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return all that libpq might connect to, as it takes them: several, with commas between."""
    named = [url.host or "", *_values(url, "host"), *_values(url, "hostaddr")]
    if not any(named):
        named = [environ.get("PGHOST", ""), environ.get("PGHOSTADDR", "")]
    return tuple(_without_port(each) for hosts in named for each in hosts.split(","))


def _values(url: URL, name: str) -> tuple[str, ...]:
    found = url.query.get(name, ())
    return (found,) if isinstance(found, str) else found


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and ":" not in name else host


def _is_here(host: str) -> bool:
    """Say whether this is the machine itself: a local socket, its folder, or the loopback."""
    if host in {"", "localhost"} or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
