"""Reading another system's view: its rows from a position on. Knows nothing of reports."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, RowMapping, make_url

from gridserver.base.errors import Invalid, Unavailable

#: Rows that are asked for at once.
PAGE = 100
#: Seconds to connect, and milliseconds for a statement, where the database is a PostgreSQL.
_CONNECT_S, _STATEMENT_MS = 10, 30_000

Position = int | Decimal | dt.datetime | str


@dataclass(frozen=True)
class ViewRow:
    """A row as a JSON document, and where it stands, as text."""

    body: str
    position: str


@dataclass(frozen=True)
class View:
    """A view of another database, ordered by its cursor column.

    Attributes
    ----------
    name
        ``view`` or ``schema.view``.
    cursor_column
        It grows with every row that is new or changed: a number, a time or a text.
    """

    name: str
    cursor_column: str

    def newest(self, engine: sa.Engine) -> str | None:
        """Return the position of the last row there is; None where there is none."""
        table = self._table(engine)
        with _connected(engine) as connection:
            value = connection.scalar(sa.select(sa.func.max(table.c[self.cursor_column])))
        return None if value is None else _text(value)

    def rows(
        self, engine: sa.Engine, *, after: str | None, since: str | None, overlap: int
    ) -> Generator[list[ViewRow], None, None]:
        """Yield the rows in the order of the cursor column, a page at a time.

        Parameters
        ----------
        after
            Rows up to this position are left out, always.
        since
            Rows from this position on, and those up to `overlap` before it: seconds for a column of
            times; else a number. For texts there is no before.

        Raises
        ------
        Invalid
            ``exchange.no_view``, ``exchange.no_column``, ``exchange.bad_cursor``.
        """
        table = self._table(engine)
        cursor = table.c[self.cursor_column]
        read = _reader(cursor)
        query = sa.select(table).where(cursor.is_not(None)).order_by(cursor)
        if after is not None:
            query = query.where(cursor > read(after))
        if since is not None:
            query = query.where(cursor >= _before(read(since), overlap))
        with _connected(engine) as connection:
            streamed = connection.execution_options(yield_per=PAGE).execute(query)
            for page in streamed.mappings().partitions():
                yield [_row(row, self.cursor_column) for row in page]

    def _table(self, engine: sa.Engine) -> sa.TableClause:
        schema, _, name = self.name.rpartition(".")
        try:
            with _connected(engine) as connection:
                columns = sa.inspect(connection).get_columns(name, schema or None)
        except sa.exc.NoSuchTableError as error:
            raise Invalid(
                "exchange.no_view", f"There is no view {self.name!r} there.", field="view"
            ) from error
        table = sa.table(
            name,
            *(sa.column(column["name"], column["type"]) for column in columns),
            schema=schema or None,
        )
        if self.cursor_column not in table.c:
            raise Invalid(
                "exchange.no_column",
                f"The view {self.name} has no column {self.cursor_column!r}; it has "
                f"{', '.join(table.c.keys())}.",
                field="cursor_column",
            )
        return table


@contextmanager
def opened(url: str) -> Iterator[sa.Engine]:
    """Give an engine on another system's database; its connections can't hang for long.

    Raises
    ------
    Unavailable
        ``exchange.database_error``: it doesn't answer, refuses what was asked, or there is no
        driver for it here. The message holds no secret.
    """
    try:
        engine = sa.create_engine(_with_driver(url), **_options(url))
    except ImportError as error:
        raise _failed(f"there is no driver here for {_kind(url)}.") from error
    try:
        yield engine
    finally:
        engine.dispose()


def _with_driver(url: str) -> URL:
    # In SQLAlchemy 2.1 the bare name would mean psycopg 3.
    given = make_url(url)
    return given.set(drivername="postgresql+psycopg2") if _kind(url) == "postgresql" else given


def _kind(url: str) -> str:
    return make_url(url).get_backend_name()


def _options(url: str) -> dict[str, Any]:
    options: dict[str, Any] = {"poolclass": sa.NullPool}
    if _kind(url) == "postgresql":
        settings = f"-c statement_timeout={_STATEMENT_MS} -c default_transaction_read_only=on"
        options["connect_args"] = {"connect_timeout": _CONNECT_S, "options": settings}
    return options


@contextmanager
def _connected(engine: sa.Engine) -> Iterator[sa.Connection]:
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        raise _failed((str(error.orig).strip().splitlines() or [""])[0]) from error


def _failed(said: str) -> Unavailable:
    return Unavailable("exchange.database_error", f"The other system's database: {said}"[:300])


def _row(row: RowMapping, cursor_column: str) -> ViewRow:
    said = {name: value for name, value in row.items() if not isinstance(value, bytes | memoryview)}
    body = json.dumps(said, ensure_ascii=False, default=_text)
    return ViewRow(body, _text(row[cursor_column]))


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _reader(cursor: sa.ColumnClause[Any]) -> Callable[[str], Position]:
    """Return what reads a position that `_text` wrote."""
    try:
        kind = cursor.type.python_type
    except NotImplementedError:
        kind = type(None)
    if kind not in _READERS:
        raise Invalid(
            "exchange.bad_cursor",
            f"{cursor.name} is a {cursor.type}: take a column of numbers, times or texts.",
            field="cursor_column",
        )
    return lambda text: _read(kind, text)


_READERS: Mapping[type, Callable[[str], Position]] = {
    int: int,
    float: Decimal,
    Decimal: Decimal,
    dt.datetime: dt.datetime.fromisoformat,
    str: str,
}


def _read(kind: type, text: str) -> Position:
    try:
        return _READERS[kind](text)
    except (ValueError, ArithmeticError) as error:
        said = f"{text[:40]!r} is no value of the cursor column."
        raise Invalid("exchange.bad_position", said, field="start") from error


def _before(position: Position, overlap: int) -> Position:
    if isinstance(position, dt.datetime):
        return position - dt.timedelta(seconds=overlap)
    return position if isinstance(position, str) else position - overlap
