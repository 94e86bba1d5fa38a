"""How many of a crew are asked one after the other before the next rung.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        INSERT INTO parameter (name, value, valid, at)
        VALUES ('crew_in_turn', '3', '(,)', now())
        """
    )


def downgrade() -> None:
    op.execute("DELETE FROM parameter WHERE name = 'crew_in_turn'")
