"""Targets for the stretches of a task's way, and indexes for the figures of the day.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
MOMENT = postgresql.TIMESTAMP(timezone=True)
INTERVALS = (
    "dispatch",
    "delivery",
    "signing",
    "departure",
    "travel",
    "scene",
    "review",
    "to_sign",
    "response",
    "whole",
)
MINUTE, HOUR = 60, 3600
#: Seconds by priority 1 to 4. Nobody's rules: a bureau puts its own in their place.
ILLUSTRATIVE = {
    "signing": (1 * MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE),
    "departure": (3 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    "review": (2 * HOUR, 4 * HOUR, 12 * HOUR, 24 * HOUR),
    "to_sign": (2 * MINUTE, 4 * MINUTE, 7 * MINUTE, 15 * MINUTE),
    "response": (15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 120 * MINUTE),
    "whole": (12 * HOUR, 24 * HOUR, 48 * HOUR, 72 * HOUR),
}
WHY = "示意值，请按本局规定修改"


def upgrade() -> None:
    _create_targets()
    op.execute(
        "INSERT INTO parameter (name, value, valid, at) "
        "VALUES ('officers_ranked', '\"off\"', '(,)', now())"
    )
    op.create_index(
        "ix_task_ended_at", "task", ["ended_at"], postgresql_where=sa.text("ended_at IS NOT NULL")
    )
    op.create_index(
        "ix_task_event_signed",
        "task_event",
        ["at"],
        postgresql_where=sa.text("verb = 'sign' AND NOT late"),
    )


def downgrade() -> None:
    op.drop_index("ix_task_event_signed", "task_event")
    op.drop_index("ix_task_ended_at", "task")
    op.execute("DELETE FROM parameter WHERE name = 'officers_ranked'")
    op.drop_table("response_target")


def _create_targets() -> None:
    op.create_table(
        "response_target",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scope", CODE, nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            f"interval IN ({', '.join(map(repr, INTERVALS))})",
            name=op.f("ck_response_target_interval"),
        ),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_response_target_priority")),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_response_target_seconds")),
        sa.CheckConstraint("NOT isempty(valid)", name=op.f("ck_response_target_valid_not_empty")),
        postgresql.ExcludeConstraint(
            *((sa.column(name), "=") for name in ("scope", "interval", "priority")),
            (sa.column("valid"), "&&"),
            using="gist",
            where=sa.text("withdrawn_at IS NULL"),
            name="ex_response_target_in_force",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_response_target_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_target")),
    )
    op.execute(
        "CREATE TRIGGER response_target_renews_norms "
        "AFTER INSERT OR UPDATE OR DELETE ON response_target "
        "FOR EACH STATEMENT EXECUTE FUNCTION renew_norms_revision()"
    )
    names = ("scope", "interval", "priority", "seconds", "why", "valid", "at")
    target = sa.table("response_target", *map(sa.column, names))
    always = {"valid": sa.text("'(,)'"), "at": sa.func.now()}
    for interval, limits in ILLUSTRATIVE.items():
        for priority, seconds in enumerate(limits, start=1):
            row = {"interval": interval, "priority": priority, "seconds": seconds}
            op.execute(target.insert().values(scope="bureau", why=WHY, **row, **always))
