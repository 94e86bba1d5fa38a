"""`gridserver roads`: the road network that times to a place are computed on."""

from __future__ import annotations

from pathlib import Path

import click

from gis.crs import parse_crs
from gis.roads import TOLERANCE_M, read_roads
from gridserver.cli import context
from gridserver.places import queries, service

_NO_ROUTING = (
    "The database has no pgRouting, so nearness stays by distance: install its package "
    "(postgresql-pgrouting) and, as a superuser, CREATE EXTENSION pgrouting."
)


@click.group()
def roads() -> None:
    """The road network."""


@roads.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--minutes-field", metavar="F", help="Minutes to drive each line.")
@click.option("--speed-field", metavar="F", help="Instead: kilometres an hour on each line.")
@click.option(
    "--oneway-field",
    metavar="F",
    help="yes, F, FT: only as the line is drawn; -1, T, TF: only against it; else both ways.",
)
@click.option("--layer", metavar="L", help="Needed where FILE has several.")
@click.option("--crs", metavar="CRS", help="EPSG:n, gcj02 or bd09, where FILE doesn't say.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0.0, 50.0),
    default=TOLERANCE_M,
    show_default=True,
    metavar="M",
    help="Ends nearer to each other than so many metres are one junction.",
)
@click.option("--replace", is_flag=True, help="In place of the network that is loaded.")
@context.json_option
def import_(
    file: Path,
    minutes_field: str | None,
    speed_field: str | None,
    oneway_field: str | None,
    layer: str | None,
    crs: str | None,
    tolerance: float,
    replace: bool,
    as_json: bool,
) -> None:
    """Import FILE (.geojson, .geojson.gz, .gpkg, .shp, .zip), whose lines meet at their ends."""
    with context.migrated_database() as database, context.console.status("Importing …"):
        network = read_roads(
            file,
            minutes_field=minutes_field,
            speed_field=speed_field,
            oneway_field=oneway_field,
            layer=layer,
            crs=parse_crs(crs) if crs else None,
            tolerance_m=tolerance,
        )
        with database.transaction() as session:
            service.set_roads(session, None, network, replace=replace)
            routing = queries.has_routing(session)
    done = {"edges": len(network.lines), "junctions": network.junctions, "routing": routing}
    edges = context.counted(len(network.lines), "edge")
    said = f"{edges} between {context.counted(network.junctions, 'junction')}."
    if not routing:
        said += f" {_NO_ROUTING}"
    context.emit(done, as_json, said)
