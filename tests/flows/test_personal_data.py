"""Every route that shows personal data: each answer has its row in the ledger, and without the row
there is no answer."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gridserver.audit.models import AuditEntry
from gridserver.audit.rootfile import RootFile
from gridserver.audit.service import ONE_LOOK
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.settings import ROOT
from gridserver.bulletins import purging
from gridserver.bulletins.rules import KEPT
from gridserver.embedded import Cluster
from tests.conftest import MORNING
from tests.county import centre
from tests.flows.conftest import AccountClient
from tests.flows.test_attachments_http import bring
from tests.flows.test_bulletin_sightings_http import sight
from tests.flows.test_bulletins_http import BULLETINS, READER, body, step
from tests.ledger import Ledger
from tests.photos import photo
from tests.problems import is_problem
from tests.rooms.bulletining import AUTHOR, NAME, SEEN_NAME

SECOND = dt.timedelta(seconds=1)
_PERIOD = f"from={MORNING.date()}T00:00:00%2B08:00&to={MORNING.date()}T23:00:00%2B08:00"


@dataclass(frozen=True)
class Look:
    """How a route is asked by somebody who may look, and what the ledger then says."""

    operation: str
    who: str
    path: str
    tag: str
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.operation.split()[0]


_B = "/api/v1/bulletins/{bulletin_id}"
#: What says something of the person of a bulletin.
OF_BULLETINS = (
    Look(f"get {_B}/contents", AUTHOR, f"{BULLETINS}/{{id}}/contents", "bulletin:look"),
    Look(f"put {_B}/copy", READER, f"{BULLETINS}/{{id}}/copy", "bulletin:fetch"),
    Look(f"get {_B}/sightings", AUTHOR, f"{BULLETINS}/{{id}}/sightings", "bulletin:look_sightings"),
    Look(f"get {_B}/cap", AUTHOR, f"{BULLETINS}/{{id}}/cap", "bulletin:export"),
    Look(
        "get /api/v1/attachments/{sha256}",
        READER,
        "/api/v1/attachments/{sha256}?bulletin={id}",
        "attachment:read",
    ),
)
#: Who has one, and who hasn't.
OF_READERS = (Look(f"get {_B}/cells", AUTHOR, f"{BULLETINS}/{{id}}/cells", "bulletin:look_cells"),)
_I = "/api/v1/incidents/{incident_id}"
#: What says something of a caller and of what was found, on a page or in a file that goes out of
#: the system, or of an officer's work.
OF_OTHERS = (
    Look("get /api/v1/incidents", AUTHOR, "/api/v1/incidents?q=1", "incident:search"),
    Look("get /api/v1/tasks", AUTHOR, "/api/v1/tasks?state=all", "incident:search"),
    Look(f"get {_I}", AUTHOR, "/api/v1/incidents/{incident}", "incident:look"),
    Look(f"get {_I}/related", AUTHOR, "/api/v1/incidents/{incident}/related", "incident:look"),
    Look(f"get {_I}/decision", AUTHOR, "/api/v1/incidents/{incident}/decision", "incident:look"),
    Look("get /api/v1/tasks/{task_id}", AUTHOR, "/api/v1/tasks/{task}", "incident:look"),
    Look("get /api/v1/audit/entries", "auditor", "/api/v1/audit/entries", "audit:read"),
    Look(
        "get /api/v1/day-log",
        AUTHOR,
        f"/api/v1/day-log?officer={READER}",
        "log:read",
    ),
    Look("get /api/v1/reviews/{review_id}", "command", "/api/v1/reviews/{review}", "review:look"),
    Look("get /api/v1/incidents.xlsx", AUTHOR, "/api/v1/incidents.xlsx?state=all", "export:write"),
    Look(
        "get /api/v1/incidents/{incident_id}/record.pdf",
        AUTHOR,
        "/api/v1/incidents/{incident}/record.pdf",
        "incident:print",
    ),
    Look(
        "get /api/v1/figures/officers",
        AUTHOR,
        f"/api/v1/figures/officers?station=33082401&{_PERIOD}",
        "figures:load",
    ),
    Look(
        "get /api/v1/figures/officers/{number}/calls",
        AUTHOR,
        f"/api/v1/figures/officers/{READER}/calls?figure=signed&{_PERIOD}",
        "figures:officer",
    ),
    Look(
        "post /api/v1/playbacks",
        "command",
        "/api/v1/playbacks",
        "playback:open",
        {
            "from": f"{MORNING.date()}T08:00:00+08:00",
            "to": MORNING.isoformat(),
            "positions": True,
            "purpose": "复盘",
        },
    ),
)
LOOKS = OF_BULLETINS + OF_READERS + OF_OTHERS
#: The schemas that hold what is said of a bulletin's person.
PERSONAL = {"BulletinContents", "BulletinSighting"}
#: Those that hold the words and the address of a report.
REPORTED = {"Incident", "IncidentCard", "RelatedIncident", "ReviewedIncident"}


@pytest.fixture
def subjects(client: AccountClient) -> dict[str, Any]:
    """A live bulletin with a photo and a sighting, and an incident."""
    sha256 = bring(client.as_(AUTHOR), photo())["sha256"]
    given = body()
    given["contents"]["photos"] = [sha256]
    id_ = client.as_(AUTHOR).post(BULLETINS, json=given).json["id"]
    step(client, id_, "approve")
    assert step(client, id_, "issue", AUTHOR).status_code == 200
    assert sight(client, id_).status_code == 200
    reported = client.as_("command").post("/api/v1/incidents", json=_report())
    assert reported.status_code == 201, reported.text
    incident, task = reported.json["id"], reported.json["task"]["id"]
    begun = {"title": "复盘", "incidents": [incident]}
    review = client.as_("command").post("/api/v1/reviews", json=begun).json["id"]
    return {"id": id_, "sha256": sha256, "incident": incident, "task": task, "review": review}


def _report() -> dict[str, Any]:
    lon, lat = centre(0, 0)
    return {"source": "110", "external_id": "1", "category": "dispute", "lon": lon, "lat": lat}


@pytest.fixture
def readers(client: AccountClient, subjects: dict[str, Any]) -> dict[str, AccountClient]:
    return {who: client.as_(who) for who in {look.who for look in LOOKS}}


@pytest.fixture
def locked(
    database: Database, readers: dict[str, AccountClient], subjects: dict[str, Any]
) -> Iterator[None]:
    """The ledger as whoever waits for its lock finds it, without the five seconds of waiting."""
    with database.engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE FUNCTION no_lock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'locked' USING ERRCODE = 'lock_not_available'; END $$"
            )
        )
        connection.execute(
            sa.text(
                "CREATE TRIGGER no_lock BEFORE INSERT ON audit_entry "
                "FOR EACH STATEMENT EXECUTE FUNCTION no_lock()"
            )
        )
    yield


def ask(readers: dict[str, AccountClient], look: Look, subjects: dict[str, Any]) -> Any:
    options = {} if look.method == "get" else {"json": look.body}
    return getattr(readers[look.who], look.method)(look.path.format(**subjects), **options)


def entries(database: Database) -> list[tuple[str, str]]:
    with database.transaction() as session:
        rows = session.execute(sa.text("SELECT tag, actor FROM audit_entry ORDER BY id"))
        return [tuple(row) for row in rows]


def test_each_look_is_one_row(
    database: Database,
    clock: SetClock,
    readers: dict[str, AccountClient],
    subjects: dict[str, Any],
) -> None:
    for look in LOOKS:
        clock.advance(ONE_LOOK + SECOND)
        before = len(entries(database))
        answer = ask(readers, look, subjects)
        assert answer.status_code == 200, (look.operation, answer.text)
        assert entries(database)[before:] == [(look.tag, look.who)], look.operation


def test_a_page_that_stands_open_is_one_look(
    database: Database,
    clock: SetClock,
    readers: dict[str, AccountClient],
    subjects: dict[str, Any],
) -> None:
    """It asks every few seconds. Another person's look is another's, and so is a later one."""
    incident, task = (f"/api/v1/{each}s/{subjects[each]}" for each in ("incident", "task"))
    before = len(entries(database))
    for who, path in ((AUTHOR, incident), (AUTHOR, task), ("command", incident)):
        assert readers[who].get(path).status_code == 200
        clock.advance(SECOND)
    clock.advance(ONE_LOOK)
    assert readers[AUTHOR].get(incident).status_code == 200
    looks = [(tag, who) for tag, who in entries(database)[before:] if tag == "incident:look"]
    assert looks == [("incident:look", who) for who in (AUTHOR, "command", AUTHOR)]


def test_a_search_keeps_by_what_and_not_what_for(
    client: AccountClient, database: Database, subjects: dict[str, Any]
) -> None:
    asked = f"/api/v1/incidents?q={NAME}&station=33082401&state=all&limit=10&unknown=x"
    assert client.as_(AUTHOR).get(asked).status_code == 200
    with database.transaction() as session:
        last = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)
        (found,) = session.scalars(last)
    assert (found.tag, found.subject_id) == ("incident:search", "33082401")
    assert found.data == {"filters": ["q", "state", "station"], "rows": 0}


def test_the_auditor_finds_every_look_in_the_bulletins_file(
    readers: dict[str, AccountClient], subjects: dict[str, Any]
) -> None:
    """Its file whole: who saw what of it, whichever way they came."""
    looks = OF_BULLETINS + OF_READERS
    for look in looks:
        assert ask(readers, look, subjects).status_code == 200, look.operation
    wanted = {"subject_kind": "bulletin", "subject_id": subjects["id"], "limit": 100}
    found = readers["auditor"].get("/api/v1/audit/entries", query_string=wanted).json["items"]
    tags = {look.tag for look in looks}
    seen = [(each["tag"], each["actor"]["username"]) for each in found if each["tag"] in tags]
    assert seen[::-1] == [("bulletin:fetch", READER), *((look.tag, look.who) for look in looks)]


def test_without_the_row_there_is_no_answer(
    database: Database,
    locked: None,
    readers: dict[str, AccountClient],
    subjects: dict[str, Any],
) -> None:
    for look in LOOKS:
        before = len(entries(database))
        answer = ask(readers, look, subjects)
        is_problem(answer, 503)
        assert NAME not in answer.text and SEEN_NAME not in answer.text, look.operation
        assert len(entries(database)) == before


def test_no_other_route_says_anything_of_a_bulletins_person() -> None:
    no_json = {"get /api/v1/attachments/{sha256}", f"get {_B}/cap"}
    listed = {look.operation for look in OF_BULLETINS} - no_json
    assert answering_with(PERSONAL) == listed


def test_no_other_route_shows_what_was_reported() -> None:
    """Asked for, that is: who reports it or takes a step is told of it in the answer, and that deed
    has its own row."""
    tags = {"incident:look", "incident:search", "review:look"}
    # A decision says why and where, not what was said: its look is kept all the same.
    listed = {look.operation for look in OF_OTHERS if look.tag in tags} - {f"get {_I}/decision"}
    assert {each for each in answering_with(REPORTED) if each.startswith("get ")} == listed


def answering_with(wanted: set[str]) -> set[str]:
    """Return the operations of the API's description whose answers hold one of some schemas."""
    described = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    schemas = described["components"]["schemas"]
    assert wanted <= schemas.keys()

    def reaches(schema: Any, seen: frozenset[str] = frozenset()) -> bool:
        text = json.dumps(schema)
        named = {name for name in schemas if f'schemas/{name}"' in text} - seen
        return bool(named & wanted) or any(reaches(schemas[name], seen | named) for name in named)

    return {
        f"{method} {path}"
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
        and any(
            reaches(answer)
            for status, answer in operation.get("responses", {}).items()
            if status.startswith("2")
        )
    }


