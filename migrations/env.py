"""Alembic's environment. The connection is handed in by `gridserver.schema`.

A migration that can't get its lock gives up after four seconds, so that it never queues every
other writer behind itself.
"""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import text

from gridserver.force.position_days import is_partition
from gridserver.schema import metadata


def include_object(object_, name, type_, reflected, compare_to):
    """Leave out what belongs to PostGIS, and the days of the history of positions."""
    if type_ == "table" and is_partition(name):
        return False
    return alembic_helpers.include_object(object_, name, type_, reflected, compare_to)


connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=include_object,
    process_revision_directives=alembic_helpers.writer,
    render_item=alembic_helpers.render_item,
    compare_server_default=True,
)
with context.begin_transaction():
    connection.execute(text("SET LOCAL lock_timeout = '4s'"))
    connection.execute(text("SET LOCAL statement_timeout = '60s'"))
    context.run_migrations()
