"""All cells of a draft get new serials over HTTP, and their old ones back."""

from __future__ import annotations

from gis.features import Cell
from gis.testing import square
from gridserver.base.db import Database
from tests.flows.conftest import AccountClient
from tests.grids import put_draft
from tests.problems import is_problem

SETTINGS = "/api/v1/grid/settings"
STEM = "330824115006"


def number_by_fifteen_digits(gis: AccountClient) -> None:
    answer = gis.get(SETTINGS)
    body = answer.json | {"code_scheme": "digits_15"}
    assert gis.put(SETTINGS, json=body, headers={"If-Match": answer.headers["ETag"]}).json == body


def codes(gis: AccountClient, draft: str) -> dict[str, str]:
    """The name of each cell by its code."""
    features = gis.get(f"{draft}/cells").json["features"]
    return {each["properties"]["code"]: each["properties"]["name"] for each in features}


def test_serials_are_shown_given_and_taken_back(gis: AccountClient, database: Database) -> None:
    drawn = [
        Cell(f"{STEM}002", square(0, 0), "west"),
        Cell(f"{STEM}001", square(1, 0), "east"),
        Cell("330824115007001", square(2, 0), "next"),
    ]
    draft = put_draft(database, "new", drawn)
    is_problem(gis.get(f"{draft}/renumbering"), 409, "grid.not_numbered")
    number_by_fifteen_digits(gis)
    shown = gis.get(f"{draft}/renumbering").json
    assert shown["items"] == [
        {"from": f"{STEM}002", "to": f"{STEM}001"},
        {"from": f"{STEM}001", "to": f"{STEM}002"},
    ]
    assert (shown["unchanged"], shown["revision"]) == (1, 1)
    before = codes(gis, draft)

    is_problem(gis.post(f"{draft}/renumbering"), 428)
    done = gis.post(f"{draft}/renumbering", headers={"If-Match": '"1"'}).json
    assert done["reload"]
    assert done["edit"]["text"] == "按由西向东、由北向南的次序重新编码 2 个网格。"
    assert codes(gis, draft) == before | {f"{STEM}001": "west", f"{STEM}002": "east"}
    tag = {"If-Match": '"2"'}
    is_problem(gis.post(f"{draft}/renumbering", headers=tag), 409, "grid.nothing_to_renumber")
    assert gis.post(f"{draft}/undo", headers=tag).status_code == 200
    assert codes(gis, draft) == before


def test_only_a_gis_admin_gives_serials(client: AccountClient, database: Database) -> None:
    draft = put_draft(database, "new", [Cell(f"{STEM}002", square(0, 0))])
    answer = client.as_("command").post(f"{draft}/renumbering", headers={"If-Match": '"1"'})
    is_problem(answer, 403, "access.forbidden")
