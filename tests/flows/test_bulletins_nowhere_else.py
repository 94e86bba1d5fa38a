"""What a bulletin says lies in its own tables: a planted name is looked for in logs, in the files
of a web process, and in every table of a backup."""

from __future__ import annotations

import subprocess
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from gridserver.backup import programs
from gridserver.base.clock import SystemClock
from tests.commands import Run
from tests.flows.conftest import AccountClient
from tests.flows.test_bulletin_sightings_http import sight
from tests.flows.test_bulletins_http import BULLETINS, READER, body, issue
from tests.processes import Caller, WebProcess
from tests.rooms.bulletining import AUTHOR, NAME, SEEN, SEEN_NAME

#: Each planted word, and the only table that may hold it.
PLANTED = {NAME: "bulletin_contents", SEEN_NAME: "bulletin_sighting"}


def test_no_log_and_no_file_of_a_process_holds_it(
    server: WebProcess, http: Callable[[str], Caller]
) -> None:
    today = SystemClock().now()
    author, reader = http(AUTHOR), http(READER)
    given = body(urgent=True)
    given["basis"]["date"] = today.date().isoformat()
    id_ = author.post(BULLETINS, json=given).json()["id"]
    address = f"{BULLETINS}/{id_}"
    assert reader.put(f"{address}/copy", json={}).status_code == 200
    said = {"id": str(uuid.uuid4()), "occurred_at": today.isoformat(), "data": SEEN}
    said["verb"] = "sight"
    assert reader.post(f"{address}/commands", json=said).status_code == 200
    for path in ("contents", "sightings", "cap"):
        assert author.get(f"{address}/{path}").status_code == 200
    # Refusals are logged more readily than what went well.
    wrong = body()
    wrong["contents"]["phone"] = NAME
    assert author.post(BULLETINS, json=wrong).status_code == 422
    wrong = {"unit": "33082401", "document": f"<{NAME}", "basis": given["basis"]}
    assert author.post(f"{BULLETINS}/cap", json=wrong).status_code == 422
    assert reader.post(f"{address}/commands", json=said | {"data": {"text": SEEN_NAME}}).ok is False
    files = [path for path in server.log.parent.rglob("*") if path.is_file()]
    assert server.log in files
    holding = [
        (path.name, word)
        for path in files
        for word in PLANTED
        if word.encode() in path.read_bytes()
    ]
    assert holding == []


def test_a_backup_holds_it_in_its_own_tables_alone(
    client: AccountClient, run: Run, tmp_path: Path
) -> None:
    id_ = issue(client)["id"]
    assert sight(client, id_).status_code == 200
    author = client.as_(AUTHOR)
    assert author.get(f"{BULLETINS}/{id_}/contents").status_code == 200
    out = tmp_path / "county.backup"
    run("backup", out)
    with zipfile.ZipFile(out) as archive:
        dump = tmp_path / "database.dump"
        dump.write_bytes(archive.read("database.dump"))
        others = [name for name in archive.namelist() if name != "database.dump"]
        for name in others:
            assert not any(word.encode() in archive.read(name) for word in PLANTED), name
    restore = [programs.path("pg_restore"), "--data-only", "--file=-", str(dump)]
    text = subprocess.run(restore, capture_output=True, check=True, text=True).stdout
    holding: dict[str, set[str]] = defaultdict(set)
    table = ""
    for line in text.splitlines():
        if line.startswith("COPY public."):
            table = line.split()[1].removeprefix("public.")
        for word in PLANTED:
            if word in line:
                holding[word].add(table)
    assert holding == {word: {only} for word, only in PLANTED.items()}
