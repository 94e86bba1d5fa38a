"""What officers capture in the field.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)
_CHECKS = {
    "kind": "kind IN ('place', 'premises', 'hazard', 'address_correction')",
    "state": "state IN ('proposed', 'accepted', 'declined', 'became_task')",
    "reason": "(state = 'declined') = (reason IS NOT NULL)",
    "task": "(state = 'became_task') = (task_id IS NOT NULL)",
    "decided": "(state = 'proposed') = (decided_at IS NULL)",
}
_REFERS = {
    "account_id": "account",
    "grid_version_id": "grid_version",
    "unit_id": "unit",
    "decided_by": "account",
    "task_id": "task",
}


def upgrade() -> None:
    op.create_table(
        "capture",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("command_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("point", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("cell_code", sa.Text(collation="C"), nullable=True),
        sa.Column("cell_name", sa.Text(), nullable=True),
        sa.Column("grid_version_id", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", _MOMENT, nullable=False),
        sa.Column("clock_offset_s", sa.Double(), nullable=True),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_capture_{name}"))
            for name, condition in _CHECKS.items()
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_capture_{column}"))
            for column, table in _REFERS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
        sa.UniqueConstraint(
            "account_id", "command_id", name=op.f("uq_capture_account_id_command_id")
        ),
    )
    op.create_index(
        "ix_capture_open", "capture", ["id"], postgresql_where=sa.text("state = 'proposed'")
    )
    for column in ("unit_id", "task_id"):
        op.create_index(op.f(f"ix_capture_{column}"), "capture", [column])


def downgrade() -> None:
    op.drop_table("capture")
