"""Field units with their crews, and the road network.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "field_unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("in_service", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('armed_response', 'patrol_car', 'special_police')",
            name=op.f("ck_field_unit_kind"),
        ),
        sa.CheckConstraint("code ~ '^[0-9A-Za-z_-]+$'", name=op.f("ck_field_unit_code")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_field_unit_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_field_unit_code")),
    )
    op.create_index(op.f("ix_field_unit_unit_id"), "field_unit", ["unit_id"])
    op.create_table(
        "unit_crew",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("field_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_unit_crew_during_not_empty")),
        postgresql.ExcludeConstraint(
            ("officer_id", "="), ("during", "&&"), using="gist", name="ex_unit_crew_once"
        ),
        sa.ForeignKeyConstraint(
            ["field_unit_id"], ["field_unit.id"], name=op.f("fk_unit_crew_field_unit_id")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_unit_crew_officer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_crew")),
    )
    op.create_index(op.f("ix_unit_crew_field_unit_id"), "unit_crew", ["field_unit_id"])
    op.create_table(
        "road_edge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Float()),
        sa.Column("reverse_minutes", sa.Float()),
        sa.Column("geom", Geometry("LINESTRING", srid=4326, spatial_index=False), nullable=False),
        sa.CheckConstraint(
            "minutes >= 0 AND reverse_minutes >= 0", name=op.f("ck_road_edge_minutes")
        ),
        sa.CheckConstraint(
            "coalesce(minutes, reverse_minutes) IS NOT NULL", name=op.f("ck_road_edge_some_way")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road_edge")),
    )
    op.create_index("idx_road_edge_geom", "road_edge", ["geom"], postgresql_using="gist")


def downgrade() -> None:
    op.drop_table("road_edge")
    op.drop_table("unit_crew")
    op.drop_table("field_unit")