def test_what_is_shown_is_kept_nowhere_on_the_way(
    readers: dict[str, AccountClient], subjects: dict[str, Any]
) -> None:
    for look in OF_BULLETINS:
        answer = ask(readers, look, subjects)
        assert answer.headers["Cache-Control"] == "private, no-store", look.operation
        assert "ETag" not in answer.headers, look.operation


def test_what_is_purged_leaves_its_file_and_a_chain_that_holds(
    client: AccountClient,
    database: Database,
    clock: SetClock,
    cluster: Cluster,
    tmp_path: Path,
    subjects: dict[str, Any],
) -> None:
    hand = sa.create_engine(cluster.superuser_url.set(database=database.url.database))
    ledger = Ledger(database, hand, RootFile(tmp_path / "roots.jsonl"))
    contents = f"{BULLETINS}/{subjects['id']}/contents"
    assert NAME in client.as_(AUTHOR).get(contents).text
    step(client, subjects["id"], "resolve", AUTHOR, reason="已平安找到")
    ledger.seal()
    clock.advance(KEPT)
    with database.transaction() as session:
        assert purging.purge(session) == 1
    ledger.seal()
    is_problem(client.as_(AUTHOR).get(contents), 404, "bulletin.purged")
    picture = f"/api/v1/attachments/{subjects['sha256']}?bulletin={subjects['id']}"
    is_problem(client.as_(AUTHOR).get(picture), 404, "attachment.unknown")
    wanted = {"subject_kind": "bulletin", "subject_id": subjects["id"], "limit": 100}
    found = client.as_("auditor").get("/api/v1/audit/entries", query_string=wanted).json["items"]
    verbs = [each["tag"].removeprefix("bulletin:") for each in found][::-1]
    assert verbs[:6] == ["write", "approve", "issue", "fetch", "sight", "look"]
    assert "purge" in verbs
    ledger.seal()
    assert ledger.wrong() == []
    hand.dispose()
