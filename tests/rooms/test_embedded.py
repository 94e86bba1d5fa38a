"""The private cluster: half-made ones, several users, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from gridserver.base.errors import Unavailable
from gridserver.embedded import Cluster


@pytest.fixture
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the postgres user can reach."""
    base = tmp_path_factory.getbasetemp()
    for folder in (base.parent, base):
        folder.chmod(0o755)
    folder = tmp_path_factory.mktemp("var")
    folder.chmod(0o755)
    return folder


def answers(cluster: Cluster) -> bool:
    try:
        url = cluster.url
        psycopg2.connect(
            host=url.query["host"], user=url.username, password=url.password, dbname=url.database
        ).close()
    except psycopg2.OperationalError:
        return False
    return True


def test_the_last_one_out_stops_it(var: Path) -> None:
    first, second = Cluster(var, throwaway=True), Cluster(var, throwaway=True)
    with first.running():
        with second.running():
            assert answers(first)
        assert answers(first)
    assert not answers(first)


def test_no_port_is_opened(var: Path) -> None:
    cluster = Cluster(var, throwaway=True)
    with cluster.running() as url:
        connection = psycopg2.connect(
            host=url.query["host"], user=url.username, password=url.password, dbname=url.database
        )
        with connection, connection.cursor() as cursor:
            cursor.execute("SHOW listen_addresses")
            assert cursor.fetchone() == ("",)
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            assert cursor.fetchone() == (False,)
        connection.close()


def test_something_else_in_its_place_is_left_alone(var: Path) -> None:
    folder = var / "postgres"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(Unavailable, match="no PostgreSQL cluster") as refusal:
        Cluster(var).running().__enter__()
    assert refusal.value.code == "database.half_made"
    assert (folder / "thesis.txt").read_text() == "mine"


def test_a_killed_start_is_taken_up_again(var: Path) -> None:
    """Killed in the middle of making the cluster, or with the server left behind."""
    script = f"""
import os, pathlib, signal
from gridserver.embedded import Cluster
cluster = Cluster(pathlib.Path({str(var)!r}), throwaway=True)
kill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
{{}}
with cluster.running():
    kill()
"""
    for when in ("cluster._start = kill", "cluster._make_database = kill", ""):
        done = subprocess.run([sys.executable, "-c", script.format(when)], check=False)
        assert done.returncode == -9
    cluster = Cluster(var, throwaway=True)
    with cluster.running():
        assert answers(cluster)
    assert not answers(cluster)
