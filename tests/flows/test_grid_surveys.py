"""What is found about a draft's faults is found once, for as long as the draft is the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gis import testing
from gis.errors import GisError
from gridserver.base.db import Database
from gridserver.grids import drafts, exclusions, inspection, settings, surveys
from gridserver.grids.mending import Ground
from gridserver.grids.settings import GridSettings
from gridserver.grids.surveys import Asked
from tests.county import County
from tests.grids import put_draft


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Ground]:
    """The grounds that were looked at."""
    seen: list[Ground] = []
    look = inspection.find_faults

    def find_faults(ground: Ground) -> Any:
        seen.append(ground)
        return look(ground)

    monkeypatch.setattr(inspection, "find_faults", find_faults)
    return seen


@pytest.fixture
def draft(database: Database, county: County) -> str:
    put_draft(database, "v2", testing.with_gap())
    return "v2"


def ask(database: Database, draft: str) -> Asked:
    with database.transaction() as session:
        return surveys.faults(session, draft)


def kinds(asked: Asked) -> list[str]:
    return [fault.kind for fault in asked.find().values()]


def test_it_is_found_once(database: Database, draft: str, looks: list[Ground]) -> None:
    assert kinds(ask(database, draft)) == ["gap"]
    assert kinds(ask(database, draft)) == ["gap"]
    assert len(looks) == 1


def rename(database: Database, county: County, draft: str) -> None:
    with database.transaction() as session:
        version = drafts.locked_draft(session, None, draft, 1)
        drafts.edit(session, None, version, "set_attributes", {"code": "r00c00", "name": "一"})


def exclude(database: Database, county: County, draft: str) -> None:
    (gap,) = ask(database, draft).find().values()
    with database.transaction() as session:
        exclusions.declare(session, None, draft, gap.lon, gap.lat, "a lake")


def decide(database: Database, county: County, draft: str) -> None:
    with database.transaction() as session:
        settings.put(session, county.principal("gis"), GridSettings(enclave_m2=1.0))


@pytest.mark.parametrize("change", [rename, exclude, decide])
def test_it_is_found_anew_once_something_has_changed(
    database: Database,
    county: County,
    draft: str,
    looks: list[Ground],
    change: Callable[[Database, County, str], None],
) -> None:
    ask(database, draft).find()
    change(database, county, draft)
    looks.clear()
    ask(database, draft).find()
    assert len(looks) == 1


def test_of_several_at_once_one_looks(database: Database, draft: str, looks: list[Ground]) -> None:
    together = threading.Barrier(4)

    def find(asked: Asked) -> list[str]:
        together.wait()
        return kinds(asked)

    asked = [ask(database, draft) for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(find, asked)) == [["gap"]] * 4
    assert len(looks) == 1


def test_a_refusal_is_not_kept(
    database: Database, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Ground) -> None:
        raise GisError("process.busy", "Busy.")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(inspection, "find_faults", refuse)
        with pytest.raises(GisError):
            ask(database, draft).find()
    assert kinds(ask(database, draft)) == ["gap"]
