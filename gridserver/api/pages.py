"""The browser's pages: the built front end, served from this host and no other."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import PathConverter

from gridserver.base.errors import NotFound, Unavailable
from gridserver.base.settings import ROOT

BUILT = ROOT / "web" / "dist"

blueprint = Blueprint("pages", __name__)


class PageConverter(PathConverter):
    """A path that no interface for machines begins with; their unknown methods are 405, not 404."""

    regex = r"(?!(?:api|tiles|ogc|socket\.io)/)[^/].*?"


@blueprint.record_once
def _know_pages(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["page"] = PageConverter


@blueprint.get("/api/docs")
def api_docs() -> Response:
    """Show the API's description."""
    return _page("apidocs.html")


@blueprint.get("/", defaults={"path": ""})
@blueprint.get("/<page:path>")
def page(path: str) -> Response:
    """Serve a built file, or the application for any of its own addresses."""
    if path and (BUILT / path).is_file():
        # Built names carry a hash of their content.
        lasting = path.startswith("assets/")
        return _page(path, max_age=31_536_000 if lasting else 0)
    if Path(path).suffix:
        raise NotFound("http.not_found", "There is nothing at this address.")
    return _page("index.html")


def _page(name: str, max_age: int = 0) -> Response:
    if not (BUILT / "index.html").is_file():
        raise Unavailable("web.not_built", "The front end isn't built: run `make web`.")
    return send_from_directory(BUILT, name, max_age=max_age)
