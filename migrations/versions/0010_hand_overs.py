"""What was handed over before it was kept by itself, from the history.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        INSERT INTO hand_over (task_id, agency, message, at, account_id)
        SELECT task_id, data->>'agency', data->>'text', at, actor_account_id
        FROM task_event
        WHERE verb = 'hand_over' AND to_state = 'handed_over' AND NOT late
        """
    )


def downgrade() -> None:
    op.execute("DELETE FROM hand_over")
