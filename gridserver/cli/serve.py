"""`gridserver serve` and `gridserver worker`: the processes of an installation.

The command line itself is not patched by gevent, so it migrates and loads; the web process and
the worker are children. A child that dies is started again; when this process dies, however it
dies, the kernel stops the children.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue

import click

from gridserver import certificates, schema
from gridserver.audit import rights
from gridserver.base.clock import SystemClock
from gridserver.base.db import Database
from gridserver.base.errors import Conflict
from gridserver.base.settings import CERTIFICATE, DATABASE, KEY, OWNER, ROOT, Settings
from gridserver.certificates import Certificate
from gridserver.cli import context
from gridserver.cli.context import Urls
from gridserver.demo import accounts as demo_accounts
from gridserver.demo import load as demo_load

WEB = (sys.executable, str(ROOT / "wsgi.py"))
WORKER = (sys.executable, "-m", "gridserver.worker")
#: A child that keeps dying is started again after this many seconds, not in a tight loop.
_BREATH = 1.0
_GRACE = 10.0


@click.command()
@click.option("--no-worker", is_flag=True, help="The web process alone, beside others.")
@click.option("--no-demo", is_flag=True, help="An empty start: don't load the demo county.")
@click.option("--tls", is_flag=True, help="HTTPS by a local certificate authority, for phones.")
@click.option(
    "--tls-name",
    "tls_names",
    multiple=True,
    metavar="NAME",
    help="A further name or address by which phones reach this machine; may be repeated.",
)
def serve(no_worker: bool, no_demo: bool, tls: bool, tls_names: tuple[str, ...]) -> None:
    """Serve the county: migrate, load the demo into an empty private database, then run."""
    settings = context.settings()
    _require_free_port(settings)
    environ: dict[str, str] = {}
    if tls or tls_names:
        settings, environ = _certified(settings, tls_names)
    settings.require_private_lines()
    with context.database_urls(settings) as urls:
        password = _prepare(urls, settings, demo=not no_demo and settings.database_url is None)
        _announce(settings, password)
        _announce_rights(urls.application)
        _run([WEB] if no_worker else [WEB, WORKER], _environ(urls) | environ)


@click.command()
def worker() -> None:
    """Run the clock, recurring work and sealing alone. Any number may run."""
    settings = context.settings()
    with context.database_urls(settings) as urls:
        _require_schema(urls.application)
        _announce_rights(urls.application)
        _run([WORKER], _environ(urls))


def _environ(urls: Urls) -> dict[str, str]:
    """Return the children's environment: they connect as the application's role, and don't know
    the owner's password."""
    others = {name: value for name, value in os.environ.items() if name != OWNER}
    return others | {DATABASE: urls.application}


def _require_free_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Conflict(
                "serve.port_taken",
                f"{settings.host}:{settings.port} can't be used ({error.strerror}). Stop what "
                "uses it, or choose another with GRIDSERVER_PORT.",
            ) from error


def _certified(settings: Settings, more: Iterable[str]) -> tuple[Settings, dict[str, str]]:
    """Return the settings with a certificate of the local authority, and the variables that tell
    the web process of it. The bureau's own certificate goes before."""
    if settings.tls_certificate:
        return settings, {}
    names = [*certificates.own_names(settings.host), *more]
    made = certificates.certify(certificates.folder(settings), names, SystemClock().now())
    origins = [f"https://{_in_url(name)}:{settings.port}" for name in names]
    environ = {
        CERTIFICATE: str(made.certificate),
        KEY: str(made.key),
        "GRIDSERVER_ORIGINS": " ".join([*settings.origins, *origins]),
    }
    settings = replace(settings, tls_certificate=made.certificate, tls_key=made.key)
    _announce_authority(settings, made, names[-1])
    return settings, environ


def _announce_authority(settings: Settings, made: Certificate, name: str) -> None:
    say = context.console.print
    say(f"\nA certificate authority of this machine's own vouches for it: {made.authority}")
    say(f"On a phone open https://{_in_url(name)}:{settings.port}/ca.crt, compare its SHA-256")
    say(f"  {made.fingerprint}", highlight=False, soft_wrap=True)
    say("and trust it.")


def _in_url(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _prepare(urls: Urls, settings: Settings, *, demo: bool) -> str | None:
    """Migrate, load the demo county where there is nothing, and return the demo's password."""
    database = Database(urls.owner)
    try:
        schema.upgrade(database.engine, urls.role)
        if not demo:
            return None
        password = demo_accounts.password(settings)
        if demo_load.is_empty(database):
            demo_load.load(database, password, context.console)
        if not demo_load.is_demo(database):
            return None
        demo_accounts.keep_password(database, password)
        return password
    finally:
        database.dispose()


def _require_schema(url: str) -> None:
    database = Database(url)
    try:
        schema.require_newest(database.engine)
    finally:
        database.dispose()


def _announce_rights(url: str) -> None:
    """Say where the application's role could do more to the ledger than add to it."""
    database = Database(url)
    try:
        with database.transaction() as session:
            unset = rights.lacking(session)
    finally:
        database.dispose()
    if unset:
        context.console.print(
            f"  Audit ledger: {unset[0]} Set GRIDSERVER_DATABASE_OWNER_URL (docs/operators.md)."
        )


def _announce(settings: Settings, password: str | None) -> None:
    address = settings.address
    say = context.console.print
    say(f"\n[bold]gridserver[/bold] on [link={address}]{address}[/link]")
    say(f"  API        {address}api/docs")
    if password is None:
        say("  First account: gridserver account add NAME --role admin --bureau CODE:NAME")
    else:
        say("  Demo county Kaihua (illustrative cells). Sign in as")
        say("    command    the bureau's command room; its second person is command-2")
        say("    330824001  an officer's handheld (and on to 330824331)")
        say("    gis, admin, auditor, room-33082401 …")
        say(f"  Password   [bold]{password}[/bold]", highlight=False)
    say("  Ctrl-C stops everything.\n")


def _run(commands: list[tuple[str, ...]], environ: dict[str, str]) -> None:
    """Keep the children running until SIGINT or SIGTERM, then stop them and return."""
    events: SimpleQueue[tuple[str, ...] | None] = SimpleQueue()
    children: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}
    with _stopping(events):
        for command in commands:
            children[command] = _start(command, environ, events)
        try:
            while (died := events.get()) is not None:
                click.echo(f"gridserver: {died[-1]} ended; starting it again.", err=True)
                time.sleep(_BREATH)
                children[died] = _start(died, environ, events)
        finally:
            _stop(children.values())


@contextmanager
def _stopping(events: SimpleQueue[tuple[str, ...] | None]) -> Iterator[None]:
    former = {
        number: signal.signal(number, lambda *_: events.put(None))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _start(
    command: tuple[str, ...], environ: dict[str, str], events: SimpleQueue[tuple[str, ...] | None]
) -> subprocess.Popen[bytes]:
    # A session of its own keeps Ctrl-C from reaching it before us; pdeathsig stops it with us.
    child = subprocess.Popen(  # noqa: S603 (our own words, no shell)
        ("setpriv", "--pdeathsig", "TERM", "--", *command),  # noqa: S607
        env=environ,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )

    def report_end() -> None:
        child.wait()
        events.put(command)

    threading.Thread(target=report_end, daemon=True, name=f"wait {child.pid}").start()
    return child


def _stop(children: Iterable[subprocess.Popen[bytes]]) -> None:
    running = [child for child in children if child.poll() is None]
    for child in running:
        child.terminate()
    for child in running:
        try:
            child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
