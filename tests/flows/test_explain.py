"""Why an incident went to whom, asked over HTTP and on the command line."""

from __future__ import annotations

import json

import pytest

from gridserver.base.db import Database
from tests.commands import Run, document
from tests.county import County, centre
from tests.flows.conftest import AccountClient
from tests.rooms.dispatching import a_report, take


@pytest.fixture
def incident(database: Database, county: County) -> int:
    with database.transaction() as session:
        return take(session, county, a_report(centre(0, 0))).incident.id


def test_the_decision_over_http(client: AccountClient, incident: int) -> None:
    path = f"/api/v1/incidents/{incident}/decision"
    command = client.as_("command")
    answer = command.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    said = answer.json
    assert said["incident"]["id"] == incident
    assert said["replay"] == {"identical": True, "decision": said["decision"]}
    assert said["notes"][0] == {
        "code": "where.covers",
        "params": {"cell": "330824001001001", "cell_name": "村00", "grid_version": "v1"},
        "text": "The place is in cell 村00.",
    }
    chinese = command.get(path, headers={"Accept-Language": "zh-CN"}).json
    assert chinese["facts"][0]["text"] == "2026-03-10，周二09:30，工作日。"
    assert command.get(path, query_string={"revision": 2}).json["code"] == "decision.unknown"
    assert command.get(path, query_string={"revision": 0}).status_code == 422
    assert client.as_("room-33082402").get(path).status_code == 403


def test_the_decision_on_the_command_line(run: Run, incident: int) -> None:
    said = document(run, "dispatch", "explain", incident)
    assert said["replay"]["identical"] is True
    lines = run("dispatch", "explain", incident, "--lang", "zh-CN").stdout.splitlines()
    assert lines[0].startswith("警情")
    assert "2026-03-10 09:30+08:00" in lines[0]
    assert lines[1] == "已知情况"
    assert "  1. 330824001，A角，300秒：地点在网格“村00”内，由该格A角处置。" in lines
    assert lines[-1] == "依原有情况重新研判，结果一致。"
    assert "incident 999999" in run("dispatch", "explain", 999_999, code=1).stderr
    run("dispatch", "explain", 0, code=2)


def test_both_say_the_same(client: AccountClient, run: Run, incident: int) -> None:
    over_http = client.as_("auditor").get(
        f"/api/v1/incidents/{incident}/decision", headers={"Accept-Language": "zh-CN"}
    )
    printed = run("dispatch", "explain", incident, "--lang", "zh-CN", "--json").stdout
    assert json.loads(printed) == over_http.json
