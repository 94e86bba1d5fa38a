"""The gazetteer: places, and the terms that they are found by.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_places()
    op.create_table(
        "place_term",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("words", sa.Text(collation="C"), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Text(collation="C")), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("syllables", "initials", "sound")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_term")),
        sa.UniqueConstraint("words", name=op.f("uq_place_term_words")),
    )
    op.create_index("ix_place_term_grams", "place_term", ["grams"], postgresql_using="gin")
    for name in ("initials", "sound"):
        op.create_index(
            f"ix_place_term_{name}",
            "place_term",
            [name],
            postgresql_using="gin",
            postgresql_ops={name: "gin_trgm_ops"},
        )
    op.create_table(
        "place_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("term_id", sa.BigInteger(), nullable=False),
        sa.Column("numbers", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('name', 'alias', 'address')", name=op.f("ck_place_key_role")),
        sa.ForeignKeyConstraint(
            ["place_id"], ["place.id"], name=op.f("fk_place_key_place_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["term_id"], ["place_term.id"], name=op.f("fk_place_key_term_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_key")),
        sa.UniqueConstraint(
            "place_id", "term_id", "numbers", name=op.f("uq_place_key_place_id_term_id_numbers")
        ),
    )
    op.create_index(
        "ix_place_key_term_id_numbers",
        "place_key",
        ["term_id", "numbers"],
        postgresql_include=["place_id", "role"],
    )


def _make_places() -> None:
    moments = ("created_at", "updated_at")
    op.create_table(
        "place",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("point", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("extent", Geometry("GEOMETRY", srid=4326, spatial_index=False)),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("retired_at", postgresql.TIMESTAMP(timezone=True)),
        sa.Column("reason", sa.Text()),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        *(sa.Column(m, postgresql.TIMESTAMP(timezone=True), nullable=False) for m in moments),
        sa.CheckConstraint(
            "kind IN ('address', 'village', 'road', 'key_place', 'station', 'post')",
            name=op.f("ck_place_kind"),
        ),
        sa.CheckConstraint("state IN ('valid', 'retired')", name=op.f("ck_place_state")),
        sa.CheckConstraint(
            "(state = 'retired') = (retired_at IS NOT NULL)", name=op.f("ck_place_retired")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_place_source_external_id")),
    )
    op.create_index("idx_place_point", "place", ["point"], postgresql_using="gist")


def downgrade() -> None:
    for table in ("place_key", "place_term", "place"):
        op.drop_table(table)
