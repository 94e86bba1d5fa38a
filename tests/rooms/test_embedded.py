"""The private cluster: half-made ones, several users, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from gridserver.base.errors import Unavailable
from gridserver.embedded import Cluster
from tests.folders import reachable_folder


@pytest.fixture
def var() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


def answers(cluster: Cluster) -> bool:
    try:
        url = cluster.url
        psycopg2.connect(
            host=url.query["host"], user=url.username, password=url.password, dbname=url.database
        ).close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def superuser(cluster: Cluster) -> Iterator[psycopg2.extensions.cursor]:
    """Give a superuser's cursor on the application's database."""
    url = cluster.superuser_url
    connection = psycopg2.connect(
        host=url.query["host"], user=url.username, password=url.password, dbname="gridserver"
    )
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


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


def test_a_cluster_from_before_pgrouting_gets_it_at_the_next_start(var: Path) -> None:
    cluster = Cluster(var, throwaway=True)
    with cluster.running(), superuser(cluster) as cursor:
        cursor.execute("DROP EXTENSION pgrouting")
    with cluster.running(), superuser(cluster) as cursor:
        cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pgrouting'")
        assert cursor.fetchone() == (1,)


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
from tests.folders import reachable_folder
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


def test_a_hidden_cluster_is_not_replaced_by_an_empty_one(var: Path) -> None:
    """Somebody made a folder above it private: say so, and don't start anew elsewhere."""
    home = var / "home"
    cluster = Cluster(home / "var", throwaway=True)
    home.mkdir()
    with cluster.running():
        assert answers(cluster)
    home.chmod(0o700)
    if os.geteuid() != 0:
        pytest.skip("only root runs the cluster as another user")
    with pytest.raises(Unavailable, match=str(home)):
        Cluster(home / "var", throwaway=True).running().__enter__()
    home.chmod(0o755)
    with Cluster(home / "var", throwaway=True).running():
        assert answers(cluster)
