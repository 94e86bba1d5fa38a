"""What programs that edit features have last read of them.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feature_reading",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["login_session.id"],
            name=op.f("fk_feature_reading_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["grid_version.id"],
            name=op.f("fk_feature_reading_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "session_id", "version_id", "code", name=op.f("pk_feature_reading")
        ),
    )
    op.create_index(op.f("ix_feature_reading_version_id"), "feature_reading", ["version_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_feature_reading_version_id"), table_name="feature_reading")
    op.drop_table("feature_reading")
