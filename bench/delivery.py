"""A message to every connected terminal, against a bare Flask-SocketIO emit to as many sockets.

Ours: one transaction posts a row to each inbox; the relay of one real web process reads, checks
each session, sends, and takes the acknowledgements. The floor: the same server stack, one `emit` to
all, no database, no acknowledgement. Both hold their connections during the whole run; the times
are from the order until the last terminal has the message, measured in turns, given as medians.
The terminals run in this process, on the same cores.

    python bench/delivery.py [--terminals N] [--turns T]
"""

from gevent import monkey

monkey.patch_all()

from psycogreen.gevent import patch_psycopg  # noqa: E402

patch_psycopg()

import argparse  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import socket  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import ExitStack, contextmanager  # noqa: E402
from pathlib import Path  # noqa: E402
from statistics import median  # noqa: E402

import gevent  # noqa: E402
import requests  # noqa: E402
import sqlalchemy as sa  # noqa: E402
import websocket  # noqa: E402
from gevent.event import Event  # noqa: E402
from gevent.pool import Pool  # noqa: E402
from rich.console import Console  # noqa: E402

from gridserver import schema  # noqa: E402
from gridserver.base.db import Database  # noqa: E402
from gridserver.delivery import service  # noqa: E402
from gridserver.delivery.service import Message  # noqa: E402
from gridserver.embedded import Cluster  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
NAMESPACE = "/terminal"
#: As long as a task's card.
DATA = {"task": {"id": 1, "text": "x" * 900}}

ACCOUNTS = """
    WITH unit AS (
        INSERT INTO unit (code, kind, name, path) VALUES ('1', 'bureau', 'bench', '1') RETURNING id
    ), made AS (
        INSERT INTO account (username, display_name, password_hash, created_at)
        SELECT n::text, n::text, '!', now() FROM generate_series(1, :terminals) AS n
        RETURNING id, username
    ), granted AS (
        INSERT INTO role_grant (account_id, role, unit_id)
        SELECT made.id, 'officer', unit.id FROM made, unit
    )
    INSERT INTO login_session
        (id, account_id, token_digest, csrf_token, device, created_at, expires_at)
    SELECT gen_random_uuid(), id, sha256(username::bytea), '', '', now(), now() + interval '1 day'
    FROM made
    RETURNING account_id
"""


class Terminal:
    """The least of a Socket.IO client: it answers pings, counts messages and acknowledges them."""

    def __init__(self, url: str, token: str, count: Callable[[], None]) -> None:
        self._count = count
        self._socket = websocket.create_connection(
            url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
        )
        self._socket.recv()
        self._socket.send(f"40{NAMESPACE}," + json.dumps({"token": token}))
        answer = self._socket.recv()
        assert answer.startswith(f"40{NAMESPACE},"), answer
        gevent.spawn(self._read)

    def _read(self) -> None:
        start = f'42{NAMESPACE},["message",'
        while packet := self._receive():
            if packet == "2":
                self._socket.send("3")
            elif packet.startswith(start):
                self._count()
                if seq := json.loads(packet[len(start) : -1]).get("seq"):
                    self._socket.send(f'42{NAMESPACE},["ack",{{"seq":{seq}}}]')

    def _receive(self) -> str:
        try:
            return self._socket.recv()
        except (websocket.WebSocketException, OSError):
            return ""  # the server has stopped


class Crowd:
    """Terminals of one server, and the wait until each has got the next message."""

    def __init__(self, url: str, size: int) -> None:
        self.size = size
        self._left = 0
        self._all = Event()
        pool = Pool(32)
        self.terminals = pool.map(lambda n: Terminal(url, str(n), self._count), range(1, size + 1))

    def time(self, order: Callable[[], object]) -> float:
        """Return the seconds from `order` until every terminal has the message."""
        self._left = self.size
        self._all.clear()
        began = time.perf_counter()
        order()
        if not self._all.wait(30):
            sys.exit(f"{self._left} of {self.size} terminals got nothing within 30 s")
        return time.perf_counter() - began

    def _count(self) -> None:
        self._left -= 1
        if not self._left:
            self._all.set()


