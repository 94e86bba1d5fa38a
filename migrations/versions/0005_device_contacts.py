"""When the devices of each account last gave a sign of life.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_contact",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_device_contact_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_device_contact")),
    )


def downgrade() -> None:
    op.drop_table("device_contact")
