"""The OpenAPI description is true: Schemathesis asks every operation, well and badly, and each
answer must be described, with its status, content type and shape.

The seed is fixed, so a run that failed fails again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache

import pytest
import schemathesis
import sqlalchemy as sa
from flask import Flask
from schemathesis import Case
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

from gridserver.access import policy
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

#: Cases an operation and account.
EXAMPLES = 3


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
    schema = schemathesis.openapi.from_dict(document, config=config)
    # Signing out would leave the rest without a session; `test_http` does it.
    return schema.exclude(method="DELETE", path="/api/v1/sessions/current")


@pytest.fixture(scope="module")
def app(template: URL, superuser: sa.Engine) -> Iterator[Flask]:
    """The application over the sample county, with one incident and one notice."""
    with copied(template, superuser) as url:
        database = Database(url, SetClock(MORNING))
        commit_county(database)
        with database.transaction() as session:  # what is asked badly mustn't shut out what follows
            policy.change(session, None, most_failures=policy.FAILURES[1])
        unbounded = {"GRIDSERVER_ACCOUNT_RATE": "0", "GRIDSERVER_ADDRESS_RATE": "0"}
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
    """Give the headers of an account's session, which is the same each time."""
    return cache(lambda who: {"Authorization": f"Bearer {app.test_client().as_(who).token}"})


@description(covered=True).parametrize()
def test_every_answer_is_as_described(case: Case, app: Flask, bearer: Bearer) -> None:
    case.call_and_validate(app=app, headers=bearer("command"), excluded_checks=NOT_ASKED)


@pytest.mark.parametrize("username", ["330824001", "gis"])
@description(covered=False).parametrize()
def test_and_so_it_is_for_others(case: Case, app: Flask, bearer: Bearer, username: str) -> None:
    case.call_and_validate(app=app, headers=bearer(username), excluded_checks=NOT_ASKED)
