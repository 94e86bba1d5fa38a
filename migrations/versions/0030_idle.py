"""When a session at a desk is locked.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("login_session", sa.Column("active_until", postgresql.TIMESTAMP(timezone=True)))


def downgrade() -> None:
    op.drop_column("login_session", "active_until")
