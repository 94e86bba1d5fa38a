"""Decisions with a route, hours and notes; decided anew, an incident keeps the former ones.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROUTES = ("community", "case", "traffic", "specialist", "command", "hand_over")
HOURS = ("day", "pooled")


def upgrade() -> None:
    op.add_column(
        "decision",
        sa.Column("revision", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
    )
    op.drop_constraint(op.f("pk_decision"), "decision", type_="primary")
    op.create_primary_key(op.f("pk_decision"), "decision", ["incident_id", "revision"])
    op.add_column("decision", sa.Column("at", postgresql.TIMESTAMP(timezone=True)))
    op.execute(
        "UPDATE decision SET at = incident.received_at FROM incident WHERE incident_id = incident.id"
    )
    op.alter_column("decision", "at", nullable=False)
    # The first rules knew one route and no hours, and noted nothing.
    for column, default in (("route", "community"), ("hours", "day"), ("notes", "[]")):
        kind = postgresql.JSONB() if column == "notes" else sa.Text()
        op.add_column("decision", sa.Column(column, kind, server_default=default, nullable=False))
        op.alter_column("decision", column, server_default=None)
    op.create_check_constraint(op.f("ck_decision_route"), "decision", f"route IN {ROUTES}")
    op.create_check_constraint(op.f("ck_decision_hours"), "decision", f"hours IN {HOURS}")
    op.execute(
        """
        CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER decision_append_only ON decision")
    op.execute(
        """
        DELETE FROM decision AS former USING decision AS later
        WHERE former.incident_id = later.incident_id AND former.revision < later.revision
        """
    )
    op.drop_constraint(op.f("pk_decision"), "decision", type_="primary")
    op.create_primary_key(op.f("pk_decision"), "decision", ["incident_id"])
    for column in ("notes", "hours", "route", "at", "revision"):
        op.drop_column("decision", column)
