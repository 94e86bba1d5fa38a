"""By which CAP message a bulletin came, and that an exercise stays one.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_TABLE = "bulletin"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("origin", sa.Text(), nullable=True))
    op.add_column(
        _TABLE,
        sa.Column("is_exercise", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_bulletin_exercise"),
        _TABLE,
        "NOT is_exercise OR state IN ('draft', 'withdrawn')",
    )
    op.create_index(
        "ix_bulletin_origin",
        _TABLE,
        ["unit_id", "origin"],
        unique=True,
        postgresql_where=sa.text("origin IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_bulletin_origin", table_name=_TABLE)
    op.drop_constraint(op.f("ck_bulletin_exercise"), _TABLE, type_="check")
    op.drop_column(_TABLE, "is_exercise")
    op.drop_column(_TABLE, "origin")
