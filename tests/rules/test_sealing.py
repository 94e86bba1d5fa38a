"""Sealing secrets, and where the keys come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from gridserver.base import sealing
from gridserver.base.errors import Invalid, Unavailable


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = sealing.from_environment({}, tmp_path)
    sealed = first.seal(b"secret")
    assert b"secret" not in sealed
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert sealing.from_environment({}, tmp_path).open(sealed) == b"secret"
    assert first.seal(b"secret") != sealed


def test_a_new_key_in_front_opens_what_the_old_one_sealed(tmp_path: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    sealed = sealing.from_environment({sealing.KEYS: old}, tmp_path).seal(b"secret")
    both = sealing.from_environment({sealing.KEYS: f"{new} {old}"}, tmp_path)
    assert both.open(sealed) == b"secret"
    alone = sealing.from_environment({sealing.KEYS: new}, tmp_path)
    assert alone.open(both.seal(b"secret")) == b"secret"
    with pytest.raises(Unavailable) as refusal:
        alone.open(sealed)
    assert refusal.value.code == "seal.other_key"
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_keys_is_nobody_elses(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(Fernet.generate_key().decode())
    file.chmod(0o604)
    environ = {sealing.FILE: str(file)}
    with pytest.raises(Invalid, match="chmod"):
        sealing.from_environment(environ, tmp_path)
    file.chmod(0o600)
    seal = sealing.from_environment(environ, tmp_path)
    assert seal.open(seal.seal(b"secret")) == b"secret"


@pytest.mark.parametrize("value", ["short", "ä" * 44, "x" * 44])
def test_a_bad_key_stops_the_start_and_is_not_repeated(value: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        sealing.from_environment({sealing.KEYS: value}, tmp_path)
    assert value not in refusal.value.message


def test_without_its_file_nothing_is_opened(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refusal:
        sealing.from_environment({}, tmp_path / "gone").open(b"x")
    assert refusal.value.code == "seal.no_key"
    assert str(tmp_path) not in refusal.value.message, "whoever signs in reads it"
