"""A demo county, served as a newcomer would: by `gridserver serve`, on its own private cluster."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from gridserver.embedded import Cluster
from tests.exchange import ENVIRON
from tests.folders import reachable_folder
from tests.processes import GRIDSERVER, free_port, status
from tests.waiting import until

PASSWORD = "county-demo-1"


@dataclass(frozen=True)
class County:
    """A served demo county: where it answers, its rows, and its command line."""

    address: str
    var: Path
    environ: Mapping[str, str]

    @property
    def database_url(self) -> URL:
        """Its database, for queries beside what the pages show."""
        return Cluster(self.var).url

    def run(self, *words: str, said: str = "") -> None:
        """Run a command of `gridserver` over it, with `said` on its standard input."""
        subprocess.run([GRIDSERVER, *words], env=self.environ, input=said, text=True, check=True)


@contextmanager
def county() -> Iterator[County]:
    """Give a running demo county with one day of past incidents."""
    with reachable_folder() as var:
        environ = os.environ | {
            "GRIDSERVER_VAR": str(var),
            "GRIDSERVER_PORT": str(free_port()),
            "GRIDSERVER_DEMO_PASSWORD": PASSWORD,
        }
        environ |= ENVIRON
        environ.pop("GRIDSERVER_DATABASE_URL", None)
        subprocess.run([GRIDSERVER, "demo", "load", "--days", "1"], env=environ, check=True)
        process = subprocess.Popen([GRIDSERVER, "serve"], env=environ, start_new_session=True)
        address = f"http://localhost:{environ['GRIDSERVER_PORT']}"
        try:
            until(lambda: status(f"{address}/readyz") == 200 or process.poll() is not None, 240)
            assert process.poll() is None, "gridserver serve ended by itself"
            yield County(address, var, environ)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(120) == 0, "Ctrl-C must end well"


@contextmanager
def serving() -> Iterator[str]:
    """Give the address of such a county."""
    with county() as served:
        yield served.address
