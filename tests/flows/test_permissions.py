"""Everybody asks for everything: each route as each role, at each distance from what it is about.

The table is in tests/permissions. A route or an event that has no line there fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import URL

from gridserver.app import create_app
from gridserver.base.clock import SetClock
from gridserver.base.settings import from_environment
from tests.conftest import MORNING, copied
from tests.county import commit_county
from tests.exchange import ENVIRON
from tests.flows.conftest import AccountClient
from tests.permissions import routes_access, routes_force, routes_grid, routes_work
from tests.permissions.actors import ACTORS
from tests.permissions.rows import Row
from tests.permissions.world import SECRETS, Undone, World, make_world

ROWS: tuple[Row, ...] = (
    *routes_access.ROWS,
    *routes_force.ROWS,
    *routes_grid.ROWS,
    *routes_work.ROWS,
)
_NAME, _in_braces = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>"), r"{\1}"
_UNSPOKEN = {"HEAD", "OPTIONS"}  # what Flask answers for a GET, and which methods there are


@pytest.fixture(scope="module")
def app(
    template: URL, superuser: sa.Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    with copied(template, superuser) as url:
        database = Undone(url, SetClock(MORNING))
        commit_county(database)
        environ = ENVIRON | {"GRIDSERVER_VAR": str(tmp_path_factory.mktemp("var"))}
        app = create_app(from_environment(environ), database)
        app.test_client_class = AccountClient
        # As in a process that is about to stop: whoever would wait for a message is answered.
        app.extensions["gridserver_live"].hub.doorbells.close()
        yield app
        database.dispose()


@pytest.fixture(scope="module")
def world(app: Flask) -> World:
    return make_world(app, app.extensions["gridserver"].database)


def routes(app: Flask) -> list[str]:
    """Return every route as a row names it."""
    return sorted(
        f"{method} {_NAME.sub(_in_braces, rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - _UNSPOKEN
    )


def test_every_route_has_its_line(app: Flask) -> None:
    assert sorted(row.name for row in ROWS) == routes(app)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_who_may(row: Row, world: World) -> None:
    said, told = {}, []
    for actor in ACTORS:
        answer = world.ask(row, actor)
        said[actor] = answer.status_code
        text = answer.data.decode("utf-8", "ignore")
        told += [
            (actor, secret)
            for secret, whose in SECRETS.items()
            if secret in text and actor not in (whose | row.may if secret in row.tells else whose)
        ]
    assert said == {actor: row.expected(actor) for actor in ACTORS}
    assert told == []
