"""A device's key pair, and what it signs to show that it has it: pure.

ECDSA over P-256 with SHA-256 (FIPS 186-5), as WebCrypto makes it: the public key as
SubjectPublicKeyInfo in DER (RFC 5280), the signature as r and s of 32 bytes each (IEEE P1363). The
private key can't be read out of the browser that made it.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

#: What a signature is for, so that none is good for something else.
ENROLMENT, SIGN_IN = "gridserver-enrolment", "gridserver-sign-in"
_PART = 32


def message(purpose: str, *parts: str) -> bytes:
    """Return what is signed: the purpose and what it is for, a line each, in UTF-8."""
    return "\n".join((purpose, *parts)).encode()


def is_key(public_key: bytes) -> bool:
    """Say whether these bytes are a public key of the one kind that is taken."""
    return _loaded(public_key) is not None


def is_signed(public_key: bytes, signed: bytes, signature: bytes) -> bool:
    """Say whether the key's other half signed it."""
    key = _loaded(public_key)
    if key is None or len(signature) != 2 * _PART:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:_PART], signature[_PART:]))
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _loaded(public_key: bytes) -> ec.EllipticCurvePublicKey | None:
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        return None
    is_ours = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    return key if is_ours else None  # type: ignore[return-value]
