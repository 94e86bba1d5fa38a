"""`gridserver locate`: which cell a point lies in, one or many."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from gis.crs import WGS84, Crs, to_wgs84
from gis.locator import Locator
from gridserver.base.clock import now
from gridserver.cli import csvfiles
from gridserver.cli.context import emit, json_option, migrated_database
from gridserver.cli.options import crs_option, moment_option
from gridserver.force import queries as force
from gridserver.grids import queries
from gridserver.grids.bulk import locate_rows

path_type = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--lon", type=float, metavar="X", help="Longitude or easting.")
@click.option("--lat", type=float, metavar="Y", help="Latitude or northing.")
@click.option("--csv", "source", type=path_type, metavar="IN", help="Many points; .gz too.")
@click.option("--out", "target", type=path_type, metavar="OUT", help="Where the answers go.")
@click.option("--lon-field", default="lon", show_default=True, metavar="F")
@click.option("--lat-field", default="lat", show_default=True, metavar="F")
@crs_option(default=WGS84, show_default="EPSG:4326")
@moment_option("--at", "at", "Chooses the grid in force; default: now.")
@click.option(
    "--accuracy", "accuracy_m", type=float, metavar="M", help="Radius that holds the place."
)
@click.option("--version", "name", metavar="NAME", help="Ask this version, such as a draft.")
@json_option
def locate(
    lon: float | None,
    lat: float | None,
    source: Path | None,
    target: Path | None,
    lon_field: str,
    lat_field: str,
    crs: Crs,
    at: dt.datetime | None,
    accuracy_m: float | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Find the cell of one point (--lon, --lat) or of every row of a CSV file (--csv, --out).

    In bulk each row is kept in its place and gets cell_code and method; a row without usable
    coordinates gets no code and the method "invalid".
    """
    one, many = lon is not None and lat is not None, source is not None and target is not None
    if one == many or (lon is None) != (lat is None) or (source is None) != (target is None):
        raise click.UsageError("Give either --lon and --lat, or --csv and --out.")
    if many and accuracy_m is not None:
        raise click.UsageError("--accuracy is for one point.")
    with migrated_database() as database, database.transaction() as session:
        moment = at or now(session)
        if lon is not None and lat is not None:
            found = _find_one(session, to_wgs84(lon, lat, crs), moment, accuracy_m, name)
            emit(found, as_json, lambda: _say(found))
            return
        version = (
            queries.version(session, name) if name else queries.version_in_force(session, moment)
        )
        locator = queries.locator(session, version.id)
    if source is not None and target is not None:
        methods = _locate_file(source, target, locator, crs, lon_field, lat_field)
        rows = sum(methods.values())
        said = f"{rows} rows: " + ", ".join(f"{n} {method}" for method, n in methods.most_common())
        emit({"rows": rows, "methods": methods, "grid_version": version.name}, as_json, said)


def _find_one(
    session: Session,
    point: tuple[float, float],
    at: dt.datetime,
    accuracy_m: float | None,
    name: str | None,
) -> dict[str, Any]:
    """Return the answer for one point, in the version called `name` or the one in force at `at`."""
    if name is None:
        located = queries.locate(session, *point, at, accuracy_m)
        code, version = located.cell_code, located.version_name
        said = (located.method, located.neighbours, located.distance_m)
    else:
        asked = queries.version(session, name)
        found = queries.locator(session, asked.id).locate(*point, accuracy_m)
        code, version = found.code, asked.name
        said = (found.method, found.neighbours, found.distance_m)
    method, neighbours, distance_m = said
    return {
        "cell": code,
        "method": method,
        "neighbours": list(neighbours),
        "distance_m": distance_m,
        "owner": _owner(session, code, at),
        "grid_version": version,
    }


def _owner(session: Session, code: str | None, at: dt.datetime) -> dict[str, str] | None:
    owners = force.owners(session, code, at) if code else []
    primary = next((owner for owner in owners if owner.role == "primary"), None)
    if primary is None:
        return None
    return {"username": primary.username, "display_name": primary.display_name}


def _say(found: dict[str, Any]) -> None:
    owner = found["owner"]
    click.echo(f"cell        {found['cell'] or 'none'}")
    click.echo(f"method      {found['method']}")
    click.echo(f"neighbours  {' '.join(found['neighbours']) or 'none'}")
    if found["distance_m"]:
        click.echo(f"distance    {found['distance_m']:.1f} m")
    click.echo(f"owner       {owner['display_name'] if owner else 'nobody'}")
    click.echo(f"version     {found['grid_version'] or 'none in force'}")


def _locate_file(
    source: Path, target: Path, locator: Locator, crs: Crs, lon_field: str, lat_field: str
) -> Counter[str]:
    """Write `target` whole or not at all, and return how often each method decided."""
    methods: Counter[str] = Counter()
    with csvfiles.reading(source) as rows, csvfiles.writing(target) as writer:
        located = locate_rows(rows, locator, crs, lon_field, lat_field)
        writer.writerow(next(located))
        for row in located:
            methods[row[-1]] += 1
            writer.writerow(row)
    return methods
