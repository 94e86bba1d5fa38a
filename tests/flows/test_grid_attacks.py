"""Files made to do harm, posted to a real web process: refused, and nobody else notices."""

from __future__ import annotations

import http.client
import json
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from gis import testing
from gis.files import write_layer
from gridserver.base.db import Database
from gridserver.grids import queries
from tests.gis import attacks
from tests.gis.test_attacks import REFUSED, name_of
from tests.processes import Caller, WebProcess
from tests.waiting import until

pytestmark = pytest.mark.timeout(60)

#: An attack is refused in less, and whoever else asks something is answered in less.
REFUSED_WITHIN_S, ANSWERED_WITHIN_S = 10.0, 5.0
_TOO_LATE = 0

#: What an upload says otherwise than a reader that knows which field has the codes.
_SAID_OF_AN_UPLOAD = {
    "zip_of_many_members": "file.too_many_layers",
    "empty.shp": "upload.shapefile_part",
}
#: Harmless until a field is chosen.
_WITHOUT_A_CHOICE = {attacks.table_whose_rows_have_no_length}


class Bystander:
    """A dispatcher who asks for the county over and over, in a thread of its own."""

    def __init__(self, caller: Caller) -> None:
        self.answers: Counter[int] = Counter()
        self._caller = caller
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        while not self._stop.is_set():
            self.answers[self._answer()] += 1
            self._stop.wait(0.01)

    def _answer(self) -> int:
        """Ask what needs the database, too."""
        try:
            return self._caller.get("/api/v1/bureau", timeout=ANSWERED_WITHIN_S).status_code
        except requests.Timeout:
            return _TOO_LATE

    def leave(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture(scope="module")
def gis(http: Callable[[str], Caller]) -> Caller:
    return http("gis")


@pytest.fixture(scope="module")
def bystander(http: Callable[[str], Caller]) -> Iterator[Bystander]:
    bystander = Bystander(http("command"))
    yield bystander
    bystander.leave()
    assert set(bystander.answers) == {200}


def upload(gis: Caller, file: Path) -> requests.Response:
    """Post a file; a Shapefile of several parts in a zip."""
    parts = list(file.parent.glob(f"{file.stem}.*"))
    if file.suffix == ".shp" and len(parts) > 1:
        file = file.with_suffix(".zip")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in parts:
                archive.write(part, part.name)
    with file.open("rb") as content:
        return gis.post(
            "/api/v1/grid/uploads",
            files={"file": (file.name, content)},
            timeout=REFUSED_WITHIN_S,
        )


@pytest.mark.parametrize(
    "attack",
    [a for a in REFUSED if a not in _WITHOUT_A_CHOICE and not a.__name__.startswith("huge")],
    ids=name_of,
)
def test_refused(gis: Caller, bystander: Bystander, tmp_path: Path, attack: attacks.Attack) -> None:
    file = attack(tmp_path)
    before = bystander.answers[200]
    answer = upload(gis, file)
    assert answer.status_code == 422, answer.text
    until(lambda: bystander.answers[200] > before)
    assert answer.json()["code"] == _SAID_OF_AN_UPLOAD.get(attack.__name__, REFUSED[attack])
    assert str(tmp_path) not in answer.text


def test_a_file_over_the_limit_is_refused_before_it_is_read(
    gis: Caller, bystander: Bystander, server: WebProcess
) -> None:
    # Only the headers are sent: an answer to them is one that didn't wait for the 300 MB.
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/api/v1/grid/uploads")
    connection.putheader("Authorization", f"Bearer {gis.token}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", "300000000")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.load(answer)["code"] == "http.request_entity_too_large"
    connection.close()


def test_others_are_answered_while_a_file_is_read(
    gis: Caller, bystander: Bystander, tmp_path: Path
) -> None:
    file = attacks.too_many_vertices(tmp_path)
    before = bystander.answers[200]
    assert upload(gis, file).json()["code"] == "file.too_many_vertices"
    assert bystander.answers[200] - before >= 10


def test_stars_make_a_draft_that_nobody_can_publish(
    gis: Caller, bystander: Bystander, tmp_path: Path, live_database: Database
) -> None:
    file = tmp_path / "stars.gpkg"
    write_layer(file, attacks.stars())
    body = {"upload": upload(gis, file).json()["upload"], "name": "stars", "code_field": "code"}
    answer = gis.post("/api/v1/grid/versions", json=body)
    assert (answer.status_code, answer.json()["state"]) == (201, "draft")
    faults = gis.get("/api/v1/grid/versions/stars/faults").json()["features"]
    assert sum(f["properties"]["kind"] == "invalid_ring" for f in faults) == 30
    proposals = gis.get("/api/v1/grid/versions/stars/proposals").json()["items"]
    assert not any(proposal["kind"] == "mend_ring" for proposal in proposals)


def test_cells_all_in_one_place_are_refused_whole(
    gis: Caller, bystander: Bystander, tmp_path: Path, live_database: Database
) -> None:
    file = tmp_path / "crowd.gpkg"
    write_layer(file, attacks.one_place())
    body = {"upload": upload(gis, file).json()["upload"], "name": "crowd", "code_field": "code"}
    answer = gis.post("/api/v1/grid/versions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "coverage.crowded")
    with live_database.transaction() as session:
        assert "crowd" not in {card.name for card in queries.versions(session)}


def test_after_all_of_it_a_good_file_is_taken(
    gis: Caller, bystander: Bystander, tmp_path: Path
) -> None:
    file = tmp_path / "good.geojson"
    write_layer(file, testing.grid())
    body = {"upload": upload(gis, file).json()["upload"], "name": "good", "code_field": "code"}
    assert gis.post("/api/v1/grid/versions", json=body).json()["state"] == "checked"
    assert bystander.answers[200] > 0
