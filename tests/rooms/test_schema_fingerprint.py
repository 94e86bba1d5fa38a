"""The columns of the whole database, as they were decided on: `schema_columns.txt`.

A new column is a decision. Who makes one looks it up in the guardrails, and writes it into the
file: ``python -m tests.rooms.test_schema_fingerprint URL > tests/rooms/schema_columns.txt``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

FILE = Path(__file__).with_name("schema_columns.txt")

# What belongs to an extension is its own; a partition has its parent's columns.
_COLUMNS = sa.text(
    """
    SELECT table_name || '.' || column_name || ' ' || columns.data_type
           || CASE WHEN is_nullable = 'YES' THEN '' ELSE ' NOT NULL' END
    FROM information_schema.columns
    JOIN pg_class ON pg_class.oid = to_regclass(quote_ident(table_name))
    WHERE table_schema = 'public' AND NOT relispartition
      AND NOT EXISTS (SELECT FROM pg_depend
                      WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                        AND deptype = 'e')
    ORDER BY table_name COLLATE "C", column_name COLLATE "C"
    """
)


def columns(session: Session | sa.Connection) -> list[str]:
    """Return every column of ours with its type, in order."""
    return list(session.execute(_COLUMNS).scalars())


def test_every_column_was_decided_on(session: Session) -> None:
    decided = FILE.read_text("utf-8").splitlines()
    found = columns(session)
    assert sorted(set(found) - set(decided)) == [], "decide on these, then add them to the file"
    assert sorted(set(decided) - set(found)) == [], "these are gone: take them out of the file"
    assert found == decided


if __name__ == "__main__":
    with sa.create_engine(sys.argv[1]).connect() as _connection:
        print("\n".join(columns(_connection)))  # noqa: T201 (a program's output)
