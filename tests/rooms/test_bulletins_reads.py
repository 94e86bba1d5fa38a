"""The listener that holds all tests to the ledger finds what passes it by."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from gridserver.audit import service as audit
from gridserver.base.db import Database
from gridserver.bulletins import looking, sightings
from tests import reads
from tests.county import County
from tests.rooms.bulletining import AUTHOR, issue, sight


@pytest.fixture(autouse=True)
def forgiven() -> Iterator[None]:
    """Take back what these tests provoke."""
    before = list(reads.found)
    yield
    reads.found[:] = before


def _silent(*_: object, **__: object) -> None:
    """Write nothing down."""


@pytest.mark.parametrize("look", [looking.look, sightings.look])
def test_a_look_that_is_not_written_down_is_found(
    session: Session, county: County, monkeypatch: pytest.MonkeyPatch, look: Callable[..., object]
) -> None:
    bulletin = issue(session, county)
    sight(session, county, bulletin)
    look(session, county.principal(AUTHOR), bulletin.row.id)
    monkeypatch.setattr(audit, "record", _silent)
    with pytest.raises(AssertionError, match="without a row of the ledger"):
        look(session, county.principal(AUTHOR), bulletin.row.id)


def test_a_row_for_no_look_is_found(database: Database) -> None:
    with (
        pytest.raises(AssertionError, match="a reading that was none"),
        database.transaction() as session,
    ):
        audit.record(session, None, "bulletin:look", subject_kind="bulletin", subject_id=1)
