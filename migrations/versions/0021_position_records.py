"""The history of positions, a partition a day, and where officers were heading.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("heading", "speed_mps"):
        op.add_column("officer_position", sa.Column(name, sa.Float()))
    # Partitions are made by `force.position_days` as they are needed.
    op.create_table(
        "position_record",
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accuracy_m", sa.Float()),
        sa.Column("heading", sa.Float()),
        sa.Column("speed_mps", sa.Float()),
        sa.Column("point", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_position_record_officer_id")
        ),
        sa.PrimaryKeyConstraint("officer_id", "at", name=op.f("pk_position_record")),
        postgresql_partition_by="RANGE (at)",
    )


def downgrade() -> None:
    op.drop_table("position_record")
    for name in ("heading", "speed_mps"):
        op.drop_column("officer_position", name)
