"""The command line `gridserver`: exit 0 well, 1 refused with a reason, 2 wrong use."""

from __future__ import annotations

import sys

import click

from gis.errors import GisError
from gridserver import __version__
from gridserver.base.errors import GridserverError
from gridserver.cli.account import account
from gridserver.cli.audit import audit
from gridserver.cli.backup import backup, restore
from gridserver.cli.categories import categories
from gridserver.cli.context import language
from gridserver.cli.db import db
from gridserver.cli.demo import demo
from gridserver.cli.device import device
from gridserver.cli.dispatch import dispatch
from gridserver.cli.explain import explain
from gridserver.cli.force import force
from gridserver.cli.grid import grid
from gridserver.cli.grid_repair import repair
from gridserver.cli.grid_versions import diff, rehearse
from gridserver.cli.incidents import incidents
from gridserver.cli.locate import locate
from gridserver.cli.openapi import openapi
from gridserver.cli.places import places
from gridserver.cli.roads import roads
from gridserver.cli.serve import serve, worker
from gridserver.cli.tables import tables
from gridserver.grids import texts


class RefusingGroup(click.Group):
    """A group whose commands' refusals become one line on stderr and exit code 1."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except (GridserverError, GisError) as error:
            click.echo(f"gridserver: {texts.refusal(error, language())}", err=True)
            sys.exit(1)


@click.group(cls=RefusingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gridserver")
def main() -> None:
    """Police-grid dispatch: the right officer, nothing lost, every look accountable."""


for command in (
    serve,
    worker,
    account,
    audit,
    backup,
    categories,
    db,
    demo,
    device,
    dispatch,
    force,
    grid,
    incidents,
    locate,
    openapi,
    places,
    restore,
    roads,
):
    main.add_command(command)
for command in (diff, rehearse, repair):
    grid.add_command(command)
for command in (explain, tables):
    dispatch.add_command(command)
