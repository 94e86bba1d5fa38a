"""What a device's key signs: of one curve, for one purpose, and by nobody else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gridserver.access import proofs
from tests.devicekeys import DeviceKey

SIGNED = proofs.message(proofs.SIGN_IN, "a-challenge")


def spki(key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_what_it_signed() -> None:
    key = DeviceKey()
    assert proofs.is_signed(key.public, SIGNED, key.sign(SIGNED))


def test_what_it_did_not_sign() -> None:
    key, other = DeviceKey(), DeviceKey()
    signature = key.sign(SIGNED)
    assert not proofs.is_signed(other.public, SIGNED, signature)
    for_another_purpose = proofs.message(proofs.ENROLMENT, "a-challenge")
    assert not proofs.is_signed(key.public, for_another_purpose, signature)
    for wrong in (b"", signature[:-1], bytes(64), signature + b"\0"):
        assert not proofs.is_signed(key.public, SIGNED, wrong)


@pytest.mark.parametrize(
    "public_key",
    [
        b"",
        b"nonsense",
        spki(ec.generate_private_key(ec.SECP384R1()).public_key()),
        spki(ed25519.Ed25519PrivateKey.generate().public_key()),
        spki(rsa.generate_private_key(65537, 2048).public_key()),
    ],
    ids=["empty", "nonsense", "P-384", "Ed25519", "RSA"],
)
def test_a_key_of_another_kind(public_key: bytes) -> None:
    assert not proofs.is_key(public_key)
    assert not proofs.is_signed(public_key, SIGNED, bytes(64))
