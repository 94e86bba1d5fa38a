"""A name for each state of the rosters, so that what follows from them is worked out once.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

WATCHED = {
    "absence": "UPDATE",
    "account": "UPDATE OF disabled_at",
    "officer": "UPDATE",
    "ownership": "UPDATE",
    "post": "UPDATE",
    "shift": "UPDATE",
    "unit": "UPDATE",
}
# One row that all update would have whoever changes a roster wait for everybody else who does, and
# some for each other. So each takes away what it can, and adds a name of its own.
RENEW = """
    CREATE FUNCTION renew_roster_revision() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM roster_revision
        WHERE id IN (SELECT id FROM roster_revision FOR UPDATE SKIP LOCKED);
        INSERT INTO roster_revision DEFAULT VALUES;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "roster_revision",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_revision")),
    )
    op.execute("INSERT INTO roster_revision DEFAULT VALUES")
    op.execute(RENEW)
    for table, update in WATCHED.items():
        op.execute(
            f"CREATE TRIGGER {table}_renews_roster AFTER INSERT OR {update} OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION renew_roster_revision()"
        )


def downgrade() -> None:
    for table in WATCHED:
        op.execute(f"DROP TRIGGER {table}_renews_roster ON {table}")
    op.execute("DROP FUNCTION renew_roster_revision")
    op.drop_table("roster_revision")
