"""Orders and notices.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NUMBERS = sa.Sequence("order_number", start=101, minvalue=101, maxvalue=999, cycle=True)


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(NUMBERS))
    _order()
    _recipient()
    _deadline()
    _progress()


def downgrade() -> None:
    for table in ("order_progress", "order_deadline", "order_recipient", "command_order"):
        op.drop_table(table)
    op.execute(sa.schema.DropSequence(NUMBERS))


def _order() -> None:
    table = "command_order"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        _number("number", server_default=NUMBERS.next_value()),
        _text("kind"),
        _text("state"),
        _number("unit_id"),
        _text("title"),
        _text("text"),
        _text("urgency"),
        _text("asks"),
        sa.Column("choices", postgresql.ARRAY(sa.Text()), nullable=False),
        _moment("answer_by"),
        sa.Column("audience", postgresql.JSONB(), nullable=False),
        _number("refers_to", nullable=True),
        _text("relation", nullable=True),
        _number("issued_by"),
        _moment("issued_at", nullable=False),
        _moment("expires_at", nullable=False),
        _number("ended_by", nullable=True),
        _moment("ended_at"),
        _text("recall_reason", nullable=True),
        _check(table, "kind", "kind IN ('order', 'notice')"),
        _check(table, "state", "state IN ('issued', 'recalled', 'closed')"),
        _check(table, "urgency", "urgency IN ('routine', 'urgent')"),
        _check(table, "asks", "asks IN ('none', 'read', 'choice', 'text')"),
        _check(table, "relation", "relation IN ('supplements', 'renews')"),
        _check(table, "choices", "(asks = 'choice') = (cardinality(choices) > 0)"),
        _check(table, "answer_by", "answer_by IS NULL OR asks <> 'none'"),
        _check(table, "refers_to", "(refers_to IS NULL) = (relation IS NULL)"),
        _check(table, "ended_at", "(state = 'issued') = (ended_at IS NULL)"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        _refers(table, "unit_id", "unit"),
        _refers(table, "refers_to", "command_order"),
        _refers(table, "issued_by", "account"),
        _refers(table, "ended_by", "account"),
    )
    op.create_index(op.f("ix_command_order_unit_id"), table, ["unit_id"])
    op.create_index(op.f("ix_command_order_refers_to"), table, ["refers_to"])


def _recipient() -> None:
    table = "order_recipient"
    op.create_table(
        table,
        _number("order_id"),
        _number("account_id"),
        _number("unit_id"),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        _moment("expires_at", nullable=False),
        _moment("received_at"),
        _moment("read_at"),
        _moment("read_said_at"),
        _moment("answered_at"),
        _moment("answered_said_at"),
        sa.Column("clock_offset_s", sa.Float(), nullable=True),
        sa.Column("answer", postgresql.JSONB(), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reminders", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        _moment("reminded_at"),
        sa.Column("is_uncounted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _check(table, "answer", "(answer IS NULL) = (answered_at IS NULL)"),
        _check(table, "read_first", "answered_at IS NULL OR read_at IS NOT NULL"),
        sa.PrimaryKeyConstraint("order_id", "account_id", name=op.f(f"pk_{table}")),
        _refers(table, "order_id", "command_order"),
        _refers(table, "account_id", "account"),
        _refers(table, "unit_id", "unit"),
    )
    op.create_index("ix_order_recipient_account_id", table, ["account_id", "order_id"])
    op.create_index(
        "ix_order_recipient_unreceived",
        table,
        ["expires_at"],
        postgresql_where=sa.text("received_at IS NULL"),
    )
    op.create_index(
        "ix_order_recipient_uncounted",
        table,
        ["order_id"],
        postgresql_where=sa.text("is_uncounted"),
    )


def _deadline() -> None:
    table = "order_deadline"
    op.create_table(
        table,
        _number("order_id"),
        _text("kind"),
        _moment("due_at", nullable=False),
        _moment("done_at"),
        _check(table, "kind", "kind IN ('half', 'answer_by', 'expires')"),
        sa.PrimaryKeyConstraint("order_id", "kind", name=op.f(f"pk_{table}")),
        _refers(table, "order_id", "command_order"),
    )
    op.create_index(
        "ix_order_deadline_undone",
        table,
        ["due_at", "order_id"],
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _progress() -> None:
    table = "order_progress"
    op.create_table(
        table,
        _number("order_id"),
        _number("people"),
        *(_number(name, server_default=sa.text("0")) for name in ("received", "read", "answered")),
        sa.PrimaryKeyConstraint("order_id", name=op.f(f"pk_{table}")),
        _refers(table, "order_id", "command_order"),
    )


def _number(name: str, *, nullable: bool = False, **more: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, **more)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=nullable)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name)
