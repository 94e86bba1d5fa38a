"""Devices that were enrolled, and the codes by which they are.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

BEFORE = "wants IN ('second_factor', 'enrolment')"
AFTER = "wants IN ('second_factor', 'enrolment', 'device')"


def upgrade() -> None:
    op.add_column("device", sa.Column("public_key", sa.LargeBinary()))
    op.add_column("device", sa.Column("enrolled_at", postgresql.TIMESTAMP(timezone=True)))
    op.create_check_constraint(
        op.f("ck_device_enrolled"), "device", "(public_key IS NULL) = (enrolled_at IS NULL)"
    )
    op.create_table(
        "device_code",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("challenge", sa.Text()),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_device_code")),
        sa.UniqueConstraint("account_id", name=op.f("uq_device_code_account_id")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_device_code_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["account.id"], name=op.f("fk_device_code_made_by_account")
        ),
    )
    op.create_index("ix_device_code_expires_at", "device_code", ["expires_at"])
    op.add_column(
        "sign_in_policy",
        sa.Column(
            "enrolled_device_roles",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    _want(AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM sign_in_ticket WHERE wants = 'device'")
    _want(BEFORE)
    op.drop_column("sign_in_policy", "enrolled_device_roles")
    op.drop_table("device_code")
    op.drop_constraint(op.f("ck_device_enrolled"), "device", type_="check")
    op.drop_column("device", "enrolled_at")
    op.drop_column("device", "public_key")


def _want(condition: str) -> None:
    op.drop_constraint(op.f("ck_sign_in_ticket_wants"), "sign_in_ticket", type_="check")
    op.create_check_constraint(op.f("ck_sign_in_ticket_wants"), "sign_in_ticket", condition)
