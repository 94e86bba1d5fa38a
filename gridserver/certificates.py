"""The local certificate authority of ``gridserver serve --tls``.

Service workers, WebCrypto and the position of a phone in the LAN need HTTPS, and in an air-gapped
network nobody else vouches for a name. The authority is made once and may vouch for nothing but
what its name constraints allow: local names and private addresses (RFC 5280, section 4.2.1.10). So
a phone that trusts it is not at the mercy of this machine for the rest of the world.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gridserver.base.errors import Invalid
from gridserver.base.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SERVER = "server.pem"
_AUTHORITY_YEARS = 10
#: What browsers accept at most for a server (CA/Browser Forum, 6.3.2), less a little.
_SERVER_DAYS = 390
#: A certificate with fewer days left is made anew at the start.
_LEAST_DAYS = 30
#: Clocks of phones run late.
_EARLIER = dt.timedelta(days=1)
#: Private and link-local addresses (RFC 1918, 4193, 3927, 4291) and the loopback.
_PRIVATE = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    *("100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"),
)
#: Domains that no public authority vouches for (RFC 6761, 6762, 8375; ICANN's .internal; common).
_LOCAL_DOMAINS = ("localhost", "local", "home.arpa", "internal", "lan")


@dataclass(frozen=True)
class Certificate:
    """A server's certificate and who signed it.

    Attributes
    ----------
    certificate, key : Path
        PEM files of the server.
    authority : Path
        PEM file that phones are to trust.
    fingerprint : str
        SHA-256 of the authority's certificate, as phones show it.
    """

    certificate: Path
    key: Path
    authority: Path
    fingerprint: str


def folder(settings: Settings) -> Path:
    """Return where an installation keeps its local authority."""
    return settings.var / "tls"


def is_local(settings: Settings) -> bool:
    """Say whether it is the local authority that vouches for the server."""
    return settings.tls_certificate == folder(settings) / _SERVER


def certify(folder: Path, names: Iterable[str], now: dt.datetime) -> Certificate:
    """Return a certificate for `names` that is good for weeks, made where there is none.

    Parameters
    ----------
    folder : Path
        Where authority and certificate are kept.
    names : iterable of str
        Host names and IP addresses by which the server is reached.
    now : datetime
        The moment, with a time zone.

    Raises
    ------
    Invalid
        ``tls.public_address``: the local authority vouches for private addresses only.
    """
    wanted = [_general_name(name) for name in dict.fromkeys(names)]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, authority_key = _authority(folder, wanted, now)
    certificate, key = folder / _SERVER, folder / "server-key.pem"
    if not _still_good(certificate, authority, wanted, now):
        own = ec.generate_private_key(ec.SECP256R1())
        signed = _server(own, authority, authority_key, wanted, now)
        _write_key(key, own)
        _write(certificate, signed.public_bytes(serialization.Encoding.PEM))
    digest = authority.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(certificate, key, folder / "ca.crt", digest)


def own_names(host: str) -> list[str]:
    """Return the names and addresses by which a server that listens on `host` is reached."""
    names = ["localhost", "127.0.0.1", "::1"]
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104 (a comparison)
        return [*names, host]
    names.append(socket.gethostname())
    return [*names, *map(str, _lan_addresses())]


def _lan_addresses() -> list[Address]:
    found = set()
    # Which address would be used to reach a private network; a UDP socket sends nothing for that.
    for family, target in ((socket.AF_INET, "10.255.255.255"), (socket.AF_INET6, "fd00::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
            except OSError:
                continue
            found.add(ipaddress.ip_address(probe.getsockname()[0].split("%")[0]))
    return sorted((a for a in found if not a.is_unspecified), key=str)


def _general_name(name: str) -> x509.GeneralName:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return x509.DNSName(name.lower())
    if not any(address in network for network in _networks() if network.version == address.version):
        raise Invalid(
            "tls.public_address",
            f"{name} is no private address: for it use a certificate of the bureau's own, by "
            "GRIDSERVER_TLS_CERTIFICATE and GRIDSERVER_TLS_KEY.",
            field="--tls-name",
        )
    return x509.IPAddress(address)


def _networks() -> list[Network]:
    return [ipaddress.ip_network(each) for each in _PRIVATE]


def _authority(
    folder: Path, wanted: list[x509.GeneralName], now: dt.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return the authority, made anew where it may not vouch for every wanted host name."""
    place, key_place = folder / "ca.crt", folder / "ca-key.pem"
    hosts = {name.value for name in wanted if isinstance(name, x509.DNSName)}
    if place.exists() and key_place.exists():
        certificate = x509.load_pem_x509_certificate(place.read_bytes())
        key = serialization.load_pem_private_key(key_place.read_bytes(), None)
        if _permits(certificate, hosts) and now < certificate.not_valid_after_utc:
            return certificate, key  # type: ignore[return-value]
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, sorted(hosts), now)
    _write_key(key_place, key)
    _write(place, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _permits(certificate: x509.Certificate, hosts: set[str]) -> bool:
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    subtrees = constraints.permitted_subtrees or []
    permitted = [each.value for each in subtrees if isinstance(each, x509.DNSName)]
    return all(any(_is_below(host, domain) for domain in permitted) for host in hosts)


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _self_signed(
    key: ec.EllipticCurvePrivateKey, hosts: list[str], now: dt.datetime
) -> x509.Certificate:
    name = _name(f"gridserver on {socket.gethostname()}")
    permitted: list[x509.GeneralName] = [x509.IPAddress(network) for network in _networks()]
    permitted += [x509.DNSName(domain) for domain in dict.fromkeys((*_LOCAL_DOMAINS, *hosts))]
    end = now + dt.timedelta(days=365 * _AUTHORITY_YEARS)
    return (
        _builder(name, name, key.public_key(), now, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    names: list[x509.GeneralName],
    now: dt.datetime,
) -> x509.Certificate:
    end = min(now + dt.timedelta(days=_SERVER_DAYS), authority.not_valid_after_utc)
    issuer = authority.public_key()
    return (
        _builder(_name("gridserver"), authority.subject, key.public_key(), now, end)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer),  # type: ignore[arg-type]
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _still_good(
    place: Path, authority: x509.Certificate, wanted: list[x509.GeneralName], now: dt.datetime
) -> bool:
    if not place.exists():
        return False
    certificate = x509.load_pem_x509_certificate(place.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(
        authority.public_key()  # type: ignore[arg-type]
    )
    signer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return (
        set(wanted) <= set(names)
        and signer == identifier
        and certificate.not_valid_after_utc - now > dt.timedelta(days=_LEAST_DAYS)
    )


def _write_key(place: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(place, pem, mode=0o600)


def _write(place: Path, content: bytes, mode: int = 0o644) -> None:
    making = place.with_name(place.name + ".part")
    handle = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    making.rename(place)
