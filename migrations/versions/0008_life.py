"""The time to sign on each offer, what a report counts, and what another agency answers.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COUNTS = ("suspects", "offences", "persons_helped")
MOMENT = sa.TIMESTAMP(timezone=True)
OUTCOMES = "'signed', 'superseded', 'withdrawn', 'returned'"

#: The last step has no deadline; its time was the others' of the same task.
BACKFILL = """
    UPDATE offer SET sign_within_s = coalesce(
        extract(epoch FROM deadline - told_at)::integer,
        (SELECT extract(epoch FROM max(o.deadline - o.told_at))::integer
         FROM offer o WHERE o.task_id = offer.task_id),
        300
    )
"""


def upgrade() -> None:
    op.add_column("offer", sa.Column("sign_within_s", sa.Integer(), nullable=True))
    op.execute(BACKFILL)
    op.alter_column("offer", "sign_within_s", nullable=False)
    _allow_outcomes(f"{OUTCOMES}, 'passed_over'")
    for name in COUNTS:
        op.add_column("task", sa.Column(name, sa.Integer(), nullable=True))
        op.create_check_constraint(op.f(f"ck_task_{name}"), "task", f"{name} >= 0")
    op.create_table(
        "hand_over",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answer_account_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_hand_over_answered")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_hand_over_task_id")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_hand_over_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["answer_account_id"], ["account.id"], name=op.f("fk_hand_over_answer_account_id")
        ),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_hand_over")),
    )


def downgrade() -> None:
    op.drop_table("hand_over")
    for name in COUNTS:
        op.drop_column("task", name)
    _allow_outcomes(OUTCOMES)
    op.drop_column("offer", "sign_within_s")


def _allow_outcomes(outcomes: str) -> None:
    op.drop_constraint(op.f("ck_offer_outcome"), "offer")
    op.create_check_constraint(
        op.f("ck_offer_outcome"), "offer", f"outcome IS NULL OR outcome IN ({outcomes})"
    )
