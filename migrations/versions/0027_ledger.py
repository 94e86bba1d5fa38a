"""The audit ledger: who and where in each row, seals, rights and purges.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TABLES = ("audit_entry", "audit_leaf", "audit_seal")

_REFUSE = """
CREATE FUNCTION refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- `audit_purge` says so for the one statement that takes contents away.
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_entry'
       AND current_setting('gridserver.audit_purge', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: its rows are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""

# The lawful minimum stands here too, where no setting and no code of the application reaches it.
# Both sides of a row's age are the server's own: when it was sealed, and its clock.
_PURGE = """
CREATE FUNCTION audit_purge(
    keep text, law text, before timestamptz, tags text[], most bigint
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    least interval := CASE keep WHEN 'personal' THEN interval '1098 days'
                                WHEN 'operation' THEN interval '184 days' END;
    due bigint[];
BEGIN
    IF least IS NULL OR before > now() - least THEN
        RAISE EXCEPTION 'purging % before % is refused: the lawful time is not over', keep, before
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT array_agg(id ORDER BY id) INTO due FROM (
        SELECT e.id
        FROM unnest(tags) AS t(tag)
        CROSS JOIN LATERAL (
            SELECT id FROM audit_entry
            WHERE tag = t.tag AND tag !~ '^(audit|installation):' AND tag <> 'account:appoint'
            ORDER BY id LIMIT most
        ) AS e
        JOIN audit_leaf l ON l.entry_id = e.id
        JOIN audit_seal s ON s.number = l.seal AND s.at < before
        ORDER BY e.id LIMIT most
    ) AS oldest;
    IF due IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM set_config('gridserver.audit_purge', 'on', true);
    DELETE FROM audit_entry WHERE id = ANY (due);
    PERFORM set_config('gridserver.audit_purge', 'off', true);
    INSERT INTO audit_entry (at, tag, subject_kind, subject_id, data)
    SELECT now(), 'audit:purge', 'audit', keep, jsonb_build_object(
        'keep', keep, 'law', law, 'before', before, 'rows', cardinality(due),
        'ids', string_agg(CASE a WHEN b THEN a::text ELSE a || '-' || b END, ',' ORDER BY a))
    FROM (
        SELECT min(id) AS a, max(id) AS b
        FROM (SELECT id, id - row_number() OVER (ORDER BY id) AS run FROM unnest(due) AS d(id)) AS n
        GROUP BY run
    ) AS r;
    RETURN cardinality(due);
END $$
"""

# The application's role may make and drop the days of the history of positions, and nothing else.
_MAKE_DAY = """
CREATE FUNCTION make_position_day(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF position_record FOR VALUES FROM (%L) TO (%L)',
        'position_record_' || to_char(day, 'YYYYMMDD'),
        day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
END $$
"""
_DROP_DAY = """
CREATE FUNCTION drop_position_day(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS %I', 'position_record_' || to_char(day, 'YYYYMMDD'));
END $$
"""
_FUNCTIONS = (
    "audit_purge(text, text, timestamptz, text[], bigint)",
    "make_position_day(date)",
    "drop_position_day(date)",
)


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("actor", sa.Text()))
    op.add_column("audit_entry", sa.Column("lon", sa.Float()))
    op.add_column("audit_entry", sa.Column("lat", sa.Float()))
    op.create_check_constraint(
        op.f("ck_audit_entry_place"), "audit_entry", "(lon IS NULL) = (lat IS NULL)"
    )
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor_account_id", "id"])
    op.create_index("ix_audit_entry_tag", "audit_entry", ["tag", "id"])
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"], postgresql_using="brin")
    op.create_table(
        "audit_leaf",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_leaf")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ledger", sa.Uuid(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
    )
    op.execute(_REFUSE)
    op.execute("DROP TRIGGER audit_entry_append_only ON audit_entry")
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger()"
        )
    for function in (_PURGE, _MAKE_DAY, _DROP_DAY):
        op.execute(function)
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")


def downgrade() -> None:
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("audit_seal")
    op.drop_table("audit_leaf")
    op.execute("DROP TRIGGER audit_entry_append_only ON audit_entry")
    op.execute(
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("DROP FUNCTION refuse_change_of_ledger()")
    for index in ("actor", "tag", "at"):
        op.drop_index(f"ix_audit_entry_{index}", table_name="audit_entry")
    op.drop_constraint(op.f("ck_audit_entry_place"), "audit_entry")
    for column in ("actor", "lon", "lat"):
        op.drop_column("audit_entry", column)
