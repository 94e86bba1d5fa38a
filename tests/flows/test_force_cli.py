"""`gridserver account …` and `gridserver force …` on a database of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from sqlalchemy.engine import URL

from gridserver.access import queries as access
from gridserver.access import signing_in
from gridserver.base.db import Database
from gridserver.base.errors import Unauthenticated
from gridserver.force import importing
from gridserver.org import queries as org
from tests.commands import Run
from tests.county import County

PASSWORD = "a-good-password"


def add(run: Run, *arguments: str, code: int = 0, password: str = PASSWORD) -> Result:
    return run("account", "add", *arguments, "--password-stdin", code=code, stdin=f"{password}\n")


def signs_in(database: Database, username: str, password: str) -> bool:
    with database.transaction() as session:
        try:
            signing_in.sign_in(session, username, password, None)
        except Unauthenticated:
            return False
    return True


class TestAccount:
    def test_the_first_admin_makes_the_bureau(self, run: Run, database: Database) -> None:
        add(run, "boss", "--role", "admin", "--bureau", "330824:开化县公安局")
        with database.transaction() as session:
            assert org.bureau(session).name == "开化县公安局"
        assert signs_in(database, "boss", PASSWORD)

    def test_without_a_bureau_it_says_how_to_make_one(self, run: Run, database: Database) -> None:
        refusal = add(run, "boss", "--role", "admin", code=1)
        assert refusal.stderr.splitlines() == [
            "gridserver: There is no bureau yet: give --bureau CODE:NAME with the first account."
        ]
        add(run, "boss", "--role", "admin", "--bureau", "330824", code=1)
        with database.transaction() as session:
            assert access.accounts(session) == []
            assert org.find_bureau(session) is None

    @pytest.mark.parametrize(
        ("arguments", "password", "says"),
        [
            (("gis", "--role", "admin"), PASSWORD, "gis exists"),
            (("new", "--role", "admin"), "short", "at least 12"),
            (("new", "--role", "command", "--unit", "nowhere"), PASSWORD, "nowhere"),
            (("new", "--role", "admin", "--role", "auditor"), PASSWORD, "no other role"),
            (("new", "--role", "auditor"), PASSWORD, "--authorised-by"),
            (("new", "--role", "admin", "--bureau", "1:x"), PASSWORD, "a bureau already"),
        ],
    )
    def test_a_refusal_is_one_line_and_leaves_nothing(
        self,
        run: Run,
        database: Database,
        county: County,
        arguments: tuple[str, ...],
        password: str,
        says: str,
    ) -> None:
        with database.transaction() as session:
            before = access.accounts(session)
        refusal = add(run, *arguments, code=1, password=password)
        assert says in refusal.stderr
        assert len(refusal.stderr.splitlines()) == 1
        with database.transaction() as session:
            assert access.accounts(session) == before

    def test_an_unknown_role_is_wrong_use(self, run: Run, county: County) -> None:
        add(run, "new", "--role", "king", code=2)

    def test_a_room_holds_its_role_at_its_unit(
        self, run: Run, database: Database, county: County
    ) -> None:
        add(run, "desk", "--role", "command", "--unit", "33082401", "--name", "值班台")
        with database.transaction() as session:
            (card,) = (c for c in access.accounts(session) if c.username == "desk")
        assert card.display_name == "值班台"
        assert card.roles == (("command", "33082401"),)

    def test_a_password_is_asked_twice_and_never_shown(
        self, run: Run, database: Database, county: County
    ) -> None:
        result = run("account", "passwd", "gis", stdin=f"{PASSWORD}\n{PASSWORD}\n")
        assert PASSWORD not in result.output
        assert signs_in(database, "gis", PASSWORD)

    def test_disable_ends_it(self, run: Run, database: Database, county: County) -> None:
        run("account", "passwd", "gis", "--password-stdin", stdin=f"{PASSWORD}\n")
        run("account", "disable", "gis")
        assert not signs_in(database, "gis", PASSWORD)
        assert "no account" in run("account", "disable", "nobody", code=1).stderr

    def test_list(self, run: Run, county: County) -> None:
        listed = json.loads(run("account", "list", "--json").stdout)
        assert len(listed) == len(county.accounts)
        (room,) = (card for card in listed if card["username"] == "room-33082401")
        assert room["roles"] == [{"role": "command", "unit": "33082401"}]
        assert "room-33082402" in run("account", "list").output

    def test_an_old_schema_is_told(self, run: Run, database_url: URL, superuser: sa.Engine) -> None:
        engine = sa.create_engine(database_url)
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM alembic_version"))
        engine.dispose()
        assert "gridserver db upgrade" in run("account", "list", code=1).stderr


class TestForce:
    @pytest.mark.parametrize("name", ["force.xlsx", "force"])
    def test_export_then_import_changes_nothing(
        self, run: Run, database: Database, county: County, tmp_path: Path, name: str
    ) -> None:
        with database.transaction() as session:
            before = importing.tables(session)
        exported = json.loads(run("force", "export", tmp_path / name, "--json").stdout)
        assert exported["rows"]["officers"] == 8
        done = json.loads(run("force", "import", tmp_path / name, "--json").stdout)
        assert done["officers"] == {"added": 0, "changed": 0, "unchanged": 8}
        with database.transaction() as session:
            assert importing.tables(session) == before

    def test_bad_rows_are_all_shown_and_nothing_comes_in(
        self, run: Run, database: Database, county: County, tmp_path: Path
    ) -> None:
        (tmp_path / "officers.csv").write_text(
            "service_number,name,kind,unit\n"
            "330824100,new,officer,33082401\n"
            "330824101,new,officer,elsewhere\n"
            "330824102,new,officer,nowhere\n"
        )
        refusal = run("force", "import", tmp_path, code=1)
        for word in ("elsewhere", "nowhere", "Nothing was imported"):
            assert word in refusal.stderr
        assert "Traceback" not in refusal.stderr
        with database.transaction() as session:
            assert len(importing.tables(session).officers) == 8

    def test_a_missing_file_is_wrong_use(self, run: Run, tmp_path: Path) -> None:
        run("force", "import", tmp_path / "none.xlsx", code=2)
