"""The bureau's tables, and the words of its categories over time.

Revision ID: 0006
Revises: 0005
"""

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
MOMENT = postgresql.TIMESTAMP(timezone=True)

ROUTES = {
    "criminal": "case",
    "public_order": "case",
    "traffic": "traffic",
    "dispute": "community",
    "help": "community",
    "report": "community",
    "complaint": "command",
    "other": "community",
}
MODE_ROUTES = {
    "two_rooms_many_areas": {
        "criminal": "community",
        "public_order": "community",
        "traffic": "traffic",
    },
    "two_teams_one_room": {"traffic": "traffic"},
}
POOL = ["duty_group", "duty_leader", "station_room"]
LADDERS = {
    ("community", "day"): ["primary", "backup", "group", "team_leader", "station_room"],
    ("community", "pooled"): POOL,
    ("case", "day"): ["case_team", "duty_leader", "station_room"],
    ("case", "pooled"): POOL,
    **{
        (route, hours): rungs
        for route, rungs in (
            ("traffic", ["traffic", "duty_leader", "station_room"]),
            ("specialist", ["specialist", "station_room"]),
            ("command", ["station_room"]),
            ("hand_over", ["station_room"]),
        )
        for hours in ("day", "pooled")
    },
}
SIGN_WITHIN_S = {1: 60, 2: 120, 3: 300, 4: 600}
PARAMETERS = {
    "three_or_more": 3,
    "three_or_more_unit": None,
    "border_distance_m": 300.0,
    "unreachable_after_s": 900,
    "position_fresh_s": 300,
    "day_from": "08:30",
    "day_to": "17:30",
    "duplicate_radius_m": 500.0,
    "duplicate_within_s": 3600,
    "households_per_officer": 1000,
    "people_per_officer": 3000,
    "community_share": 0.4,
    "two_teams_from": 25,
    "two_teams_from_with_auxiliaries": 15,
}

