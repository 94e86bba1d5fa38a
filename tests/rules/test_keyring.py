"""Secrets of partners: where they come from, and that they are shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridserver.base import keyring
from gridserver.base.errors import Invalid
from gridserver.base.keyring import FILE
from gridserver.base.settings import from_environment

OLD, NEW = "a" * 32, "b" * 32
URL = "postgresql://reader:hush@db.example/cad?sslmode=verify-full"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "exchange.toml"
    file.write_text(
        f'[110]\nsecret = ["{NEW}", "{OLD}"]\ndatabase = "{URL}"\n[city-12345]\nsecret = "{OLD}"\n'
    )
    file.chmod(0o640)
    return file


def test_from_a_file(file: Path) -> None:
    keys = keyring.from_environment({FILE: str(file)})
    assert keys.of("110").secrets == (NEW, OLD)
    assert keys.of("110").database_url == URL
    assert keys.of("city-12345").secrets == (OLD,)
    assert keys.of("nobody") == keyring.Key()


def test_variables_go_before_the_file(file: Path) -> None:
    keys = keyring.from_environment(
        {
            FILE: str(file),
            "GRIDSERVER_EXCHANGE_SECRET_110": f"{OLD} {NEW}",
            "GRIDSERVER_EXCHANGE_SECRET_CITY_12345": NEW,
            "GRIDSERVER_EXCHANGE_DATABASE_CITY_12345": URL,
        }
    )
    assert keys.of("110").secrets == (OLD, NEW)
    assert keys.of("110").database_url == URL
    assert keys.of("city-12345") == keyring.Key((NEW,), URL)


def test_no_secret_is_shown(file: Path) -> None:
    settings = from_environment({FILE: str(file)})
    for shown in (repr(settings), repr(settings.keyring), repr(settings.keyring.of("110"))):
        assert OLD not in shown and NEW not in shown and "hush" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRIDSERVER_EXCHANGE_SECRET_110", "hush"),
        ("GRIDSERVER_EXCHANGE_SECRET_A.B", OLD),
        ("GRIDSERVER_EXCHANGE_DATABASE_110", "hush"),
        (FILE, "/no/such/file"),
    ],
)
def test_a_bad_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        keyring.from_environment({name: value})
    assert refusal.value.field == name
    assert "hush" not in refusal.value.message


@pytest.mark.parametrize(
    "document",
    [
        "no toml",
        "[110]\nsecret = 5\n",
        '[110]\nsecret = "hush"\n',
        '[110]\nsecrets = "hush"\n',
        '[110]\ndatabase = "hush"\n',
        '[110]\ndatabase = "postgresql://reader:hush@db.example/cad"\n',
        "[110]\ndatabase = 5\n",
        '110 = "hush"\n',
        "['a b']\n",
        b"\xff",
    ],
)
def test_a_bad_file_is_refused(file: Path, document: str | bytes) -> None:
    file.write_bytes(document if isinstance(document, bytes) else document.encode())
    with pytest.raises(Invalid) as refusal:
        keyring.from_environment({FILE: str(file)})
    assert refusal.value.field.startswith(FILE)
    assert "hush" not in refusal.value.message


def test_a_file_that_everybody_reads_is_refused(file: Path) -> None:
    file.chmod(0o644)
    with pytest.raises(Invalid, match="chmod"):
        keyring.from_environment({FILE: str(file)})
