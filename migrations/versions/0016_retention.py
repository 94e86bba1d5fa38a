"""How long messages are kept, what expires, and how far a device's clock is off.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    none_yet = sa.text("0")
    op.add_column(
        "epoch",
        sa.Column("feed_purged_through", sa.BigInteger(), server_default=none_yet, nullable=False),
    )
    op.add_column(
        "inbox_head",
        sa.Column("purged_through", sa.BigInteger(), server_default=none_yet, nullable=False),
    )
    op.add_column("inbox_message", sa.Column("expires_at", moment))
    op.create_index(
        "ix_inbox_message_expiring",
        "inbox_message",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL AND type <> 'expired'"),
    )
    op.create_index("ix_command_result_at", "command_result", ["at"])
    op.add_column("offer", sa.Column("received_at", moment))
    op.create_index("ix_offer_message_id", "offer", ["message_id"])
    op.add_column("login_session", sa.Column("clock_offset_s", sa.Float()))
    op.add_column("task_event", sa.Column("clock_offset_s", sa.Float()))


def downgrade() -> None:
    op.drop_column("task_event", "clock_offset_s")
    op.drop_column("login_session", "clock_offset_s")
    op.drop_index("ix_offer_message_id", table_name="offer")
    op.drop_column("offer", "received_at")
    op.drop_index("ix_command_result_at", table_name="command_result")
    op.drop_index("ix_inbox_message_expiring", table_name="inbox_message")
    op.drop_column("inbox_message", "expires_at")
    op.drop_column("inbox_head", "purged_through")
    op.drop_column("epoch", "feed_purged_through")
