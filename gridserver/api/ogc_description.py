"""The OGC API's conformance classes and its description in OpenAPI 3.0, which GDAL reads to learn
what a collection can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gridserver import __version__
from gridserver.api.ogc_collections import Collection
from gridserver.grids import features

_PART_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_PART_4 = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf"
CONFORMS_TO = (
    f"{_PART_1}/core",
    f"{_PART_1}/oas30",
    f"{_PART_1}/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    f"{_PART_4}/create-replace-delete",
    f"{_PART_4}/update",
    f"{_PART_4}/optimistic-locking-etags",
)
_OF_STATIONS = ("code", "name", "name_en")


def properties(found: Collection) -> tuple[str, ...]:
    """Return the properties that a collection's features have, and can be asked for."""
    return tuple(features.PROPERTIES) if found.version else _OF_STATIONS


def describe(server: str, collections: Sequence[Collection]) -> dict[str, Any]:
    """Return the description of the API at `server` with these collections."""
    paths: dict[str, Any] = {
        path: {"get": _operation(summary)}
        for path, summary in (
            ("/", "Landing page"),
            ("/conformance", "Conformance classes"),
            ("/collections", "Collections"),
        )
    }
    for found in collections:
        here = f"/collections/{found.id}"
        paths[here] = {"get": _operation(found.title)}
        paths[f"{here}/items"] = {"get": _operation(f"{found.title}: features", _asked(found))}
        one = f"{here}/items/{{featureId}}"
        named = [_path("featureId")]
        paths[one] = {"get": _operation(f"{found.title}: one feature", named)}
        if found.editable:
            paths[f"{here}/items"]["post"] = _operation("Add a cell")
            paths[one] |= {
                "put": _operation("Change a cell", named),
                "patch": _operation("Change a cell in part", named),
                "delete": _operation("Remove a cell", named),
            }
    return {
        "openapi": "3.0.3",
        "info": {"title": "gridserver, OGC API Features", "version": __version__},
        "servers": [{"url": server.rstrip("/")}],
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }


def _asked(found: Collection) -> list[dict[str, Any]]:
    text = {"type": "string"}
    limit = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
    box = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    return [
        _query("limit", limit),
        _query("offset", {"type": "integer", "minimum": 0, "default": 0}),
        _query("bbox", box) | {"style": "form", "explode": False},
        *(_query(name, text) for name in ("bbox-crs", "crs", "datetime")),
        *(_query(name, text) for name in properties(found)),
    ]


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _operation(summary: str, parameters: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {"200": {"description": "It went well."}},
    }
