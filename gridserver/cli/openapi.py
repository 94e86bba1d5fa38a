"""`gridserver openapi`: the API's description, for generating clients."""

from __future__ import annotations

import json

import click

from gridserver.app import create_app
from gridserver.base.db import Database
from gridserver.cli import context


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 description. Needs no database."""
    app = create_app(context.settings(), Database("postgresql://"))
    document = app.test_client().get("/api/openapi.json").get_json()
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
