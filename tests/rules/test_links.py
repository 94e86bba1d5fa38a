"""The lines to databases, Redis and other agencies: on this machine, or such as nobody between
reads."""

from __future__ import annotations

import pytest

from gridserver.base import links
from gridserver.base.errors import Invalid
from gridserver.base.settings import from_environment


@pytest.mark.parametrize(
    ("url", "environ", "is_safe"),
    [
        ("postgresql:///d", {}, True),
        ("postgresql:///d?host=/run/postgresql", {}, True),
        ("postgresql://localhost/d", {}, True),
        ("postgresql://u@127.0.0.1:5433/d", {}, True),
        ("postgresql://u@[::1]:5433/d", {}, True),
        ("postgres://u@db.example/d", {}, False),
        ("postgresql://u@10.1.2.3/d", {}, False),
        ("postgresql://u@db.example/d?sslmode=require", {}, False),
        ("postgresql://u@db.example/d?sslmode=verify-ca", {}, False),
        ("postgresql://u@db.example/d?sslmode=verify-full", {}, True),
        ("postgresql://u@db.example/d", {"PGSSLMODE": "verify-full"}, True),
        ("postgresql://u@db.example/d?sslmode=prefer", {"PGSSLMODE": "verify-full"}, False),
        ("postgresql:///d?host=localhost:5432&host=db.example:5432", {}, False),
        ("postgresql:///d?host=localhost,db.example", {}, False),
        ("postgresql://localhost/d?hostaddr=10.1.2.3", {}, False),
        ("postgresql:///d", {"PGHOST": "db.example"}, False),
        ("postgresql:///d", {"PGHOST": "/run/postgresql"}, True),
    ],
)
def test_a_database_is_here_or_its_certificate_is_looked_at(
    url: str, environ: dict[str, str], is_safe: bool
) -> None:
    assert (links.database_remedy(url, environ) is None) == is_safe


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("redis://localhost:6379/0", True),
        ("redis://:secret@127.0.0.1/0", True),
        ("redis:///0", True),
        ("unix:///run/redis.sock", True),
        ("redis://queue.example/0", False),
        ("rediss://queue.example/0", True),
        ("rediss://queue.example/0?ssl_ca_certs=/etc/ca.pem", True),
        ("rediss://queue.example/0?ssl_cert_reqs=none", False),
        ("rediss://queue.example/0?ssl_check_hostname=false", False),
    ],
)
def test_a_redis_is_here_or_its_certificate_is_looked_at(url: str, is_safe: bool) -> None:
    assert (links.redis_remedy(url) is None) == is_safe


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("postgresql://reader@cad.example/cad", False),
        ("postgresql://reader@cad.example/cad?sslmode=require", False),
        ("postgresql+psycopg2://reader@cad.example/cad", False),
        ("postgresql://reader@cad.example/cad?sslmode=verify-full", True),
        ("postgresql://reader@127.0.0.1/cad", True),
        ("mysql+pymysql://reader@cad.example/cad", False),
        ("mysql+pymysql://reader@localhost:3307/cad", True),
        ("mssql+pyodbc:///?odbc_connect=Server%3Dcad.example", False),
        ("sqlite:////var/cad.sqlite", True),
    ],
)
def test_a_partners_database_is_asked_as_our_own(url: str, is_safe: bool) -> None:
    assert (links.partner_database_remedy(url, {}) is None) == is_safe
    environ = {"GRIDSERVER_EXCHANGE_DATABASE_CITY_110": url}
    assert from_environment(environ | {links.PLAIN: "yes"}).keyring.of("city-110").database_url
    if not is_safe:
        with pytest.raises(Invalid, match=links.PLAIN) as refusal:
            from_environment(environ)
        assert refusal.value.field == "GRIDSERVER_EXCHANGE_DATABASE_CITY_110"
        assert "reader" not in refusal.value.message


@pytest.mark.parametrize(
    ("host", "is_safe"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("10.1.2.3", False),
        ("grid.local", False),
    ],
)
def test_without_tls_only_this_machine_is_served(host: str, is_safe: bool) -> None:
    assert (links.listener_remedy(host) is None) == is_safe
    from_environment({"GRIDSERVER_HOST": host, links.PLAIN: "yes"}).require_private_lines()


def test_an_operator_may_trust_the_line_itself() -> None:
    environ = {
        "GRIDSERVER_DATABASE_URL": "postgresql://db.example/d",
        "GRIDSERVER_REDIS_URL": "redis://queue.example/0",
        links.PLAIN: "yes",
    }
    assert from_environment(environ).redis_url == environ["GRIDSERVER_REDIS_URL"]
