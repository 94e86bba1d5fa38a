"""A bad environment variable stops the start with one line that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridserver.base.errors import Invalid
from gridserver.base.settings import ROOT, from_environment


def test_defaults_need_no_environment() -> None:
    settings = from_environment({})
    assert (settings.host, settings.port) == ("localhost", 8000)
    assert settings.var == ROOT / "var"
    assert settings.database_url is None
    assert settings.timezone.key == "Asia/Shanghai"
    assert (settings.bulletin_kept.days, settings.bulletin_validated.days) == (30, 30)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRIDSERVER_PORT", "80o0"),
        ("GRIDSERVER_PORT", "0"),
        ("GRIDSERVER_PORT", "65536"),
        ("GRIDSERVER_PORT", "٨٠"),
        ("GRIDSERVER_ORIGINS", "grid.example"),
        ("GRIDSERVER_ORIGINS", "https://grid.example/"),
        ("GRIDSERVER_ORIGINS", "https://*.grid.example"),
        ("GRIDSERVER_TRUSTED_PROXIES", "-1"),
        ("GRIDSERVER_TRUSTED_PROXIES", "all"),
        ("GRIDSERVER_GEOMETRY_PROCESSES", "0"),
        ("GRIDSERVER_GEOMETRY_PROCESSES", "65"),
        ("GRIDSERVER_GEOMETRY_PROCESSES", "two"),
        ("GRIDSERVER_BULLETIN_VALIDATE", "31"),
        ("GRIDSERVER_BULLETIN_VALIDATE", "0"),
        ("GRIDSERVER_BULLETIN_KEEP", "366"),
        ("GRIDSERVER_BULLETIN_KEEP", "soon"),
        ("GRIDSERVER_DATABASE_URL", "mysql://u:secret@h/d"),
        ("GRIDSERVER_DATABASE_URL", "not a url"),
        ("GRIDSERVER_DATABASE_URL", "postgresql://u:secret@db.example/d"),
        ("GRIDSERVER_DATABASE_OWNER_URL", "postgresql://u:secret@db.example/d"),
        ("GRIDSERVER_REDIS_URL", "http://h"),
        ("GRIDSERVER_REDIS_URL", "redis://:secret@queue.example/0"),
        ("GRIDSERVER_PLAIN_LINKS", "perhaps"),
        ("GRIDSERVER_DEMO_PASSWORD", "short"),
        ("GRIDSERVER_TIMEZONE", "Mars/Olympus"),
        ("GRIDSERVER_TIMEZONE", "../etc/passwd"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        from_environment({name: value})
    assert refusal.value.field == name
    assert name in refusal.value.message
    assert "secret" not in refusal.value.message
    assert "\n" not in refusal.value.message


def test_an_empty_value_is_as_good_as_none() -> None:
    names = ("PORT", "HOST", "DATABASE_URL", "REDIS_URL", "DEMO_PASSWORD", "TIMEZONE", "VAR")
    assert from_environment({f"GRIDSERVER_{name}": "" for name in names}) == from_environment({})


@pytest.mark.parametrize(
    ("environ", "origin", "host"),
    [
        ({"GRIDSERVER_HOST": "10.1.2.3"}, "http://10.1.2.3:8000", "10.1.2.3"),
        ({"GRIDSERVER_HOST": "10.1.2.3", "GRIDSERVER_PORT": "80"}, "http://10.1.2.3", "10.1.2.3"),
        ({"GRIDSERVER_HOST": "2001:db8::7"}, "http://[2001:db8::7]:8000", "2001:db8::7"),
    ],
)
def test_its_own_origins_are_as_browsers_say_them(
    environ: dict[str, str], origin: str, host: str
) -> None:
    settings = from_environment(environ)
    assert origin in settings.allowed_origins
    assert host in settings.allowed_hosts


def test_a_server_with_a_certificate_on_its_usual_port(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    environ = {
        "GRIDSERVER_TLS_CERTIFICATE": str(tmp_path / "cert.pem"),
        "GRIDSERVER_TLS_KEY": str(tmp_path / "key.pem"),
        "GRIDSERVER_PORT": "443",
    }
    assert "https://localhost" in from_environment(environ).allowed_origins
