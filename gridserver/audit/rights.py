"""The rights of the application's role in PostgreSQL: to the ledger it may only add.

Where the installation has two roles, the owner migrates and grants, and the application connects as
the other one. With one role for both, all works too, and `lacking` says what isn't so.
"""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

LEDGER = ("audit_entry", "audit_leaf", "audit_seal")
_FUNCTIONS = (
    "audit_purge(text, text, timestamptz, text[], bigint)",
    "make_position_day(date)",
    "drop_position_day(date)",
)

# What belongs to an extension has its own rights; what is a partition is reached by its parent.
_TABLES = text(
    """
    SELECT format('%I', c.relname) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
      AND NOT c.relispartition AND c.relowner = current_user::regrole
    """
)
_SEQUENCES = text(
    """
    SELECT format('%I', c.relname) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
      AND c.relowner = current_user::regrole
    """
)
_HELD = text(
    """
    SELECT t.name,
           array_remove(ARRAY[
               CASE WHEN has_table_privilege(t.name, 'UPDATE') THEN 'UPDATE' END,
               CASE WHEN has_table_privilege(t.name, 'DELETE') THEN 'DELETE' END,
               CASE WHEN has_table_privilege(t.name, 'TRUNCATE') THEN 'TRUNCATE' END,
               CASE WHEN pg_has_role(c.relowner, 'MEMBER') THEN 'ALTER' END
           ], NULL) AS rights,
           NOT EXISTS (SELECT FROM pg_trigger g
                       WHERE g.tgrelid = c.oid AND g.tgname = t.name || '_append_only'
                         AND g.tgenabled IN ('O', 'A')) AS unguarded
    FROM unnest(CAST(:ledger AS text[])) AS t(name)
    JOIN pg_class c ON c.oid = to_regclass(t.name)
    """
)
_IS_SUPERUSER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
_OWNS_SCHEMA = text(
    "SELECT pg_has_role(nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = 'public'"
)


def grant(connection: Connection, role: str) -> None:
    """Give the application's role what it needs, as the owner. What it has already stays so.

    Of the ledger it gets SELECT and INSERT; it owns nothing, so that it can't drop a table or
    switch a trigger off.
    """
    to = connection.dialect.identifier_preparer.quote(role)
    for table in connection.scalars(_TABLES).all():
        if table in LEDGER:
            connection.execute(text(f"REVOKE ALL ON {table} FROM {to}"))
            connection.execute(text(f"GRANT SELECT, INSERT ON {table} TO {to}"))
        else:
            connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {to}"))
    for sequence in connection.scalars(_SEQUENCES).all():
        connection.execute(text(f"GRANT USAGE, SELECT ON SEQUENCE {sequence} TO {to}"))
    for function in _FUNCTIONS:
        connection.execute(text(f"GRANT EXECUTE ON FUNCTION {function} TO {to}"))


def lacking(session: Session) -> list[str]:
    """Say in a line each what this connection's role could do to the ledger; [] where it may only
    add to it."""
    said = []
    if session.scalar(_IS_SUPERUSER):
        said.append("this role is a superuser: it can change the ledger.")
    elif session.scalar(_OWNS_SCHEMA):
        said.append("this role owns the schema: it can drop the ledger.")
    for name, held, unguarded in session.execute(_HELD, {"ledger": list(LEDGER)}):
        if held:
            said.append(f"this role may {', '.join(held)} {name}.")
        if unguarded:
            said.append(f"the trigger that guards {name} is off or gone.")
    return said
