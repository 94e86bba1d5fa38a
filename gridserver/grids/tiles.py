"""Vector tiles of a published grid version, cut by PostGIS."""

from __future__ import annotations

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from gridserver.base.errors import NotFound

LAST_ZOOM = 22
#: Beyond this zoom a map enlarges the tiles of this one: a tile's unit is 15 cm here.
LAST_USEFUL_ZOOM = 16

#: Layer `cells` reaches 64 of 4096 units beyond the tile, so that outlines don't show its edge;
#: `labels` has a cell's point in the one tile that holds it. Published cells are valid, so that
#: PostGIS's geometry functions are safe here; on a draft they are not.
_TILE = text("""
    WITH tile AS (
        SELECT ST_TileEnvelope(:z, :x, :y) AS envelope,
               ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 64.0 / 4096), 4326) AS reach
    ), near AS (
        SELECT cell.code, cell.name, cell.station_code AS station, cell.geom
        FROM cell, tile
        WHERE cell.version_id = :version_id AND cell.geom && tile.reach
    ), cells AS (
        SELECT near.code, near.name, near.station,
               ST_AsMVTGeom(ST_Transform(near.geom, 3857), tile.envelope, 4096, 64) AS geom
        FROM near, tile
    ), points AS (
        SELECT near.code, near.name, ST_Transform(ST_PointOnSurface(near.geom), 3857) AS geom
        FROM near
    ), labels AS (
        SELECT points.code, points.name,
               ST_AsMVTGeom(points.geom, tile.envelope, 4096, 0) AS geom
        FROM points, tile
    )
    SELECT (SELECT ST_AsMVT(cells, 'cells', 4096, 'geom') FROM cells WHERE geom IS NOT NULL)
        || (SELECT ST_AsMVT(labels, 'labels', 4096, 'geom') FROM labels WHERE geom IS NOT NULL)
""").bindparams(*(bindparam(name) for name in ("version_id", "z", "x", "y")))


def check_address(z: int, x: int, y: int) -> None:
    """Raise `NotFound` for a tile that the XYZ scheme doesn't have."""
    if not (0 <= z <= LAST_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise NotFound(
            "tile.no_such_tile",
            f"There is no tile {z}/{x}/{y}: z goes to {LAST_ZOOM}, x and y to 2^z - 1.",
        )


def tile(session: Session, version_id: int, z: int, x: int, y: int) -> bytes:
    """Return a tile of a published version as MVT 2.1; empty where no cell is near.

    Layers: ``cells`` (polygons: code, name, station) and ``labels`` (one point a cell, on its
    surface: code, name).

    Raises
    ------
    NotFound
        ``tile.no_such_tile``.
    """
    check_address(z, x, y)
    address = {"version_id": version_id, "z": z, "x": x, "y": y}
    return bytes(session.execute(_TILE, address).scalar_one())
