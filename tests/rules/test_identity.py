"""The identity provider's settings: what can't be right stops the start, without the secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridserver.base import identity, links
from gridserver.base.errors import Invalid

ENVIRON = {
    identity.ISSUER: "https://id.bureau.example/realms/police",
    identity.CLIENT_ID: "gridserver",
    identity.SECRET: "much-too-secret",
}


def test_without_an_issuer_there_is_none() -> None:
    assert identity.from_environment({identity.CLIENT_ID: "gridserver"}) is None


def test_what_is_not_said() -> None:
    provider = identity.from_environment(ENVIRON)
    assert provider is not None
    assert (provider.claim, provider.amr, provider.acr) == ("preferred_username", ("mfa",), ())
    assert "much-too-secret" not in repr(provider)


def test_a_secret_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("much-too-secret\n")
    file.chmod(0o600)
    environ = {name: value for name, value in ENVIRON.items() if name != identity.SECRET}
    provider = identity.from_environment(environ | {identity.SECRET_FILE: str(file)})
    assert provider is not None and provider.client_secret == "much-too-secret"
    file.chmod(0o644)
    with pytest.raises(Invalid, match="chmod"):
        identity.from_environment(environ | {identity.SECRET_FILE: str(file)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (identity.ISSUER, "http://id.bureau.example"),
        (identity.ISSUER, "id.bureau.example"),
        (identity.ISSUER, "https://id.bureau.example?tenant=1"),
        (identity.CLIENT_ID, ""),
        (identity.CLAIM, "two words"),
        (identity.NAME, "x" * 41),
        (identity.CA_FILE, "/no/such/file.pem"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        identity.from_environment(ENVIRON | {name: value})
    assert refusal.value.field == name and name in refusal.value.message
    assert "much-too-secret" not in refusal.value.message


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("https://id.example/token", True),
        ("http://127.0.0.1:4000", True),
        ("http://localhost", True),
        ("http://[::1]:4000", True),
        ("http://localhost.example", False),
        ("http:///token", False),
        ("ftp://id.example", False),
        ("https://", False),
        ("https://[id", False),
        ("", False),
    ],
)
def test_nobody_on_the_way_reads_it(address: str, is_safe: bool) -> None:
    assert links.is_safe(address) == is_safe
