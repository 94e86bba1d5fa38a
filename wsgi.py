"""The web process: patches gevent, builds the app, nothing else. `gridserver serve` starts it."""

from gevent import monkey

monkey.patch_all()

from psycogreen.gevent import patch_psycopg  # noqa: E402

patch_psycopg()

import os  # noqa: E402
import sys  # noqa: E402

from gridserver.app import create_app  # noqa: E402
from gridserver.base import logs  # noqa: E402
from gridserver.base import settings as base_settings  # noqa: E402
from gridserver.base.db import Database  # noqa: E402
from gridserver.base.errors import GridserverError, Invalid  # noqa: E402
from gridserver.serving import serve  # noqa: E402


def main() -> None:
    """Serve until told to stop; a refusal to start is one line."""
    logs.configure()
    try:
        settings = base_settings.from_environment(os.environ)
        if settings.database_url is None:
            raise Invalid(
                "settings.no_database",
                "The web process needs GRIDSERVER_DATABASE_URL; `gridserver serve` sets it.",
            )
        settings.require_private_lines()
        # Most requests need a connection for some milliseconds; the relays take four.
        database = Database(
            settings.database_url,
            zone=settings.timezone,
            pool_size=12,
            max_overflow=12,
            pool_timeout=10,
        )
        serve(create_app(settings, database), settings)
        database.dispose()
    except GridserverError as error:
        sys.exit(f"gridserver: {error}")


if __name__ == "__main__":
    main()
