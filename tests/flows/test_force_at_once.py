"""Two who write the same part of a roster at the same moment."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest

from gridserver.base.db import Database
from gridserver.base.errors import GridserverError
from gridserver.force import shifts, swapping
from gridserver.force.shifts import ShiftDraft
from tests.conftest import MORNING
from tests.county import County

LATER = MORNING + dt.timedelta(days=20)
SHIFT = ShiftDraft("330824001", "pool", LATER, LATER + dt.timedelta(hours=6))


def at_once(database: Database, *deeds: Callable[..., object]) -> list[str | None]:
    """Do each deed in a transaction of its own, all at one moment; return their refusals' codes."""
    start = threading.Barrier(len(deeds))
    codes: list[str | None] = [None] * len(deeds)

    def do(index: int, deed: Callable[..., object]) -> None:
        try:
            with database.transaction() as session:
                start.wait()
                deed(session)
        except GridserverError as error:
            codes[index] = error.code

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(codes, key=str)


@pytest.mark.parametrize("attempt", range(3))
def test_one_duty_is_put_on_once(database: Database, county: County, attempt: int) -> None:
    rooms = [county.principal(name) for name in ("command", "room-33082401")]
    refusals = at_once(
        database, *(lambda session, by=by: shifts.add_shifts(session, by, [SHIFT]) for by in rooms)
    )
    assert refusals == [None, "shift.overlaps"]


@pytest.mark.parametrize("attempt", range(3))
def test_a_shift_is_offered_once(database: Database, county: County, attempt: int) -> None:
    with database.transaction() as session:
        (shift,) = shifts.add_shifts(session, county.principal("admin"), [SHIFT])
    officer = county.principal("330824001")
    refusals = at_once(
        database,
        *(
            lambda session, other=other: swapping.propose(
                session, officer, shift_id=shift, other=other
            )
            for other in ("330824002", "330824003")
        ),
    )
    assert refusals == [None, "swap.open"]


@pytest.mark.parametrize("attempt", range(3))
def test_a_swap_ends_once(database: Database, county: County, attempt: int) -> None:
    with database.transaction() as session:
        (shift,) = shifts.add_shifts(session, county.principal("admin"), [SHIFT])
        officer = county.principal("330824001")
        swap = swapping.propose(session, officer, shift_id=shift, other="330824002")
        swapping.command(session, county.principal("330824002"), swap, "agree")
    refusals = at_once(
        database,
        lambda session: swapping.command(session, officer, swap, "withdraw"),
        lambda session: swapping.command(session, county.principal("command"), swap, "consent"),
    )
    assert refusals == [None, "swap.wrong_state"]
