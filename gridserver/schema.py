"""The whole schema: the tables of every room, and the migrations that make them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2.errors import InsufficientPrivilege

import gridserver.access.models
import gridserver.alarms.models
import gridserver.attachments.models
import gridserver.audit.models
import gridserver.bulletins.models
import gridserver.captures.models
import gridserver.delivery.models
import gridserver.dispatch.models
import gridserver.dispatch.tables.models
import gridserver.exchange.models
import gridserver.force.models
import gridserver.grids.models
import gridserver.incidents.models
import gridserver.journals.models
import gridserver.orders.models
import gridserver.org.models
import gridserver.partners.models
import gridserver.places.models
import gridserver.reviews.models  # noqa: F401 (registers the tables)
from gridserver.audit import rights
from gridserver.base.db import Base
from gridserver.base.errors import Unavailable
from gridserver.base.settings import ROOT

metadata = Base.metadata

_EXTENSIONS = ("postgis", "btree_gist", "pg_trgm")
_LEAST_POSTGIS = (3, 3)


def upgrade(engine: sa.Engine, application: str | None = None) -> None:
    """Bring the database to the newest revision.

    Parameters
    ----------
    application : str, optional
        The role that the application connects as, where it is another than the engine's, which
        owns the tables: it is given its rights (`gridserver.audit.rights`).

    Raises
    ------
    Unavailable
        The database doesn't answer, or has no PostGIS ≥ 3.3.
    """
    with _reachable(engine), engine.connect() as connection:
        _require_postgis(connection)
        command.upgrade(_config(connection), "head")
        if application:
            rights.grant(connection, application)
        connection.commit()


def revisions(engine: sa.Engine) -> tuple[str | None, str | None]:
    """Return the database's revision and the newest one."""
    with _reachable(engine), engine.connect() as connection:
        try:
            present = MigrationContext.configure(connection).get_current_revision()
        except sa.exc.ProgrammingError as error:
            if not isinstance(error.orig, InsufficientPrivilege):
                raise
            present = None  # its owner has not given this role anything yet
    return present, ScriptDirectory.from_config(_config()).get_current_head()


def knows(revision: str) -> bool:
    """Say whether `revision` is one that this version can bring to the newest."""
    known = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision in {script.revision for script in known}


def require_newest(engine: sa.Engine) -> None:
    """Raise `Unavailable` unless the database answers and is at the newest revision."""
    present, newest = revisions(engine)
    if present != newest:
        raise Unavailable(
            "database.old_schema",
            f"The schema is at {present or 'nothing'}, not {newest}: run `gridserver db upgrade`.",
        )


def check(engine: sa.Engine) -> None:
    """Raise alembic's `CommandError` where the models and the migrations differ."""
    with engine.connect() as connection:
        command.check(_config(connection))


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def _require_postgis(connection: sa.Connection) -> None:
    remedy = "As a superuser: " + " ".join(f"CREATE EXTENSION {name};" for name in _EXTENSIONS)
    names = set(connection.execute(sa.text("SELECT extname FROM pg_extension")).scalars())
    missing = set(_EXTENSIONS) - names
    try:
        for extension in sorted(missing):
            connection.execute(sa.text(f"CREATE EXTENSION {extension}"))
    except sa.exc.DBAPIError as error:
        raise Unavailable(
            "database.no_postgis", f"The database lacks {', '.join(sorted(missing))}. {remedy}"
        ) from error
    version = connection.execute(sa.text("SELECT postgis_lib_version()")).scalar_one()
    if tuple(int(part) for part in version.split(".")[:2]) < _LEAST_POSTGIS:
        raise Unavailable(
            "database.old_postgis", f"PostGIS {version} is too old: 3.3 or newer is needed."
        )


@contextmanager
def _reachable(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise Unavailable(
            "database.unreachable",
            f"The database doesn't answer: {said} "
            "Check GRIDSERVER_DATABASE_URL and that the server runs.",
        ) from error
