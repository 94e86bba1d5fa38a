"""The OpenAPI description is true: Schemathesis asks every operation, well and badly, and each
answer must be described, with its status, content type and shape.

The seed is fixed, so a run that failed fails again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import schemathesis
import sqlalchemy as sa
from flask import Flask
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    positive_data_acceptance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema
from sqlalchemy.engine import URL

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

METHODS = {"get", "post", "put", "patch", "delete"}

#: Cases an operation, besides those that cover each keyword of its description.
EXAMPLES = 5


def description() -> OpenApiSchema:
    """The committed description, which `test_http` holds against the application, without its
    `default`: every refusal must be named by its status."""
    document = json.loads((ROOT / "web" / "openapi.json").read_text("utf-8"))
    for path in document["paths"].values():
        for method in METHODS & path.keys():
            del path[method]["responses"]["default"]
    generation = GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none")
    project = ProjectsConfig(default=ProjectConfig(generation=generation))
    config = SchemathesisConfig(seed=330824, projects=project)
    return schemathesis.openapi.from_dict(document, config=config)


@pytest.fixture(scope="module")
def app(template: URL, superuser: sa.Engine) -> Iterator[Flask]:
    """The application over the sample county, with one incident."""
    with copied(template, superuser) as url:
        database = Database(url, SetClock(MORNING))
        commit_county(database)
        app = create_app(from_environment({}), database)
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
        reported = app.test_client().as_("command").post("/api/v1/incidents", json=report)
        assert reported.status_code == 201, reported.text
        yield app
        database.dispose()


@pytest.fixture(scope="module", params=["command", "330824001"])
def bearer(app: Flask, request: pytest.FixtureRequest) -> dict[str, str]:
    return {"Authorization": f"Bearer {app.test_client().as_(request.param).token}"}


# Signing out would leave the rest without a session; `test_http` does it.
@description().exclude(method="DELETE").parametrize()
def test_every_answer_is_as_described(
    case: schemathesis.Case, app: Flask, bearer: dict[str, str]
) -> None:
    case.call_and_validate(app=app, headers=bearer, excluded_checks=NOT_ASKED)
