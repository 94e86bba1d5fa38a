"""Clients of the public interfaces, as the demo's callers and officers use them."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Any

import requests
import socketio

from gridserver.base.errors import Conflict, Unauthenticated, Unavailable

_TIMEOUT = 20.0
_TERMINAL = "/terminal"


class Account:
    """An account that is signed in by HTTP; signed out at the end of its ``with``.

    Raises
    ------
    Unavailable
        ``demo.no_server``: nothing answers.
    Unauthenticated
        ``demo.not_demo``: the server takes no demo account.
    Conflict
        With the server's own code: it refuses what was asked.
    """

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url
        self.username = username
        self._http = requests.Session()
        self._one_at_a_time = threading.Lock()
        try:
            answer = self._http.post(
                f"{url}/api/v1/sessions",
                json={"username": username, "password": password, "device": "demo play"},
                timeout=_TIMEOUT,
            )
        except requests.RequestException as error:
            raise Unavailable(
                "demo.no_server", f"Nothing answers at {url}: start `gridserver serve` first."
            ) from error
        if answer.status_code != 201:
            raise Unauthenticated(
                "demo.not_demo",
                f"{username} can't sign in at {url}: is it the demo county, "
                "and GRIDSERVER_DEMO_PASSWORD what it was loaded with?",
            )
        self.token: str = answer.json()["token"]
        self._http.headers["Authorization"] = f"Bearer {self.token}"

    def __enter__(self) -> Account:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._http, suppress(requests.RequestException):  # it would end by itself in a day
            self._http.delete(f"{self.url}/api/v1/sessions/current", timeout=_TIMEOUT)

    def get(self, path: str, **arguments: Any) -> Any:
        """Return the document at `path` below ``/api/v1``."""
        return self._ask("GET", path, params=arguments)

    def post(self, path: str, document: dict[str, Any]) -> Any:
        """Post a document and return the answer."""
        return self._ask("POST", path, json=document)

    def put(self, path: str, document: dict[str, Any]) -> Any:
        """Put a document and return the answer."""
        return self._ask("PUT", path, json=document)

    def command(self, task: int, verb: str, **data: Any) -> None:
        """Say a verb to a task."""
        self.post(f"/tasks/{task}/commands", command(verb, data))

    def _ask(self, method: str, path: str, **what: Any) -> Any:
        try:
            with self._one_at_a_time:
                answer = self._http.request(
                    method, f"{self.url}/api/v1{path}", timeout=_TIMEOUT, **what
                )
        except requests.RequestException as error:
            raise Unavailable("demo.no_server", f"{self.url} answers no longer.") from error
        if not answer.ok:
            problem = answer.json()
            raise Conflict(problem["code"], problem["detail"])
        return answer.json()


class Handheld:
    """An officer's terminal on the socket. It acknowledges each message as it comes."""

    def __init__(self, account: Account) -> None:
        self._told: set[int] = set()
        self._news = threading.Condition()
        self._socket = socketio.Client(reconnection=True)
        self._socket.on("message", self._hear, namespace=_TERMINAL)
        try:
            self._socket.connect(
                account.url,
                auth={"token": account.token},
                namespaces=[_TERMINAL],
                transports=["websocket"],
                wait_timeout=_TIMEOUT,
            )
        except socketio.exceptions.ConnectionError as error:
            raise Unavailable(
                "demo.no_server", f"{account.url} opens no socket for {account.username}."
            ) from error

    def __enter__(self) -> Handheld:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.disconnect()

    def is_told(self, task: int, within: float) -> bool:
        """Wait until a message about `task` came; False where none did."""
        with self._news:
            return self._news.wait_for(lambda: task in self._told, within)

    def say(self, task: int, verb: str, **data: Any) -> None:
        """Say a verb to a task. Raises `Conflict` with the server's code where it is refused."""
        answer = self._call("command", command(verb, data) | {"task": task})
        if answer["status"] != "done":
            raise Conflict(answer["code"], answer["detail"])

    def send_position(self, lon: float, lat: float) -> None:
        """Send where the officer is now."""
        position = {"lon": lon, "lat": lat, "at": _now(), "accuracy_m": 8.0}
        self._call("position", [position])

    def _call(self, event: str, data: Any) -> Any:
        try:
            return self._socket.call(event, data, namespace=_TERMINAL, timeout=_TIMEOUT)
        except socketio.exceptions.SocketIOError as error:
            raise Unavailable("demo.no_server", "The socket answers no longer.") from error

    def _hear(self, message: dict[str, Any]) -> None:
        with self._news:
            self._told.add(message["data"]["task"]["id"])
            self._news.notify_all()
        # What can't be acknowledged any more comes again on the next connection.
        with suppress(socketio.exceptions.SocketIOError):
            self._socket.emit("ack", {"seq": message["seq"]}, namespace=_TERMINAL)


SignIn = Callable[[str], Account]


class Handhelds:
    """The open handhelds, one an officer: two tasks of one officer share it."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in
        self._lock = threading.Lock()
        self._open: dict[str, tuple[Handheld, ExitStack]] = {}
        self._users: Counter[str] = Counter()

    @contextmanager
    def opened(self, officer: str) -> Iterator[Handheld]:
        """Give the officer's handheld, opened where it isn't; the last user closes it."""
        with self._lock:
            if officer not in self._open:
                self._open[officer] = self._connect(officer)
            self._users[officer] += 1
            handheld = self._open[officer][0]
        try:
            yield handheld
        finally:
            with self._lock:
                self._users[officer] -= 1
                if not self._users[officer]:
                    self._open.pop(officer)[1].close()

    def _connect(self, officer: str) -> tuple[Handheld, ExitStack]:
        with ExitStack() as stack:
            account = stack.enter_context(self._sign_in(officer))
            return stack.enter_context(Handheld(account)), stack.pop_all()


def command(verb: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return a command with an id of its own, made now by this machine's clock."""
    return {"id": str(uuid.uuid4()), "verb": verb, "occurred_at": _now(), "data": data}


def _now() -> str:
    # A client has a clock of its own; it is no part of the server.
    return dt.datetime.now(dt.UTC).isoformat()
