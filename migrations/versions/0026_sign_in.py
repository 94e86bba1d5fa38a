"""Signing in: what the bureau demands, failures counted, second factors.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _make_policy()
    op.create_table(
        "sign_in_count",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("way", sa.Text(collation="C"), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject", "way", name=op.f("pk_sign_in_count")),
    )
    op.create_index(op.f("ix_sign_in_count_last_at"), "sign_in_count", ["last_at"])
    op.add_column("device", sa.Column("workplace", sa.LargeBinary()))
    _make_factors()
    op.create_table(
        "sign_in_ticket",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("wants", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "wants IN ('second_factor', 'enrolment')", name=op.f("ck_sign_in_ticket_wants")
        ),
        _account("sign_in_ticket"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_ticket")),
    )
    for column in ("account_id", "expires_at"):
        op.create_index(op.f(f"ix_sign_in_ticket_{column}"), "sign_in_ticket", [column])


def downgrade() -> None:
    op.drop_column("device", "workplace")
    for table in (
        "sign_in_ticket",
        "recovery_code",
        "second_factor",
        "sign_in_count",
        "sign_in_policy",
    ):
        op.drop_table(table)


def _make_policy() -> None:
    policy = op.create_table(
        "sign_in_policy",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("most_failures", sa.BigInteger(), server_default=sa.text("5"), nullable=False),
        sa.Column(
            "second_factor_roles",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("idle_minutes", sa.BigInteger(), server_default=sa.text("30"), nullable=False),
        sa.Column("session_hours", sa.BigInteger(), server_default=sa.text("24"), nullable=False),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_sign_in_policy_{name}"))
            for name, condition in {
                "only": "id = 1",
                "most_failures": "most_failures BETWEEN 3 AND 1000",
                "idle_minutes": "idle_minutes BETWEEN 1 AND 480",
                "session_hours": "session_hours BETWEEN 1 AND 168",
            }.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_policy")),
    )
    op.bulk_insert(policy, [{"id": 1}])


def _make_factors() -> None:
    op.create_table(
        "second_factor",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.Column("credential_id", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_second_factor_{name}"))
            for name, condition in {
                "kind": "kind IN ('totp', 'webauthn')",
                "sealed": "(kind = 'totp') = (sealed IS NOT NULL)",
                "origin": "(kind = 'webauthn') = (origin IS NOT NULL)",
                "credential_id": "kind = 'totp' OR"
                " (confirmed_at IS NOT NULL) = (credential_id IS NOT NULL)",
                "key": "(credential_id IS NULL) = (public_key IS NULL)"
                " AND (credential_id IS NULL) = (sign_count IS NULL)",
            }.items()
        ),
        _account("second_factor"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_second_factor_credential_id")),
    )
    op.create_index(op.f("ix_second_factor_account_id"), "second_factor", ["account_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        _account("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_account_id"), "recovery_code", ["account_id"])


def _account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id")
    )