@contextmanager
def process(*command: str, url: str, **environ: str) -> Iterator[int]:
    """Run a server and give its process id."""
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | environ)
    try:
        deadline = time.monotonic() + 30
        while not answers(url):
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{' '.join(command)} doesn't answer")
            gevent.sleep(0.05)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve_bare(port: int) -> None:
    """The floor: Flask-SocketIO with gevent and simple-websocket, as its manual shows it."""
    from flask import Flask
    from flask_socketio import SocketIO
    from gevent.pywsgi import WSGIServer

    app = Flask(__name__)
    socketio = SocketIO(app, async_mode="gevent", cors_allowed_origins=[])
    socketio.on_event("connect", lambda _auth=None: True, namespace=NAMESPACE)
    app.add_url_rule("/healthz", "healthz", lambda: "ok")

    @app.post("/emit")
    def emit() -> str:
        socketio.emit("message", {"type": "task.changed", "data": DATA}, namespace=NAMESPACE)
        return ""

    WSGIServer(("127.0.0.1", port), app, log=None).serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--terminals", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        serve_bare(options.bare)
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridserver-bench-")))
        folder.chmod(0o755)
        url = stack.enter_context(Cluster(folder, throwaway=True).running())
        database = Database(url)
        schema.upgrade(database.engine)
        with database.transaction() as session:
            made = session.execute(sa.text(ACCOUNTS), {"terminals": options.terminals})
            recipients = list(made.scalars())
        run(stack, database, recipients, folder, options.turns)
        database.dispose()


def run(
    stack: ExitStack, database: Database, recipients: list[int], folder: Path, turns: int
) -> None:
    size = len(recipients)
    ports = free_port(), free_port()
    ours, bare = (f"http://127.0.0.1:{port}" for port in ports)
    our_pid = stack.enter_context(
        process(
            sys.executable,
            str(ROOT / "wsgi.py"),
            url=ours,
            GRIDSERVER_DATABASE_URL=database.url.render_as_string(hide_password=False),
            GRIDSERVER_HOST="127.0.0.1",
            GRIDSERVER_PORT=str(ports[0]),
            GRIDSERVER_VAR=str(folder / "var"),
        )
    )
    bare_pid = stack.enter_context(
        process(sys.executable, __file__, "--bare", str(ports[1]), url=bare)
    )
    before = resident_kb(our_pid), resident_kb(bare_pid)
    began = time.perf_counter()
    our_crowd = Crowd(ours, size)
    connecting = time.perf_counter() - began
    bare_crowd = Crowd(bare, size)
    each = [
        (resident_kb(pid) - empty) / size
        for pid, empty in zip((our_pid, bare_pid), before, strict=True)
    ]

    def post() -> None:
        with database.transaction() as session:
            service.post(session, [Message(r, "task.changed", DATA) for r in recipients])

    def emit() -> None:
        requests.post(f"{bare}/emit", timeout=30).raise_for_status()

    times: dict[str, list[float]] = {"ours": [], "bare": []}
    used = cpu_seconds(our_pid), cpu_seconds(bare_pid)
    for _ in range(turns):
        times["ours"].append(our_crowd.time(post))
        gevent.sleep(0.5)  # the acknowledgements belong to ours, not to the floor's turn
        times["bare"].append(bare_crowd.time(emit))
    gevent.sleep(0.5)
    work = [
        (cpu_seconds(pid) - start) / turns
        for pid, start in zip((our_pid, bare_pid), used, strict=True)
    ]
    say = Console(highlight=False).print
    say(f"{size} terminals connected in {connecting:.1f} s ({size / connecting:.0f}/s)")
    say("                      inbox and relay   bare emit   ratio")
    report("memory each, KB", each, 0)
    report("to every one, s", [median(times["ours"]), median(times["bare"])], 3)
    report("processor time, s", work, 3)


def report(name: str, values: list[float], digits: int) -> None:
    ours, bare = values
    Console(highlight=False).print(
        f"{name:20} {ours:16.{digits}f} {bare:11.{digits}f} {ours / bare:7.2f}"
    )


if __name__ == "__main__":
    main()
