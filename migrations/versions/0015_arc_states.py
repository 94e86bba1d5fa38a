"""The states of a draft's arcs that an edit led between.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("draft_edit", sa.Column("arcs_before", sa.Uuid()))
    op.add_column("draft_edit", sa.Column("arcs_after", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("draft_edit", "arcs_after")
    op.drop_column("draft_edit", "arcs_before")
