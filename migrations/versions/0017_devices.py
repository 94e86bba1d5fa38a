"""The devices by which accounts sign in.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Devices of the sessions that are known, with a secret of their own: 244 random bits, hashed.
_KNOWN = """
    INSERT INTO device (account_id, name, unlock, first_seen_at, last_seen_at)
    SELECT account_id, device,
           sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
           min(created_at), max(created_at)
    FROM login_session
    WHERE device NOT LIKE 'session:%' AND device NOT LIKE 'token:%'
    GROUP BY account_id, device
"""
_THEIR_SESSIONS = """
    UPDATE login_session s SET device_id = d.id
    FROM device d WHERE d.account_id = s.account_id AND d.name = s.device
"""


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("unlock", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_address", sa.Text()),
        sa.Column("platform", sa.Text()),
        sa.Column("app_version", sa.Text()),
        sa.Column("battery", sa.Float()),
        sa.Column("battery_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("revoked_by", sa.BigInteger()),
        sa.Column("revoke_reason", sa.Text()),
        sa.Column("wiped_at", sa.TIMESTAMP(timezone=True)),
        sa.CheckConstraint("battery BETWEEN 0 AND 1", name=op.f("ck_device_battery")),
        sa.CheckConstraint("octet_length(unlock) = 32", name=op.f("ck_device_unlock")),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoke_reason IS NULL)", name=op.f("ck_device_revoke_reason")
        ),
        sa.CheckConstraint(
            "revoked_at IS NOT NULL OR revoked_by IS NULL", name=op.f("ck_device_revoked_by")
        ),
        sa.CheckConstraint(
            "revoked_at IS NOT NULL OR wiped_at IS NULL", name=op.f("ck_device_wiped")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_device_account_id")),
        sa.ForeignKeyConstraint(["revoked_by"], ["account.id"], name=op.f("fk_device_revoked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_device_account_id_name")),
    )
    op.add_column("login_session", sa.Column("device_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_login_session_device_id"), "login_session", "device", ["device_id"], ["id"]
    )
    op.create_index(op.f("ix_login_session_device_id"), "login_session", ["device_id"])
    op.execute(_KNOWN)
    op.execute(_THEIR_SESSIONS)


def downgrade() -> None:
    op.drop_column("login_session", "device_id")
    op.drop_table("device")
