"""First tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INCIDENT_NUMBER = sa.Sequence(
    "incident_number", start=1001, minvalue=1001, maxvalue=9999, cycle=True
)

#: The broad classes. A bureau adds its own below them.
CATEGORIES = (
    ("criminal", "刑事", "Criminal", 2, 1),
    ("public_order", "治安", "Public order", 2, 2),
    ("traffic", "交通", "Traffic", 3, 3),
    ("dispute", "纠纷", "Dispute", 3, 4),
    ("help", "求助", "Request for help", 3, 5),
    ("report", "举报", "Tip-off", 3, 6),
    ("complaint", "投诉", "Complaint", 4, 7),
    ("other", "其他", "Other", 4, 8),
)

#: What no code may do, whichever code it is.
GUARDS = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% of % is refused: its rows are only ever added', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
        for table in ("audit_entry", "task_event")
    ),
    # A version that is being published is locked: whoever would change its cells waits for the end
    # of that, and the next statement sees it.
    """
    CREATE FUNCTION refuse_change_of_published_cells() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        touched bigint[];
        published bigint;
    BEGIN
        touched := CASE TG_OP
            WHEN 'INSERT' THEN ARRAY[NEW.version_id]
            WHEN 'DELETE' THEN ARRAY[OLD.version_id]
            ELSE ARRAY[OLD.version_id, NEW.version_id] END;
        PERFORM FROM grid_version WHERE id = ANY (touched) ORDER BY id FOR KEY SHARE;
        SELECT id INTO published FROM grid_version
            WHERE id = ANY (touched) AND valid IS NOT NULL LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'grid version % was published: its cells never change', published
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$
    """,
    """
    CREATE TRIGGER cell_published_never_changes BEFORE INSERT OR UPDATE OR DELETE ON cell
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_cells()
    """,
    """
    CREATE TRIGGER cell_never_truncated BEFORE TRUNCATE ON cell
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE FUNCTION refuse_removal_of_published_grid() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'grid version % was published: it is never removed', OLD.id
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER grid_version_published_never_removed BEFORE DELETE ON grid_version
        FOR EACH ROW WHEN (OLD.valid IS NOT NULL)
        EXECUTE FUNCTION refuse_removal_of_published_grid()
    """,
)


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(INCIDENT_NUMBER))
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(collation="C"), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("disabled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("actor_account_id", sa.BigInteger(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        "ix_audit_entry_subject", "audit_entry", ["subject_kind", "subject_id", "id"], unique=False
    )
    op.create_table(
        "category",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_category_priority")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_category")),
    )
    op.create_table(
        "epoch",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("feed_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_epoch_single_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_epoch")),
    )
    op.create_table(
        "feed_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_entry")),
        sa.UniqueConstraint("seq", name=op.f("uq_feed_entry_seq")),
    )
    op.create_index(
        "ix_feed_entry_unnumbered",
        "feed_entry",
        ["id"],
        unique=False,
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.create_geospatial_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(kind = 'bureau') = (parent_id IS NULL)", name=op.f("ck_unit_root_is_bureau")
        ),
        sa.CheckConstraint("code ~ '^[0-9A-Za-z_-]+$'", name=op.f("ck_unit_code")),
        sa.CheckConstraint(
            "kind IN ('bureau', 'station', 'team', 'group', 'specialist')",
            name=op.f("ck_unit_kind"),
        ),
        sa.CheckConstraint(
            "mode IS NULL OR (kind = 'station' AND mode IN ('two_teams_one_room', 'two_rooms_many_areas'))",
            name=op.f("ck_unit_mode"),
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
        sa.UniqueConstraint("path", name=op.f("uq_unit_path")),
    )
    op.create_table(
        "command_result",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("command_id", sa.Uuid(), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_command_result_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "command_id", name=op.f("pk_command_result")),
    )
    op.create_geospatial_table(
        "grid_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bureau_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=True),
        sa.Column(
            "outline",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("bureau_id"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_grid_version_in_force",
        ),
        sa.CheckConstraint(
            "state <> 'published' OR valid IS NOT NULL",
            name=op.f("ck_grid_version_published_has_range"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'checked', 'published', 'retired')",
            name=op.f("ck_grid_version_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('draft', 'checked') OR valid IS NULL",
            name=op.f("ck_grid_version_draft_has_none"),
        ),
        sa.CheckConstraint(
            "valid IS NULL OR NOT isempty(valid)", name=op.f("ck_grid_version_valid_not_empty")
        ),
        sa.CheckConstraint(
            "valid IS NULL OR outline IS NOT NULL", name=op.f("ck_grid_version_valid_needs_outline")
        ),
        sa.ForeignKeyConstraint(["bureau_id"], ["unit.id"], name=op.f("fk_grid_version_bureau_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_version")),
        sa.UniqueConstraint("bureau_id", "name", name=op.f("uq_grid_version_bureau_id_name")),
    )
    op.create_geospatial_table(
        "neighbour_bureau",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_neighbour_bureau")),
    )
    op.create_table(
        "inbox_head",
        sa.Column("recipient", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient"], ["account.id"], name=op.f("fk_inbox_head_recipient")
        ),
        sa.PrimaryKeyConstraint("recipient", name=op.f("pk_inbox_head")),
    )
    op.create_table(
        "inbox_receipt",
        sa.Column("recipient", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient"], ["account.id"], name=op.f("fk_inbox_receipt_recipient")
        ),
        sa.PrimaryKeyConstraint("recipient", "seq", "device", name=op.f("pk_inbox_receipt")),
    )
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_login_session_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_login_session_token_digest")),
    )
    op.create_index(
        "ix_login_session_live",
        "login_session",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "officer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("service_number", sa.Text(collation="C"), nullable=False),
        sa.Column("rank", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('officer', 'auxiliary')", name=op.f("ck_officer_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_officer_account_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_officer_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("account_id", name=op.f("uq_officer_account_id")),
        sa.UniqueConstraint("service_number", name=op.f("uq_officer_service_number")),
    )
    op.create_index(op.f("ix_officer_unit_id"), "officer", ["unit_id"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "role IN ('admin', 'gis_admin', 'command', 'officer', 'auditor')",
            name=op.f("ck_role_grant_role"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_role_grant_unit_id")),
        sa.PrimaryKeyConstraint("account_id", "role", "unit_id", name=op.f("pk_role_grant")),
    )
    op.create_index(op.f("ix_role_grant_unit_id"), "role_grant", ["unit_id"], unique=False)
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("officer_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_absence_once",
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_absence_during_not_empty")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_absence_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_geospatial_table(
        "cell",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("station_code", sa.Text(collation="C"), nullable=True),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["grid_version.id"], name=op.f("fk_cell_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell")),
    )
    op.create_index("ix_cell_version_id_code", "cell", ["version_id", "code"], unique=False)
    op.create_index(
        "ix_cell_version_id_geom",
        "cell",
        ["version_id", "geom"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_table(
        "inbox_message",
        sa.Column("recipient", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_inbox_message_seq")),
        sa.ForeignKeyConstraint(
            ["recipient"], ["inbox_head.recipient"], name=op.f("fk_inbox_message_recipient")
        ),
        sa.PrimaryKeyConstraint("recipient", "seq", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint("id", name=op.f("uq_inbox_message_id")),
    )
    op.create_geospatial_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "number",
            sa.BigInteger(),
            server_default=sa.text("nextval('incident_number')"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("external_id", sa.Text(collation="C"), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("category", sa.Text(collation="C"), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("raw_x", sa.Double(), nullable=False),
        sa.Column("raw_y", sa.Double(), nullable=False),
        sa.Column("raw_crs", sa.Text(), nullable=False),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reported_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("grid_version_id", sa.BigInteger(), nullable=True),
        sa.Column("cell_code", sa.Text(collation="C"), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("neighbours", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("distance_m", sa.Double(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_incident_priority")),
        sa.ForeignKeyConstraint(["category"], ["category.code"], name=op.f("fk_incident_category")),
        sa.ForeignKeyConstraint(
            ["grid_version_id"], ["grid_version.id"], name=op.f("fk_incident_grid_version_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_incident_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_incident_source_external_id")),
    )
    op.create_geospatial_index(
        "idx_incident_point",
        "incident",
        ["point"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index("ix_incident_number_id", "incident", ["number", "id"], unique=False)
    op.create_index("ix_incident_reported_at", "incident", ["reported_at", "id"], unique=False)
    op.create_index(op.f("ix_incident_unit_id"), "incident", ["unit_id"], unique=False)
    op.create_geospatial_table(
        "officer_position",
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("battery", sa.Double(), nullable=True),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_officer_position_officer_id")
        ),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer_position")),
    )
    op.create_table(
        "ownership",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cell_code", sa.Text(collation="C"), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("cell_code"), "="),
            (sa.column("officer_id"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_ownership_once",
        ),
        sa.CheckConstraint("role IN ('primary', 'backup')", name=op.f("ck_ownership_role")),
        sa.CheckConstraint("NOT isempty(valid)", name=op.f("ck_ownership_valid_not_empty")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_ownership_officer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership")),
    )
    op.create_index(op.f("ix_ownership_officer_id"), "ownership", ["officer_id"], unique=False)
    op.create_table(
        "shift",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("duty", sa.Text(collation="C"), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("officer_id"), "="),
            (sa.column("duty"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_shift_once",
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_shift_during_not_empty")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_shift_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_during", "shift", ["during"], unique=False, postgresql_using="gist")
    op.create_table(
        "decision",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("rules_version", sa.SmallInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_decision_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_decision")),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("assignee_account_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('assigned', 'signed', 'en_route', 'on_scene', 'reported', 'closed', 'cancelled', 'handed_over')",
            name=op.f("ck_task_state"),
        ),
        sa.ForeignKeyConstraint(
            ["assignee_account_id"], ["account.id"], name=op.f("fk_task_assignee_account_id")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_task_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("incident_id", name=op.f("uq_task_incident_id")),
    )
    op.create_index(
        op.f("ix_task_assignee_account_id"), "task", ["assignee_account_id"], unique=False
    )
    op.create_index(
        "ix_task_open", "task", ["id"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.BigInteger(), nullable=False),
        sa.Column("because", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deadline", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("escalated_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('signed', 'superseded', 'withdrawn', 'returned')",
            name=op.f("ck_offer_outcome"),
        ),
        sa.ForeignKeyConstraint(["recipient"], ["account.id"], name=op.f("fk_offer_recipient")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_offer_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint(
            "task_id", "round", "recipient", name=op.f("uq_offer_task_id_round_recipient")
        ),
    )
    op.create_index(
        "ix_offer_due",
        "offer",
        ["deadline"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL AND escalated_at IS NULL"),
    )
    op.create_index(
        "ix_offer_recipient_open",
        "offer",
        ["recipient"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index(op.f("ix_offer_task_id"), "offer", ["task_id"], unique=False)
    op.create_geospatial_table(
        "task_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("actor_account_id", sa.BigInteger(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("command_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_account_id"], ["account.id"], name=op.f("fk_task_event_actor_account_id")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_event_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_event")),
    )
    op.create_index(op.f("ix_task_event_task_id"), "task_event", ["task_id"], unique=False)
    op.create_table(
        "task_link",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("to_task_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('duplicate', 'follow_up')", name=op.f("ck_task_link_kind")),
        sa.CheckConstraint("task_id <> to_task_id", name=op.f("ck_task_link_not_itself")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_link_task_id")),
        sa.ForeignKeyConstraint(["to_task_id"], ["task.id"], name=op.f("fk_task_link_to_task_id")),
        sa.PrimaryKeyConstraint("task_id", "to_task_id", name=op.f("pk_task_link")),
    )
    op.execute("INSERT INTO epoch DEFAULT VALUES")
    op.bulk_insert(
        sa.table(
            "category",
            *(sa.column(name) for name in ("code", "name_zh", "name_en", "priority", "position")),
        ),
        [
            dict(zip(("code", "name_zh", "name_en", "priority", "position"), row, strict=True))
            for row in CATEGORIES
        ],
    )
    for statement in GUARDS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("task_link")
    op.drop_index(op.f("ix_task_event_task_id"), table_name="task_event")
    op.drop_geospatial_table("task_event")
    op.drop_index(op.f("ix_offer_task_id"), table_name="offer")
    op.drop_index(
        "ix_offer_recipient_open", table_name="offer", postgresql_where=sa.text("outcome IS NULL")
    )
    op.drop_index(
        "ix_offer_due",
        table_name="offer",
        postgresql_where=sa.text("outcome IS NULL AND escalated_at IS NULL"),
    )
    op.drop_table("offer")
    op.drop_index("ix_task_open", table_name="task", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index(op.f("ix_task_assignee_account_id"), table_name="task")
    op.drop_table("task")
    op.drop_table("decision")
    op.drop_index("ix_shift_during", table_name="shift", postgresql_using="gist")
    op.drop_table("shift")
    op.drop_index(op.f("ix_ownership_officer_id"), table_name="ownership")
    op.drop_table("ownership")
    op.drop_geospatial_table("officer_position")
    op.drop_index(op.f("ix_incident_unit_id"), table_name="incident")
    op.drop_index("ix_incident_reported_at", table_name="incident")
    op.drop_index("ix_incident_number_id", table_name="incident")
    op.drop_geospatial_index(
        "idx_incident_point", table_name="incident", postgresql_using="gist", column_name="point"
    )
    op.drop_geospatial_table("incident")
    op.drop_table("inbox_message")
    op.drop_index("ix_cell_version_id_geom", table_name="cell", postgresql_using="gist")
    op.drop_index("ix_cell_version_id_code", table_name="cell")
    op.drop_geospatial_table("cell")
    op.drop_table("absence")
    op.drop_index(op.f("ix_role_grant_unit_id"), table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_index(op.f("ix_officer_unit_id"), table_name="officer")
    op.drop_table("officer")
    op.drop_index(
        "ix_login_session_live",
        table_name="login_session",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("login_session")
    op.drop_table("inbox_receipt")
    op.drop_table("inbox_head")
    op.drop_geospatial_table("neighbour_bureau")
    op.drop_geospatial_table("grid_version")
    op.drop_table("command_result")
    op.drop_geospatial_table("unit")
    op.drop_index(
        "ix_feed_entry_unnumbered", table_name="feed_entry", postgresql_where=sa.text("seq IS NULL")
    )
    op.drop_table("feed_entry")
    op.drop_table("epoch")
    op.drop_table("category")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("account")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP FUNCTION refuse_change_of_published_cells()")
    op.execute("DROP FUNCTION refuse_removal_of_published_grid()")
    op.execute(sa.schema.DropSequence(INCIDENT_NUMBER))
