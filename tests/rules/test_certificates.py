"""The local certificate authority: what it vouches for, and for how long."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from gridserver import certificates
from gridserver.base.errors import Invalid
from gridserver.certificates import Certificate, certify

NOW = dt.datetime(2026, 3, 10, 9, 30, tzinfo=dt.UTC)
NAMES = ("localhost", "127.0.0.1", "grid.local", "192.168.1.5")


def load(place: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(place.read_bytes())


def verify(made: Certificate, name: str, at: dt.datetime = NOW) -> None:
    """Verify as a browser would. Raises `VerificationError`."""
    try:
        subject = x509.IPAddress(certificates.ipaddress.ip_address(name))
    except ValueError:
        subject = x509.DNSName(name)
    store = Store([load(made.authority)])
    PolicyBuilder().store(store).time(at).build_server_verifier(subject).verify(
        load(made.certificate), []
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_that_trusts_the_authority_takes_every_name(tmp_path: Path, name: str) -> None:
    verify(certify(tmp_path, NAMES, NOW), name)


@pytest.mark.parametrize("name", ["bureau.example", "192.168.1.6"])
def test_no_other_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(VerificationError):
        verify(certify(tmp_path, NAMES, NOW), name)


def test_the_authority_may_not_vouch_for_the_world(tmp_path: Path) -> None:
    made = certify(tmp_path, NAMES, NOW)
    authority, key = certificates._authority(tmp_path, [x509.DNSName("localhost")], NOW)
    forged = certificates._server(
        certificates.ec.generate_private_key(certificates.ec.SECP256R1()),
        authority,
        key,
        [x509.DNSName("bank.example")],
        NOW,
    )
    made.certificate.write_bytes(forged.public_bytes(certificates.serialization.Encoding.PEM))
    with pytest.raises(VerificationError, match="constraint"):
        verify(made, "bank.example")


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    first = certify(tmp_path, NAMES, NOW)
    before = [file.read_bytes() for file in (first.certificate, first.key, first.authority)]
    second = certify(tmp_path, reversed(NAMES), NOW + dt.timedelta(days=300))
    assert second == first
    assert [file.read_bytes() for file in (first.certificate, first.key, first.authority)] == before


@pytest.mark.parametrize(
    ("names", "days"), [(NAMES, 365), ((*NAMES, "10.0.0.9"), 1), ((*NAMES, "b.home.arpa"), 1)]
)
def test_a_new_certificate_by_the_same_authority(
    tmp_path: Path, names: tuple[str, ...], days: int
) -> None:
    first = certify(tmp_path, NAMES, NOW)
    before = load(first.certificate)
    later = NOW + dt.timedelta(days=days)
    second = certify(tmp_path, names, later)
    assert load(second.certificate) != before
    assert second.fingerprint == first.fingerprint
    verify(second, names[-1], later + dt.timedelta(days=60))


def test_a_host_of_another_domain_needs_another_authority(tmp_path: Path) -> None:
    first = certify(tmp_path, NAMES, NOW)
    second = certify(tmp_path, (*NAMES, "grid.bureau.example"), NOW)
    assert second.fingerprint != first.fingerprint
    verify(second, "grid.bureau.example")


def test_a_public_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        certify(tmp_path, ("203.0.113.5",), NOW)
    assert "GRIDSERVER_TLS_CERTIFICATE" in str(refusal.value)
    assert not (tmp_path / "server.pem").exists()


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    made = certify(tmp_path, NAMES, NOW)
    for key in (made.key, tmp_path / "ca-key.pem"):
        assert key.stat().st_mode & 0o777 == 0o600
