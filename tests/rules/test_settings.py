"""A bad environment variable stops the start with one line that names it."""

from __future__ import annotations

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
        ("GRIDSERVER_REDIS_URL", "http://h"),
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
