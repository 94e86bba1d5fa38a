"""Drafts and publications over HTTP, and files of cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gis.crs import WGS84
from gis.features import Cell, Layer
from gis.files import write_layer
from gridserver.base.db import Database
from gridserver.grids import service


def address(name: str) -> str:
    """Return where a version is."""
    return f"/api/v1/grid/versions/{name}"


def put_draft(database: Database, name: str, cells: Sequence[Cell]) -> str:
    """Store a draft, committed, and return its address."""
    with database.transaction() as session:
        layer = Layer(tuple(cells), WGS84)
        service.import_draft(session, None, layer, name=name, source={})
    return address(name)


def as_published(client: Any, version: str, **body: object) -> Any:
    """Publish the version at an address by the rules: with the ETag of what was seen."""
    etag = client.get(version).headers["ETag"]
    return client.post(f"{version}/publish", json=body, headers={"If-Match": etag})


def write(path: Path, cells: Sequence[Cell]) -> Path:
    """Write cells to a file and return its path."""
    write_layer(path, cells)
    return path
