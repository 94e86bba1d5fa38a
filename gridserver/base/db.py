"""The database: metadata with a naming convention, the engine and the transaction.

Only entry points open a transaction (`Database.transaction`). What a service wants to be the
last statement before the commit it hands to `before_commit`; what it wants undone together goes
into a `savepoint`.
"""

from __future__ import annotations

import datetime as dt
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Engine,
    Executable,
    Identity,
    MetaData,
    Row,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from gridserver.base.clock import Clock, SystemClock
from gridserver.base.settings import DEFAULT_TIMEZONE

#: A silent connection that was in use within so many seconds is taken to be alive.
_TRUSTED_S = 5.0

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

#: A surrogate key that the database counts up.
Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]

#: Text that is compared by code point, whatever the database's locale (codes of cells, units).
Code = Annotated[str, mapped_column(Text(collation="C"))]


class Base(DeclarativeBase):
    """Declarative base of every room's tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        int: BigInteger,
        str: Text,
        dt.datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class Database:
    """A PostGIS database and the sessions on it.

    Parameters
    ----------
    url : str or URL
        ``postgresql://…``; the driver is always psycopg2 (in SQLAlchemy 2.1 the bare name would
        mean psycopg 3, which gevent can't make cooperative).
    clock : Clock
        The clock that every transaction carries.
    zone : ZoneInfo
        The bureau's time zone, which every transaction carries too.
    engine_options : Any
        Passed to `sqlalchemy.create_engine`, e.g. ``pool_size``.
    """

    def __init__(
        self,
        url: str | URL,
        clock: Clock | None = None,
        zone: ZoneInfo | None = None,
        **engine_options: Any,
    ) -> None:
        self.url = make_url(url).set(drivername="postgresql+psycopg2")
        self.clock = clock or SystemClock()
        self.zone = zone or ZoneInfo(DEFAULT_TIMEZONE)
        # An idle write transaction would hold up every reader of committed order (vacuum, feed).
        settings = "-c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
        self.engine = create_engine(
            self.url,
            connect_args={"options": settings, "connect_timeout": 10},
            **engine_options,
        )
        _ping_where_in_doubt(self.engine)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self, clock: Clock | None = None) -> Iterator[Session]:
        """Open a session, run its before-commit hooks at the end and commit; roll back on error."""
        with self._sessions() as session, session.begin():
            session.info["clock"] = clock or self.clock
            session.info["zone"] = self.zone
            yield session
            run_before_commit(session)

    def dispose(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()


def _ping_where_in_doubt(engine: Engine) -> None:
    """Have a pooled connection pinged before it is used if it lay idle for a while or there is
    something to be read from it (a last word, or the end); where it is dead, all are made anew.

    As ``pool_pre_ping``, without the round trip for every request of a busy server.
    """

    @event.listens_for(engine, "checkin")
    def _note(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ping(connection: Any, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        idle = time.monotonic() - entry.info.get("idle_since", time.monotonic())
        try:
            if idle > _TRUSTED_S or _has_something_to_say(connection):
                engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the database closed the connection") from error


def _has_something_to_say(connection: Any) -> bool:
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def rows(
    session: Session, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> Sequence[Row]:
    """Return the rows of a statement that asks for columns, not for entities.

    It goes past the ORM, at half the cost in the process, and so sees only what was flushed: for
    the few queries that every request or every incident asks.
    """
    return session.connection().execute(statement, parameters).all()


Hook = Callable[[Session], None]


def before_commit(session: Session, hook: Hook) -> None:
    """Have `hook` run once as the last thing before the commit, after all that was asked before."""
    hooks: list[Hook] = session.info.setdefault("before_commit", [])
    if hook not in hooks:
        hooks.append(hook)


def run_before_commit(session: Session) -> None:
    """Run the pending hooks. Called by `Database.transaction`."""
    session.flush()
    for hook in session.info.pop("before_commit", []):
        hook(session)


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Undo on an error what was written inside, and forget what was queued inside.

    Queues that a room keeps in ``session.info`` under a key ending in ``_queue`` (lists) are cut
    back to their length at the start, so that a refused command leaves no message behind.
    """
    lengths = {k: len(v) for k, v in session.info.items() if k.endswith("_queue")}
    try:
        with session.begin_nested():
            yield
    except BaseException:
        for key, queue in session.info.items():
            if key.endswith("_queue"):
                del queue[lengths.get(key, 0) :]
        raise
