"""After-action reviews, and the handovers of watches.

Revision ID: 0025
Revises: 0024
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _make_reviews()
    _make_what_is_said()
    _make_handovers()


def downgrade() -> None:
    for table in ("watch_handover", "review_lesson", "review_remark", "review_incident", "review"):
        op.drop_table(table)


def _make_reviews() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("mobilisation_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("submitted_at", _MOMENT, nullable=True),
        sa.Column("signed_by", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", _MOMENT, nullable=True),
        *_checks(
            "review",
            {
                "state": "state IN ('drafted', 'submitted', 'signed')",
                "signed_at": "(state = 'signed') = (signed_at IS NOT NULL)",
                "signed_by": "(signed_at IS NULL) = (signed_by IS NULL)",
                "two_persons": "signed_by <> account_id",
                "conclusion": "state = 'drafted' OR conclusion IS NOT NULL",
            },
        ),
        *_refers(
            "review",
            {
                "unit_id": "unit",
                "mobilisation_id": "mobilisation",
                "account_id": "account",
                "signed_by": "account",
            },
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_unit_id"), "review", ["unit_id"])
    op.create_table(
        "review_incident",
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        *_refers("review_incident", {"review_id": "review", "incident_id": "incident"}),
        sa.PrimaryKeyConstraint("review_id", "incident_id", name=op.f("pk_review_incident")),
    )
    op.create_index("ix_review_incident_incident_id", "review_incident", ["incident_id"])


def _make_what_is_said() -> None:
    op.create_table(
        "review_remark",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        *_refers(
            "review_remark",
            {"review_id": "review", "event_id": "task_event", "account_id": "account"},
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_remark")),
    )
    op.create_index(op.f("ix_review_remark_review_id"), "review_remark", ["review_id"])
    op.create_table(
        "review_lesson",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("settled_text", sa.Text(), nullable=True),
        *_checks(
            "review_lesson",
            {
                "settled_by": "(settled_at IS NULL) = (settled_by IS NULL)",
                "settled_text": "(settled_at IS NULL) = (settled_text IS NULL)",
            },
        ),
        *_refers(
            "review_lesson",
            {
                "review_id": "review",
                "owner": "account",
                "account_id": "account",
                "settled_by": "account",
            },
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_lesson")),
    )
    op.create_index(op.f("ix_review_lesson_review_id"), "review_lesson", ["review_id"])


def _make_handovers() -> None:
    op.create_table(
        "watch_handover",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("given_by", sa.BigInteger(), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", _MOMENT, nullable=True),
        sa.Column("taken_remark", sa.Text(), nullable=True),
        *_checks(
            "watch_handover",
            {
                "state": "state IN ('given', 'taken')",
                "interval": "since < until",
                "taken_at": "(state = 'taken') = (taken_at IS NOT NULL)",
                "taken_by": "(taken_at IS NULL) = (taken_by IS NULL)",
                "two_persons": "taken_by <> given_by",
            },
        ),
        *_refers(
            "watch_handover", {"unit_id": "unit", "given_by": "account", "taken_by": "account"}
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_handover")),
    )
    op.create_index("ix_watch_handover_unit_id_id", "watch_handover", ["unit_id", "id"])


def _checks(table: str, conditions: Mapping[str, str]) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
        for name, condition in conditions.items()
    ]


def _refers(table: str, columns: Mapping[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, to in columns.items()
    ]
