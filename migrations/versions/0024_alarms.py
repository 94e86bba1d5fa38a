"""Who silenced which alarm, and when a worker was last alive.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarm_silence",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("until > at", name=op.f("ck_alarm_silence_until")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_alarm_silence_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_silence")),
    )
    op.create_index("ix_alarm_silence_key", "alarm_silence", ["key", "at"])
    op.create_table(
        "worker_beat",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_worker_beat_single_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_worker_beat")),
    )


def downgrade() -> None:
    op.drop_table("worker_beat")
    op.drop_table("alarm_silence")
