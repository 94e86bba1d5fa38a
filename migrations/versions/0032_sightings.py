"""Sightings of bulletins, with their clocks.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)
_TABLE = "bulletin_sighting"
_CHECKS = {
    "answer_by": "state = 'lapsed' OR answer_by IS NOT NULL",
    "answered": "(state IN ('confirmed', 'refuted')) = (answered_by IS NOT NULL AND answered_at IS NOT NULL)",
    "escalated_at": "state <> 'escalated' OR escalated_at IS NOT NULL",
    "point": "(lon IS NULL) = (lat IS NULL) AND lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90",
    "somewhere": "lon IS NOT NULL OR place IS NOT NULL AND place ~ '\\S'",
    "state": "state IN ('open', 'promised', 'escalated', 'confirmed', 'refuted', 'lapsed')",
    "two_persons": "answered_by <> account_id",
    "words": "words ~ '\\S'",
}


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("bulletin_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", _MOMENT, nullable=True),
        sa.Column("said_at", _MOMENT, nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answer_by", _MOMENT, nullable=True),
        sa.Column("escalated_at", _MOMENT, nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", _MOMENT, nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_{_TABLE}_{name}"))
            for name, condition in _CHECKS.items()
        ),
        sa.ForeignKeyConstraint(
            ["bulletin_id"],
            ["bulletin.id"],
            name=op.f(f"fk_{_TABLE}_bulletin_id"),
            ondelete="CASCADE",
        ),
        *(
            sa.ForeignKeyConstraint([column], ["account.id"], name=op.f(f"fk_{_TABLE}_{column}"))
            for column in ("account_id", "answered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
    )
    op.create_index("ix_bulletin_sighting_bulletin_id", _TABLE, ["bulletin_id", "id"])
    op.create_index(
        "ix_bulletin_sighting_due",
        _TABLE,
        ["answer_by"],
        postgresql_where=sa.text("state IN ('open', 'promised')"),
    )
    op.create_index(
        "ix_bulletin_sighting_escalated",
        _TABLE,
        ["id"],
        postgresql_where=sa.text("state = 'escalated'"),
    )


def downgrade() -> None:
    op.drop_table(_TABLE)
