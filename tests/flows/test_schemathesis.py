"""The OpenAPI description is true: Schemathesis asks every operation, well and badly, and each
answer must be described, with its status, content type and shape.

The seed is fixed, so a run that failed fails again.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, Response
from schemathesis.config import (
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    positive_data_acceptance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema
from sqlalchemy.engine import URL

from gridserver.access import policy, service
from gridserver.access.opening import open_session
from gridserver.app import create_app
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.base.settings import ROOT, from_environment
from tests.conftest import MORNING, copied
from tests.county import centre, commit_county
from tests.flows.conftest import AccountClient

#: A lack of If-Match is 428 here (RFC 6585); what is well formed may still be refused, for the
#: coordinates' CRS or a cursor's origin; and `test_http` asks everything without a session.
NOT_ASKED = [missing_required_header, positive_data_acceptance, ignored_auth]

Bearer = Callable[[str], dict[str, str]]

METHODS = {"get", "post", "put", "patch", "delete"}

#: Said by the caller of the one incident, which is the southern station's; and whether these
#: accounts may be told it.
SECRET = "caller-of-the-south"
OTHERS = {
    "330824001": True,
    "gis": False,
    "admin": True,
    "auditor": True,
    "room-33082402": False,
    "330824007": False,
}

#: Cases an operation and account.
EXAMPLES = 3
#: Ways through the operations for each account: what one answers names what the next is asked for.
WAYS = settings(
    derandomize=True,
    database=None,
    max_examples=10,
    stateful_step_count=80,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def description(*, covered: bool) -> OpenApiSchema:
    """Return the committed description, which `test_http` holds against the application.

    It comes without its `default`: every refusal must be named by its status.

    Parameters
    ----------
    covered : bool
        Ask once for each keyword of it, too.
    """
    document = json.loads((ROOT / "web" / "openapi.json").read_text("utf-8"))
    for path in document["paths"].values():
        for method in METHODS & path.keys():
            del path[method]["responses"]["default"]
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none")
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=covered))
    project = ProjectsConfig(default=ProjectConfig(generation=generation, phases=phases))
    config = SchemathesisConfig(seed=330824, projects=project)
    return schemathesis.openapi.from_dict(document, config=config)


@pytest.fixture(scope="module")
def app(template: URL, superuser: sa.Engine) -> Iterator[Flask]:
    """The application over the sample county, with one incident and one notice."""
    with copied(template, superuser) as url:
        database = Database(url, SetClock(MORNING))
        commit_county(database)
        with database.transaction() as session:  # what is asked badly mustn't shut out what follows
            policy.change(session, None, most_failures=policy.FAILURES[1])
        rates = ("ACCOUNT_RATE", "ACCOUNT_READ_RATE", "ADDRESS_RATE")
        unbounded = {f"GRIDSERVER_{rate}": "0" for rate in rates}
        app = create_app(from_environment(unbounded), database)
        app.test_client_class = AccountClient
        # As in a process that is about to stop: whoever would wait for a message is answered.
        app.extensions["gridserver_live"].hub.doorbells.close()
        lon, lat = centre(0, 0)
        report = {
            "source": "110",
            "external_id": "1",
            "category": "dispute",
            "lon": lon,
            "lat": lat,
            "description": SECRET,
        }
        notice = {"unit": "330824", "kind": "notice", "title": "a", "text": "b"}
        command = app.test_client().as_("command")
        for path, document in (
            ("incidents", report),
            ("orders", notice | {"audience": {"everyone": True}}),
        ):
            made = command.post(f"/api/v1/{path}", json=document)
            assert made.status_code == 201, made.text
        yield app
        database.dispose()


@pytest.fixture(scope="module")
def bearer(app: Flask) -> Bearer:
    """Give the headers of a new session of an account: one that was asked for before may have
    become a wall's, been locked or ended."""
    database: Database = app.extensions["gridserver"].database

    def bearer(username: str) -> dict[str, str]:
        with database.transaction() as session:
            account = service.account_by_username(session, username)
            opened = open_session(session, account.id, None, None, shown=("password",))
        return {"Authorization": f"Bearer {opened.token}"}

    return bearer


@description(covered=True).parametrize()
def test_every_answer_is_as_described(case: Case, app: Flask, bearer: Bearer) -> None:
    case.call_and_validate(app=app, headers=bearer("command"), excluded_checks=NOT_ASKED)


@pytest.mark.parametrize("username", OTHERS)
@description(covered=False).parametrize()
def test_and_so_it_is_for_others(case: Case, app: Flask, bearer: Bearer, username: str) -> None:
    answer = case.call_and_validate(app=app, headers=bearer(username), excluded_checks=NOT_ASKED)
    assert OTHERS[username] or SECRET.encode() not in told(answer.content)


@pytest.mark.parametrize("username", ["command", *OTHERS])
def test_and_from_one_answer_to_the_next(app: Flask, bearer: Bearer, username: str) -> None:
    """By the links that Schemathesis finds between the operations: what is made, listed or named
    is read, changed, ended, and asked for again."""
    followed: list[str] = []

    class Way(description(covered=False).as_state_machine()):  # type: ignore[misc]
        def step(self, input: Any) -> Any:
            if input.transition and input.is_applied:
                followed.append(input.transition.id)
            return super().step(input)

        def call(self, case: Case, **_: Any) -> Response:
            return case.call(app=app, headers=bearer(username))

        def validate_response(self, response: Response, case: Case, *_: Any, **__: Any) -> None:
            case.validate_response(response, excluded_checks=NOT_ASKED)
            assert OTHERS.get(username, True) or SECRET.encode() not in told(response.content)

    Way.run(settings=WAYS)
    assert followed


def told(body: bytes) -> bytes:
    """Return what an answer says; of a workbook or another package, what its members say."""
    if not zipfile.is_zipfile(io.BytesIO(body)):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        return b"\n".join(map(package.read, package.namelist()))
