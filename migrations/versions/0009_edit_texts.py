"""What was done to a draft, for other languages.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was done before has its English sentence alone: no text has this code.
    op.add_column(
        "draft_edit", sa.Column("code", sa.Text(), nullable=False, server_default="edit.unsaid")
    )
    op.add_column(
        "draft_edit",
        sa.Column(
            "params", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")
        ),
    )
    op.alter_column("draft_edit", "code", server_default=None)
    op.alter_column("draft_edit", "params", server_default=None)


def downgrade() -> None:
    op.drop_column("draft_edit", "params")
    op.drop_column("draft_edit", "code")
