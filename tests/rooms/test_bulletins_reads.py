"""The listener that holds all tests to the ledger finds what passes it by."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from gridserver.audit import service as audit
from gridserver.base.db import Database
from gridserver.bulletins import capping, looking, sightings
from tests import reads
from tests.county import County
from tests.rooms.bulletining import AUTHOR, fetch, issue, sight


@pytest.fixture(autouse=True)
def forgiven() -> Iterator[None]:
    """Take back what these tests provoke."""
    before = list(reads.found)
    yield
    reads.found[:] = before


def _silent(*_: object, **__: object) -> None:
    """Write nothing down."""


@pytest.mark.parametrize("look", [looking.look, sightings.look, capping.export])
def test_a_look_that_is_not_written_down_is_found(
    session: Session, county: County, monkeypatch: pytest.MonkeyPatch, look: Callable[..., object]
) -> None:
    bulletin = issue(session, county)
    sight(session, county, bulletin)
    look(session, county.principal(AUTHOR), bulletin.row.id)
    monkeypatch.setattr(audit, "record", _silent)
    with pytest.raises(AssertionError, match="without a row of the ledger"):
        look(session, county.principal(AUTHOR), bulletin.row.id)


def test_a_copy_that_is_not_written_down_is_found(
    session: Session, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulletin = issue(session, county)
    fetch(session, county, bulletin)
    monkeypatch.setattr(audit, "record", _silent)
    with pytest.raises(AssertionError, match="without a row of the ledger"):
        fetch(session, county, bulletin)


@pytest.mark.parametrize(
    ("statement", "reads_it"),
    [
        ("SELECT * FROM bulletin_contents", True),
        ("SELECT c.fact FROM bulletin_contents AS c WHERE c.bulletin_id = 1", True),
        ("SELECT b.id, c.to_do FROM bulletin b JOIN bulletin_contents c ON true", True),
        ("SELECT lon, lat FROM bulletin_sighting", True),
        ("UPDATE bulletin_sighting SET version = 2 RETURNING words", True),
        ("SELECT count(*), min(answer_by) FROM bulletin_sighting", False),
        ("SELECT id, state FROM bulletin_sighting", False),
        ("SELECT place.name, place.lon FROM place", False),
        ("DELETE FROM bulletin_contents WHERE bulletin_id = 1", False),
        (
            "INSERT INTO bulletin_sighting (words) VALUES ('x') RETURNING bulletin_sighting.id",
            False,
        ),
    ],
)
def test_what_a_reading_is(statement: str, reads_it: bool) -> None:
    assert reads.is_personal(statement) is reads_it


def test_a_row_for_no_look_is_found(database: Database) -> None:
    with (
        pytest.raises(AssertionError, match="a reading that was none"),
        database.transaction() as session,
    ):
        audit.record(session, None, "bulletin:look", subject_kind="bulletin", subject_id=1)