WATCHED = (
    "route",
    "ladder",
    "sign_limit",
    "parameter",
    "liaison",
    "mobilisation",
    "category_row",
    "unit",
    "neighbour_bureau",
)
RENEW = """
    CREATE FUNCTION renew_norms_revision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE norms_revision SET id = gen_random_uuid();
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    _create_category_rows()
    _create_tables()
    _fill()
    op.create_table(
        "norms_revision",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_norms_revision_single_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_norms_revision")),
    )
    op.execute("INSERT INTO norms_revision DEFAULT VALUES")
    op.execute(RENEW)
    for table in WATCHED:
        op.execute(
            f"CREATE TRIGGER {table}_renews_norms AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION renew_norms_revision()"
        )


def downgrade() -> None:
    for table in WATCHED:
        op.execute(f"DROP TRIGGER {table}_renews_norms ON {table}")
    op.execute("DROP FUNCTION renew_norms_revision")
    op.drop_table("norms_revision")
    for table in ("mobilisation", "liaison", "parameter", "sign_limit", "ladder", "route"):
        op.drop_table(table)
    for name, kind in (
        ("name_zh", sa.Text()),
        ("name_en", sa.Text()),
        ("priority", sa.SmallInteger()),
        ("position", sa.SmallInteger()),
    ):
        op.add_column("category", sa.Column(name, kind, nullable=True))
    op.execute(
        "UPDATE category c SET name_zh = r.name_zh, name_en = r.name_en, priority = r.priority, "
        "position = r.position FROM category_row r WHERE r.code = c.code "
        "AND upper(r.valid) IS NULL AND r.withdrawn_at IS NULL"
    )
    for name in ("name_zh", "name_en", "priority", "position"):
        op.alter_column("category", name, nullable=False)
    op.create_check_constraint(op.f("ck_category_priority"), "category", "priority BETWEEN 1 AND 4")
    op.drop_table("category_row")


def _create_category_rows() -> None:
    _create(
        "category_row",
        ("code",),
        sa.Column("code", CODE, nullable=False),
        sa.Column("parent", CODE, nullable=True),
        sa.Column("broad_class", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            f"broad_class IN ({', '.join(map(repr, ROUTES))})",
            name=op.f("ck_category_row_broad_class"),
        ),
        sa.CheckConstraint("parent <> code", name=op.f("ck_category_row_not_its_own_parent")),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_category_row_priority")),
        *_references("category_row", ("code", "category.code"), ("parent", "category.code")),
    )
    op.execute(
        "INSERT INTO category_row (code, broad_class, name_zh, name_en, priority, position, valid, "
        "at) SELECT code, code, name_zh, name_en, priority, position, '(,)', now() FROM category"
    )
    for name in ("name_zh", "name_en", "priority", "position"):
        op.drop_column("category", name)


def _create_tables() -> None:
    _create(
        "route",
        ("scope", "category"),
        sa.Column("scope", CODE, nullable=False),
        sa.Column("category", CODE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", CODE, nullable=True),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('community', 'case', 'traffic', 'specialist', 'command', 'hand_over')",
            name=op.f("ck_route_kind"),
        ),
        sa.CheckConstraint(
            "(kind = 'hand_over') = (agency IS NOT NULL)", name=op.f("ck_route_agency")
        ),
        sa.CheckConstraint(
            "unit IS NULL OR kind IN ('case', 'traffic', 'specialist')",
            name=op.f("ck_route_unit_of_its_own"),
        ),
        sa.CheckConstraint(
            "unit IS NOT NULL OR kind <> 'specialist'", name=op.f("ck_route_specialist_has_unit")
        ),
        *_references("route", ("category", "category.code"), ("unit", "unit.code")),
    )
    _create(
        "ladder",
        ("scope", "route", "hours"),
        sa.Column("scope", CODE, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("rungs", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "route IN ('community', 'case', 'traffic', 'specialist', 'command', 'hand_over')",
            name=op.f("ck_ladder_route"),
        ),
        sa.CheckConstraint("hours IN ('day', 'pooled')", name=op.f("ck_ladder_hours")),
    )
    _create(
        "sign_limit",
        ("scope", "priority"),
        sa.Column("scope", CODE, nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_sign_limit_priority")),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_sign_limit_seconds")),
    )
    _create(
        "parameter",
        ("name",),
        sa.Column("name", CODE, nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    )
    _create(
        "liaison",
        ("code",),
        sa.Column("code", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
    )
    _create(
        "mobilisation",
        ("unit",),
        sa.Column("unit", CODE, nullable=False),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("lower(valid) IS NOT NULL", name=op.f("ck_mobilisation_begins")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_mobilisation_ended")
        ),
        *_references("mobilisation", ("unit", "unit.code"), ("ended_by", "account.id")),
    )


def _create(table: str, key: tuple[str, ...], *columns: Any) -> None:
    """Create a table of rows that hold for a time, one per key and moment."""
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *columns,
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint("NOT isempty(valid)", name=op.f(f"ck_{table}_valid_not_empty")),
        postgresql.ExcludeConstraint(
            *((sa.column(name), "=") for name in key),
            (sa.column("valid"), "&&"),
            using="gist",
            where=sa.text("withdrawn_at IS NULL"),
            name=f"ex_{table}_in_force",
        ),
        *_references(table, ("account_id", "account.id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _references(table: str, *pairs: tuple[str, str]) -> Iterator[sa.ForeignKeyConstraint]:
    for column, to in pairs:
        yield sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def _fill() -> None:
    """What a new installation begins with."""
    _insert(
        "route",
        [{"scope": "bureau", "category": c, "kind": kind} for c, kind in ROUTES.items()]
        + [
            {"scope": mode, "category": category, "kind": kind}
            for mode, routes in MODE_ROUTES.items()
            for category, kind in routes.items()
        ],
    )
    _insert(
        "ladder",
        [
            {"scope": "bureau", "route": route, "hours": hours, "rungs": rungs}
            for (route, hours), rungs in LADDERS.items()
        ],
    )
    _insert(
        "sign_limit",
        [{"scope": "bureau", "priority": p, "seconds": s} for p, s in SIGN_WITHIN_S.items()],
    )
    _insert("parameter", [{"name": n, "value": v} for n, v in PARAMETERS.items()])


def _insert(table: str, rows: Iterable[dict[str, Any]]) -> None:
    types = {"rungs": postgresql.ARRAY(sa.Text()), "value": postgresql.JSONB()}
    rows = list(rows)
    columns = [sa.column(name, types.get(name)) for name in rows[0]]
    target = sa.table(table, *columns, sa.column("valid"), sa.column("at"))
    always = {"valid": sa.text("'(,)'"), "at": sa.func.now()}
    for row in rows:
        op.execute(target.insert().values(**row, **always))
