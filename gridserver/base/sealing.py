"""Sealing what must not be read from a copy of the database alone.

The keys come from the environment, from a file that it names, or from one that is made for this
installation. They are never in the database nor in a backup.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from gridserver.base.errors import Invalid, Unavailable

KEYS, FILE = "GRIDSERVER_SEAL_KEYS", "GRIDSERVER_SEAL_KEYS_FILE"
_MADE = "seal-keys"


@dataclass(frozen=True)
class Seal:
    """Seals and opens bytes (Fernet: AES-CBC with HMAC-SHA256).

    Attributes
    ----------
    keys
        Each opens, the first seals: a new one is put in front.
    file
        Where the keys are read, and one is made the first time that something is sealed; None
        where `keys` are given.
    """

    keys: tuple[str, ...] = field(default=(), repr=False)
    file: Path | None = None

    def seal(self, secret: bytes) -> bytes:
        """Return what to store. Raises `Unavailable` where no key can be read or made."""
        return self._fernet(may_make=True).encrypt(secret)

    def open(self, sealed: bytes) -> bytes:
        """Return the secret. Raises `Unavailable` (``seal.other_key``) where no key opens it."""
        try:
            return self._fernet(may_make=False).decrypt(sealed)
        except InvalidToken as error:
            raise Unavailable(
                "seal.other_key",
                f"This was sealed with another key: put the former {KEYS} back, beside the new.",
            ) from error

    def _fernet(self, *, may_make: bool) -> MultiFernet:
        keys = self.keys
        if self.file is not None:
            if may_make and not self.file.exists():
                _make(self.file)
            try:
                keys = tuple(self.file.read_text("ascii").split())
            except OSError as error:
                raise Unavailable(
                    "seal.no_key",
                    f"{self.file.name} can't be read: it has the keys of what is sealed ({FILE}).",
                ) from error
        return MultiFernet([Fernet(key) for key in keys])


def from_environment(environ: Mapping[str, str], var: Path) -> Seal:
    """Read where the keys are. Raises `Invalid` (``settings.bad_value``), without the key."""
    if given := environ.get(KEYS, "").split():
        _check(KEYS, given)
        return Seal(tuple(given))
    named = environ.get(FILE)
    if not named:
        return Seal(file=var / _MADE)
    path = Path(named).expanduser()
    try:
        mode, text = path.stat().st_mode, path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(FILE, "the file can't be read.") from error
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise _bad(FILE, "everybody may read the file: chmod o-rw it.")
    _check(FILE, text.split())
    return Seal(file=path)


def _make(file: Path) -> None:
    """Make the file with a new key, all at once; of two processes that do, one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(Fernet.generate_key() + b"\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _check(name: str, keys: list[str]) -> None:
    try:
        for key in keys:
            Fernet(key)
    except ValueError as error:
        raise _bad(name, "a key has 32 bytes in url-safe base64.") from error
    if not keys:
        raise _bad(name, "there is no key in it.")


def _bad(name: str, remedy: str) -> Invalid:
    return Invalid("settings.bad_value", f"{name} can't be used: {remedy}", field=name)
