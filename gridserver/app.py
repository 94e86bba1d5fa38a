"""The application: built from settings and a database; nothing is dialled or migrated on import."""

from __future__ import annotations

from flask import Flask, jsonify

from gis import killable
from gridserver import __version__
from gridserver.access.oidc import Provider
from gridserver.access.rates import Rates
from gridserver.api import (
    BLUEPRINTS,
    context,
    doors,
    live_setup,
    ogc,
    ogc_editing,
    operations,
    pages,
    problems,
)
from gridserver.base.db import Database
from gridserver.base.settings import Settings
from gridserver.partners import signatures

_MEGABYTE = 1 << 20


def create_app(settings: Settings, database: Database) -> Flask:
    """Return the web application.

    Parameters
    ----------
    settings : Settings
        What the installation decides.
    database : Database
        Where its rows are; its clock is the application's clock.
    """
    killable.allow(settings.geometry_processes)
    app = Flask(__name__, static_folder=None)
    app.config.update(
        API_TITLE="gridserver",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS=_description(),
        MAX_CONTENT_LENGTH=2 * _MEGABYTE,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    provider = Provider(settings.identity) if settings.identity else None
    app.extensions["gridserver"] = context.Installation(
        settings,
        database,
        accounts=Rates(settings.account_rate),
        addresses=Rates(settings.address_rate),
        readers=Rates(settings.account_read_rate),
        provider=provider,
    )
    problems.register(app)
    context.guard(app)
    api = problems.ProblemApi(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.add_url_rule(
        "/api/openapi.json", "openapi", context.public(lambda: jsonify(api.spec.to_dict()))
    )
    app.register_blueprint(ogc.blueprint)
    app.register_blueprint(ogc_editing.blueprint)
    app.register_blueprint(operations.blueprint)
    app.register_blueprint(pages.blueprint)
    live_setup.install(app, database)
    doors.install(app, settings)
    return app


def _description() -> dict[str, object]:
    return {
        "info": {
            "description": f"gridserver {__version__}: police-grid dispatch. Errors are problem "
            "documents (RFC 9457) with a stable `code`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}, {"cookie": [], "csrf": []}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": context.COOKIE.name,
                    "description": "Over TLS its name begins with `__Host-`.",
                },
                "csrf": {"type": "apiKey", "in": "header", "name": context.CSRF_HEADER},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": signatures.SIGNATURE,
                    "description": f"Another agency's, with {signatures.TIMESTAMP} and "
                    f"{signatures.NONCE}; docs/exchange.md.",
                },
            }
        },
    }
