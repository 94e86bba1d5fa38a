"""Photos: how far each upload is, and what it belongs to.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)
_HASH = "sha256 ~ '^[0-9a-f]{64}$'"


def upgrade() -> None:
    _attachment()
    _link()
    op.create_table(
        "attachment_store",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_attachment_store_single_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_attachment_store")),
    )
    op.execute("INSERT INTO attachment_store DEFAULT VALUES")


def downgrade() -> None:
    op.drop_table("attachment_store")
    op.drop_table("attachment_link")
    op.drop_table("attachment")


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("taken_at", _MOMENT, nullable=True),
        sa.Column("point", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint(_HASH, name=op.f("ck_attachment_sha256")),
        sa.CheckConstraint("size BETWEEN 1 AND 10485760", name=op.f("ck_attachment_size")),
        sa.CheckConstraint("received BETWEEN 0 AND size", name=op.f("ck_attachment_received")),
        sa.CheckConstraint(
            "media_type IN ('image/jpeg', 'image/png', 'image/webp')",
            name=op.f("ck_attachment_media_type"),
        ),
        sa.CheckConstraint(
            "state IN ('uploading', 'complete', 'refused')", name=op.f("ck_attachment_state")
        ),
        sa.CheckConstraint(
            "(state = 'refused') = (refusal IS NOT NULL)", name=op.f("ck_attachment_refusal")
        ),
        sa.CheckConstraint(
            "state <> 'complete' OR received = size", name=op.f("ck_attachment_complete")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_attachment_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("sha256", "account_id", name=op.f("uq_attachment_sha256_account_id")),
    )
    op.create_index("ix_attachment_updated_at", "attachment", ["updated_at"])
    op.create_index(
        "ix_attachment_unfinished",
        "attachment",
        ["account_id"],
        postgresql_where=sa.text("state <> 'complete'"),
    )


def _link() -> None:
    op.create_table(
        "attachment_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "subject_kind IN ('task', 'capture')", name=op.f("ck_attachment_link_subject_kind")
        ),
        sa.CheckConstraint(_HASH, name=op.f("ck_attachment_link_sha256")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_attachment_link_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment_link")),
        sa.UniqueConstraint(
            "subject_kind",
            "subject_id",
            "sha256",
            "account_id",
            name=op.f("uq_attachment_link_subject_kind_subject_id_sha256_account_id"),
        ),
    )
    op.create_index("ix_attachment_link_content", "attachment_link", ["sha256", "account_id"])
