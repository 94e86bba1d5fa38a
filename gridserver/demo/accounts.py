"""The demo county's accounts and their password."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from gridserver.access import policy
from gridserver.access import service as access
from gridserver.base.db import Database
from gridserver.base.settings import Settings
from gridserver.demo.units import Station
from gridserver.org import queries as org

_FILE = "demo-password"
#: Who answers for the demo's auditor.
_AUTHORISED = ("演示纪检", "演示法制")
#: Two persons, since who writes a bulletin doesn't approve it.
BUREAU_DESKS = {"command": "指挥中心", "command-2": "指挥中心值班长"}
_DESKS = (
    ("admin", "admin", "系统管理员"),
    ("gis", "gis_admin", "网格管理员"),
    *((username, "command", name) for username, name in BUREAU_DESKS.items()),
    ("auditor", "auditor", "审计员"),
)


def password(settings: Settings) -> str:
    """Return GRIDSERVER_DEMO_PASSWORD, or the one made for this installation and kept in `var`."""
    if settings.demo_password:
        return settings.demo_password
    file = settings.var / _FILE
    if not file.exists():
        settings.var.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9) + "\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()


def keep_password(database: Database, password: str) -> None:
    """Give the demo accounts `password` where they have another, e.g. since the environment's has
    changed. Accounts that were given one of their own keep it."""
    with database.transaction() as session:
        access.share_password(session, None, "command", password)


def be_lenient(session: Session) -> None:
    """Have nobody locked out who tries the demo: limits are there and don't stand in the way."""
    policy.change(session, None, most_failures=policy.FAILURES[1] // 10)


def add_desks(session: Session, stations: list[Station], password_hash: str) -> None:
    """Add the accounts that belong to no officer: admins, auditor and the command rooms."""
    bureau = org.bureau(session)
    desks = [(username, role, name, bureau) for username, role, name in _DESKS]
    desks += [
        (f"room-{s.code}", "command", f"{s.name}综合指挥室", org.unit_by_code(session, s.code))
        for s in stations
    ]
    for username, role, name, unit in desks:
        account = access.add_account(
            session, None, username=username, display_name=name, password_hash=password_hash
        )
        access.grant(session, None, account, role, unit, authorised_by=_AUTHORISED)
