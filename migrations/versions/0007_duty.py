"""The picture of duty: posts, leaders, patterns, swaps and the calendar of working days.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DUTIES = (
    "duty IN ('pool', 'community', 'case', 'traffic', 'leader', 'room', 'post', 'specialist', "
    "'headquarters')"
)
RANGE = postgresql.TSTZRANGE

#: Duty and reasons were free words so far. What had no name of its own keeps its meaning: a shift
#: made its officer one to be called on, an absence one not to be.
FIXED_WORDS = (
    "UPDATE shift SET unit_id = officer.unit_id FROM officer WHERE officer.id = shift.officer_id",
    """
    UPDATE shift SET duty = CASE
        WHEN shift.duty = 'night' THEN 'pool'
        WHEN shift.duty = 'command' AND unit.kind IN ('bureau', 'station') THEN 'leader'
        WHEN shift.duty = 'command' THEN 'room'
        ELSE 'community' END
    FROM unit WHERE unit.id = shift.unit_id AND shift.duty NOT IN
        ('pool', 'community', 'case', 'traffic', 'leader', 'room', 'post', 'specialist',
         'headquarters')
    """,
    """
    UPDATE absence SET reason = CASE
        WHEN reason ~ '休|假|leave' AND reason !~ '病' THEN 'leave'
        WHEN reason ~ '训|学|training' THEN 'training'
        WHEN reason ~ '病|sick' THEN 'sick'
        WHEN reason ~ '庭|court' THEN 'court'
        ELSE 'other' END
    """,
)


def upgrade() -> None:
    _places_and_people()
    _patterns()
    _shifts_and_absences()
    _swaps()
    op.create_table(
        "calendar_day",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('working', 'rest', 'holiday')", name=op.f("ck_calendar_day_kind")
        ),
        sa.CheckConstraint("source IN ('library', 'bureau')", name=op.f("ck_calendar_day_source")),
        sa.PrimaryKeyConstraint("date", name=op.f("pk_calendar_day")),
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _to(table: str, column: str, other: str, ondelete: str | None = None) -> sa.Constraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _places_and_people() -> None:
    op.create_geospatial_table(
        "post",
        _id(),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("watched", sa.Boolean(), nullable=False),
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
        sa.CheckConstraint("code ~ '^[0-9A-Za-z_-]+$'", name=op.f("ck_post_code")),
        _to("post", "unit_id", "unit"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("code", name=op.f("uq_post_code")),
    )
    op.create_index(op.f("ix_post_unit_id"), "post", ["unit_id"])
    op.create_table(
        "leadership",
        _id(),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("valid", RANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("unit_id"), "="),
            (sa.column("officer_id"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_leadership_once",
        ),
        sa.CheckConstraint("NOT isempty(valid)", name=op.f("ck_leadership_valid_not_empty")),
        _to("leadership", "unit_id", "unit"),
        _to("leadership", "officer_id", "officer"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leadership")),
    )
    op.create_index(op.f("ix_leadership_officer_id"), "leadership", ["officer_id"])


def _patterns() -> None:
    op.create_table(
        "roster_pattern",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("duty", sa.Text(collation="C"), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=True),
        sa.Column("on_days", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("cycle", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("crew_step", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(DUTIES, name=op.f("ck_roster_pattern_duty")),
        sa.CheckConstraint(
            "on_days IN ('every', 'working', 'resting')", name=op.f("ck_roster_pattern_on_days")
        ),
        sa.CheckConstraint("crew_step >= 0", name=op.f("ck_roster_pattern_crew_step")),
        _to("roster_pattern", "unit_id", "unit"),
        _to("roster_pattern", "post_id", "post"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_pattern")),
    )
    op.create_index(op.f("ix_roster_pattern_unit_id"), "roster_pattern", ["unit_id"])
    op.create_table(
        "roster_crew",
        sa.Column("pattern_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("crew", sa.SmallInteger(), nullable=False),
        _to("roster_crew", "pattern_id", "roster_pattern", "CASCADE"),
        _to("roster_crew", "officer_id", "officer"),
        sa.PrimaryKeyConstraint("pattern_id", "officer_id", name=op.f("pk_roster_crew")),
    )
    op.create_table(
        "pattern_exception",
        sa.Column("pattern_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("start", postgresql.TIMESTAMP(timezone=True), nullable=False),
        _to("pattern_exception", "pattern_id", "roster_pattern", "CASCADE"),
        _to("pattern_exception", "officer_id", "officer"),
        sa.PrimaryKeyConstraint(
            "pattern_id", "officer_id", "start", name=op.f("pk_pattern_exception")
        ),
    )


def _shifts_and_absences() -> None:
    for name in ("unit_id", "post_id", "pattern_id"):
        op.add_column("shift", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("absence", sa.Column("stand_in_id", sa.BigInteger(), nullable=True))
    for statement in FIXED_WORDS:
        op.execute(statement)
    op.alter_column("shift", "unit_id", nullable=False)
    op.create_foreign_key(op.f("fk_shift_unit_id"), "shift", "unit", ["unit_id"], ["id"])
    op.create_foreign_key(op.f("fk_shift_post_id"), "shift", "post", ["post_id"], ["id"])
    op.create_foreign_key(
        op.f("fk_shift_pattern_id"),
        "shift",
        "roster_pattern",
        ["pattern_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_foreign_key(
        op.f("fk_absence_stand_in_id"), "absence", "officer", ["stand_in_id"], ["id"]
    )
    op.create_index(op.f("ix_shift_post_id"), "shift", ["post_id"])
    op.create_index(op.f("ix_shift_pattern_id"), "shift", ["pattern_id"])
    op.create_index(
        "ix_shift_unit_id_during", "shift", ["unit_id", "during"], postgresql_using="gist"
    )
    op.create_index(op.f("ix_absence_stand_in_id"), "absence", ["stand_in_id"])
    op.create_check_constraint(op.f("ck_shift_duty"), "shift", DUTIES)
    op.create_check_constraint(
        op.f("ck_absence_reason"),
        "absence",
        "reason IN ('leave', 'training', 'sick', 'court', 'other')",
    )
    op.create_check_constraint(op.f("ck_absence_stand_in"), "absence", "stand_in_id <> officer_id")
    _exclude_shifts(deferrable=True)


def _exclude_shifts(*, deferrable: bool) -> None:
    op.drop_constraint("ex_shift_once", "shift")
    op.create_exclude_constraint(
        "ex_shift_once",
        "shift",
        ("officer_id", "="),
        ("duty", "="),
        ("during", "&&"),
        using="gist",
        deferrable=deferrable or None,
    )


def _swaps() -> None:
    op.create_table(
        "shift_swap",
        _id(),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("other_officer_id", sa.BigInteger(), nullable=False),
        sa.Column("shift_id", sa.BigInteger(), nullable=True),
        sa.Column("other_shift_id", sa.BigInteger(), nullable=True),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'agreed', 'done', 'declined', 'withdrawn')",
            name=op.f("ck_shift_swap_state"),
        ),
        sa.CheckConstraint(
            "other_officer_id <> officer_id", name=op.f("ck_shift_swap_other_officer")
        ),
        _to("shift_swap", "officer_id", "officer"),
        _to("shift_swap", "other_officer_id", "officer"),
        _to("shift_swap", "shift_id", "shift", "SET NULL"),
        _to("shift_swap", "other_shift_id", "shift", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_swap")),
    )
    for column in ("officer_id", "other_officer_id", "other_shift_id"):
        op.create_index(op.f(f"ix_shift_swap_{column}"), "shift_swap", [column])
    op.create_index(
        "ix_shift_swap_open",
        "shift_swap",
        ["shift_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'agreed')"),
    )


def downgrade() -> None:
    op.drop_table("calendar_day")
    op.drop_table("shift_swap")
    _exclude_shifts(deferrable=False)
    op.drop_constraint(op.f("ck_absence_stand_in"), "absence")
    op.drop_constraint(op.f("ck_absence_reason"), "absence")
    op.drop_column("absence", "stand_in_id")
    op.drop_constraint(op.f("ck_shift_duty"), "shift")
    for name in ("unit_id", "post_id", "pattern_id"):
        op.drop_column("shift", name)
    op.drop_table("pattern_exception")
    op.drop_table("roster_crew")
    op.drop_table("roster_pattern")
    op.drop_table("leadership")
    op.drop_geospatial_table("post")
