"""The installation's Ed25519 key (RFC 8032), which signs seals outside the database and exports."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gridserver.base.errors import Invalid

_MODE = 0o600


@dataclass(frozen=True)
class Signer:
    """A private key."""

    _key: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The public key: 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    @property
    def name(self) -> str:
        """The fingerprint by which lines name the key."""
        return fingerprint(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the signature: 64 bytes."""
        return self._key.sign(message)


def fingerprint(public: bytes) -> str:
    """Return the first 16 hexadecimal digits of a public key's SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether a signature is this key's, of this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer(file: Path) -> Signer:
    """Return the key of a PEM file (PKCS #8), made first where there is none.

    Raises
    ------
    Invalid
        ``audit.bad_key``: the file holds something else.
    """
    if not file.exists():
        _make(file)
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise _bad(file) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _bad(file)
    return Signer(key)


def next_signer(file: Path) -> Signer:
    """Return the key that is to take the place of `file`'s, made first where there is none, and
    kept beside it until then. Raises as `signer` does."""
    beside = _beside(file)
    try:
        found = signer(beside)
        owner = file.stat()
        os.chown(beside, owner.st_uid, owner.st_gid)  # the worker's, whoever renews it
    except OSError as error:
        raise Invalid(
            "audit.bad_key",
            f"{file} can't be replaced: {error.strerror}. Run this as the user who owns it.",
            field="GRIDSERVER_AUDIT_KEY",
        ) from error
    return found


def has_next(file: Path) -> bool:
    """Say whether there is a key that is to take the place of `file`'s."""
    return _beside(file).exists()


def replace(file: Path) -> None:
    """Put the next key in the place of `file`'s, which is gone with that."""
    _beside(file).replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.next")


def _make(file: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, making = tempfile.mkstemp(dir=file.parent, prefix=".audit-key-")
    try:
        with os.fdopen(handle, "wb") as out:
            os.fchmod(out.fileno(), _MODE)
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
        # A link fails where another process was first: its key is everybody's.
        os.link(making, file)
    except FileExistsError:
        pass
    finally:
        Path(making).unlink()


def _bad(file: Path) -> Invalid:
    return Invalid(
        "audit.bad_key",
        f"{file} holds no Ed25519 key: `openssl genpkey -algorithm ed25519 -out {file.name}`.",
        field="GRIDSERVER_AUDIT_KEY",
    )
