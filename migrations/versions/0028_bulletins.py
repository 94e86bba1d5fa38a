"""Bulletins, what they say, who was told, and which terminal has which.

Revision ID: 0028
Revises: 0027
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)
_CODES = postgresql.ARRAY(sa.Text(collation="C"))
_LONGEST = "CASE kind WHEN 'missing_person' THEN 72 WHEN 'person_at_risk' THEN 720 WHEN 'warrant' THEN 720 WHEN 'protection_order' THEN 720 WHEN 'escaped_custody' THEN 720 WHEN 'officer_safety' THEN 720 END"


def upgrade() -> None:
    _make_bulletins()
    _make_contents()
    _make_recipients()
    _allow_attachments("'task', 'capture', 'bulletin'")


def downgrade() -> None:
    op.execute("DELETE FROM attachment_link WHERE subject_kind = 'bulletin'")
    _allow_attachments("'task', 'capture'")
    for table in ("bulletin_copy", "bulletin_recipient", "bulletin_contents", "bulletin"):
        op.drop_table(table)


def _allow_attachments(kinds: str) -> None:
    name = op.f("ck_attachment_link_subject_kind")
    op.drop_constraint(name, "attachment_link", type_="check")
    op.create_check_constraint(name, "attachment_link", f"subject_kind IN ({kinds})")


def _make_bulletins() -> None:
    op.create_table(
        "bulletin",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("basis_type", sa.Text(), nullable=False),
        sa.Column("basis_number", sa.Text(), nullable=False),
        sa.Column("basis_authority", sa.Text(), nullable=False),
        sa.Column("basis_date", sa.Date(), nullable=False),
        sa.Column("area_cells", _CODES, nullable=False),
        sa.Column("area_units", _CODES, nullable=False),
        sa.Column("area_whole", sa.Boolean(), nullable=False),
        sa.Column("area_reason", sa.Text(), nullable=True),
        sa.Column("reaches", _CODES, nullable=False),
        sa.Column("lasts_h", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("approver_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", _MOMENT, nullable=True),
        sa.Column("approve_by", _MOMENT, nullable=True),
        sa.Column("runs_from", _MOMENT, nullable=True),
        sa.Column("issued_at", _MOMENT, nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("validate_by", _MOMENT, nullable=True),
        sa.Column("renewed_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("purged_at", _MOMENT, nullable=True),
        sa.Column("looked_at", _MOMENT, nullable=True),
        *_checks(
            "bulletin",
            {
                "approved": "approver_id IS NOT NULL OR state IN ('draft', 'provisional', 'withdrawn', 'resolved', 'expired')",
                "approved_at": "(approver_id IS NULL) = (approved_at IS NULL)",
                "area": "area_whole OR cardinality(area_cells) + cardinality(area_units) > 0",
                "area_reason": "area_whole = (area_reason IS NOT NULL)",
                "basis": "(kind = 'missing_person' AND basis_type IN ('report')) OR (kind = 'person_at_risk' AND basis_type IN ('report')) OR (kind = 'warrant' AND basis_type IN ('arrest_warrant', 'detention_warrant', 'wanted_order')) OR (kind = 'protection_order' AND basis_type IN ('protection_order')) OR (kind = 'escaped_custody' AND basis_type IN ('escape_notice', 'arrest_warrant', 'detention_warrant')) OR (kind = 'officer_safety' AND basis_type IN ('case_decision', 'arrest_warrant', 'detention_warrant'))",
                "basis_said": "basis_number ~ '\\S' AND basis_authority ~ '\\S'",
                "ended_at": "(state IN ('withdrawn', 'expired', 'resolved')) = (ended_at IS NOT NULL)",
                "expiry": f"runs_from IS NOT NULL AND expires_at IS NOT NULL AND expires_at > runs_from AND expires_at <= runs_from + make_interval(hours => {_LONGEST}) OR state IN ('draft', 'withdrawn') AND runs_from IS NULL AND expires_at IS NULL",
                "issued": "NOT state IN ('provisional', 'active', 'renewed') OR issued_at IS NOT NULL AND validate_by IS NOT NULL",
                "kind": "kind IN ('missing_person', 'person_at_risk', 'warrant', 'protection_order', 'escaped_custody', 'officer_safety')",
                "lasts_h": f"lasts_h BETWEEN 1 AND {_LONGEST}",
                "provisional": "state <> 'provisional' OR is_urgent AND kind = 'missing_person' AND approver_id IS NULL AND approve_by IS NOT NULL",
                "purged_at": "purged_at IS NULL OR ended_at IS NOT NULL",
                "renewed_by_another": "renewed_by <> author_id",
                "role": "(kind = 'missing_person' AND role IN ('missing')) OR (kind = 'person_at_risk' AND role IN ('protected', 'missing', 'witness')) OR (kind = 'warrant' AND role IN ('wanted')) OR (kind = 'protection_order' AND role IN ('protected')) OR (kind = 'escaped_custody' AND role IN ('wanted')) OR (kind = 'officer_safety' AND role IN ('wanted', 'witness'))",
                "state": "state IN ('draft', 'approved', 'provisional', 'active', 'renewed', 'withdrawn', 'expired', 'resolved')",
                "two_persons": "approver_id <> author_id",
            },
        ),
        *_refers(
            "bulletin",
            {
                "approver_id": "account",
                "author_id": "account",
                "ended_by": "account",
                "renewed_by": "account",
                "unit_id": "unit",
            },
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin")),
    )
    op.create_index(
        "ix_bulletin_open", "bulletin", ["expires_at"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_bulletin_unit_id", "bulletin", ["unit_id", "id"])


def _make_contents() -> None:
    op.create_table(
        "bulletin_contents",
        sa.Column("bulletin_id", sa.BigInteger(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("last_seen_at", _MOMENT, nullable=True),
        sa.Column("last_seen_place", sa.Text(), nullable=True),
        sa.Column("to_do", sa.Text(), nullable=False),
        sa.Column("not_to_do", sa.Text(), nullable=False),
        *_checks(
            "bulletin_contents",
            {
                "fact": "fact ~ '\\S'",
                "not_to_do": "not_to_do ~ '\\S'",
                "to_do": "to_do ~ '\\S'",
            },
        ),
        *_refers("bulletin_contents", {"bulletin_id": "bulletin"}, ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bulletin_id", name=op.f("pk_bulletin_contents")),
    )


def _make_recipients() -> None:
    op.create_table(
        "bulletin_recipient",
        sa.Column("bulletin_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("told_at", _MOMENT, nullable=False),
        sa.Column("read_at", _MOMENT, nullable=True),
        *_refers(
            "bulletin_recipient",
            {"account_id": "account", "bulletin_id": "bulletin", "unit_id": "unit"},
        ),
        sa.PrimaryKeyConstraint("bulletin_id", "account_id", name=op.f("pk_bulletin_recipient")),
    )
    op.create_index(
        "ix_bulletin_recipient_account_id", "bulletin_recipient", ["account_id", "bulletin_id"]
    )
    op.create_table(
        "bulletin_copy",
        sa.Column("bulletin_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", _MOMENT, nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
        *_refers("bulletin_copy", {"account_id": "account", "bulletin_id": "bulletin"}),
        sa.PrimaryKeyConstraint(
            "bulletin_id", "account_id", "device", name=op.f("pk_bulletin_copy")
        ),
    )
    op.create_index(
        "ix_bulletin_copy_held",
        "bulletin_copy",
        ["bulletin_id"],
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _checks(table: str, conditions: Mapping[str, str]) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
        for name, condition in conditions.items()
    ]


def _refers(
    table: str, columns: Mapping[str, str], ondelete: str | None = None
) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
        )
        for column, to in columns.items()
    ]
