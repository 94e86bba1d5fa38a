"""What a bureau demands where it has an identity provider; what a ticket's holder has shown.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sign_in_policy",
        sa.Column(
            "provider_only_roles",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.add_column(
        "sign_in_policy",
        sa.Column(
            "provider_factor_counts", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
    )
    op.add_column(
        "sign_in_ticket",
        sa.Column(
            "shown",
            postgresql.JSONB(),
            server_default=sa.text("""'["password"]'"""),
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.drop_column("sign_in_ticket", "shown")
    op.drop_column("sign_in_policy", "provider_factor_counts")
    op.drop_column("sign_in_policy", "provider_only_roles")
