"""Drafts edited as shared arcs, and the grid's settings.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "grid_version",
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )
    op.add_column("grid_version", sa.Column("arcs", sa.Uuid(), nullable=True))
    op.create_table(
        "draft_arc",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start_node", sa.BigInteger(), nullable=False),
        sa.Column("end_node", sa.BigInteger(), nullable=False),
        sa.Column("left_face", sa.BigInteger(), nullable=True),
        sa.Column("right_face", sa.BigInteger(), nullable=True),
        sa.Column("coords", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["grid_version.id"],
            name=op.f("fk_draft_arc_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "id", name=op.f("pk_draft_arc")),
    )
    op.create_table(
        "draft_face",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owners", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("rings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["grid_version.id"],
            name=op.f("fk_draft_face_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "id", name=op.f("pk_draft_face")),
    )
    op.create_table(
        "draft_edit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("area_change_m2", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor_account_id", sa.BigInteger(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("undone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cells", sa.LargeBinary(), nullable=False),
        sa.Column("arcs", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_account_id"], ["account.id"], name=op.f("fk_draft_edit_actor_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["grid_version.id"],
            name=op.f("fk_draft_edit_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_edit")),
        sa.UniqueConstraint("version_id", "number", name=op.f("uq_draft_edit_version_id_number")),
    )
    op.create_table(
        "grid_setting",
        sa.Column("bureau_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code_scheme", sa.Text(), nullable=False),
        sa.Column("code_pattern", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("tolerance_m", "min_area_m2", "enclave_m2", "min_cell_m2", "snap_m")
        ),
        sa.ForeignKeyConstraint(["bureau_id"], ["unit.id"], name=op.f("fk_grid_setting_bureau_id")),
        sa.PrimaryKeyConstraint("bureau_id", name=op.f("pk_grid_setting")),
    )


def downgrade() -> None:
    op.drop_table("grid_setting")
    op.drop_table("draft_edit")
    op.drop_table("draft_face")
    op.drop_table("draft_arc")
    op.drop_column("grid_version", "arcs")
    op.drop_column("grid_version", "revision")
