"""Among 200,000 made-up addresses and the county's real villages the right place is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy.engine import URL

from gridserver.base.db import Database
from gridserver.demo import addresses
from gridserver.demo.county import read_cells
from gridserver.places.search import search
from tests.conftest import copied

QUERIES = yaml.safe_load(Path(__file__).with_name("gazetteer_queries.yaml").read_text("utf-8"))
#: The county town.
HERE = (118.41, 29.137)
AMONG_THE_FIRST = 5


@pytest.fixture(scope="module")
def corpus(template: URL, superuser: sa.Engine) -> Iterator[Database]:
    with copied(template, superuser) as url:
        database = Database(url)
        with database.transaction() as session:
            addresses.lay_down_many(session, read_cells())
        yield database
        database.dispose()


@pytest.fixture(scope="module")
def street() -> str:
    """The first street of the first village."""
    return next(
        addresses.made_up_streets(Random(1), read_cells(), addresses.STREETS_EACH)
    ).draft.name


def test_as_many_as_were_promised(corpus: Database) -> None:
    with corpus.transaction() as session:
        counted = sa.text("SELECT count(*) FROM place WHERE kind = 'address'")
        assert session.scalar(counted) >= 200_000
    assert len(QUERIES) >= 50


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query["typed"])
def test_the_right_one_is_among_the_first(
    corpus: Database, street: str, query: dict[str, Any]
) -> None:
    typed = query["typed"].replace("STREET", street)
    name = query.get("name") or f"{street}{query['house']}号"
    with corpus.transaction() as session:
        found = search(session, typed, near=HERE, limit=AMONG_THE_FIRST)
    assert name in [each.name for each in found]
