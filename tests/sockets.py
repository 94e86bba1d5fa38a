"""A Socket.IO client that remembers what it heard, as a handheld or a command view would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import socketio

from tests.waiting import until

#: Long enough for a busy machine; nothing waits for it to pass.
PATIENCE = 60


class SocketClient:
    """Connects to one namespace and keeps every event in order.

    Parameters
    ----------
    url, namespace, auth
        Where to, and the payload of the connect.
    acknowledges : bool
        Acknowledge each message as it comes.
    """

    def __init__(
        self,
        url: str,
        namespace: str,
        auth: dict[str, Any],
        *,
        acknowledges: bool = False,
        transports: tuple[str, ...] = ("websocket",),
    ) -> None:
        self.namespace = namespace
        self.heard: list[tuple[str, Any]] = []
        self.answers: list[Any] = []
        self.refusal: Any = None
        self.gone = threading.Event()
        self._acknowledges = acknowledges
        self._client = socketio.Client(reconnection=False)
        hearing = hear_in_order(self._client)
        self._client.on("*", self._hear, namespace=namespace)
        # Gone once all is heard that came before.
        self._client.on("disconnect", lambda *_: hearing.submit(self.gone.set), namespace=namespace)
        self._client.on("connect_error", self._refused, namespace=namespace)
        self._client.connect(
            url,
            auth=auth,
            namespaces=[namespace],
            transports=list(transports),
            wait_timeout=PATIENCE,
        )

    def all(self, event: str) -> list[Any]:
        """Return the payloads of all `event`s heard so far."""
        return [data for name, data in list(self.heard) if name == event]

    def seqs(self, event: str = "message") -> list[int]:
        """Return the numbers heard so far, in the order of hearing."""
        return [data["seq"] for data in self.all(event)]

    def hear(self, event: str, count: int = 1) -> list[Any]:
        """Wait until `count` of `event` were heard, and return all of them."""
        until(lambda: len(self.all(event)) >= count, within=PATIENCE)
        return self.all(event)

    def emit(self, event: str, *data: Any) -> None:
        self._client.emit(event, data, namespace=self.namespace)

    def ask(self, event: str, *data: Any) -> Any:
        """Emit and return the server's answer."""
        answer = self._client.call(event, data, namespace=self.namespace, timeout=PATIENCE)
        self.answers.append(answer)
        return answer

    def close(self) -> None:
        self._client.disconnect()

    def _hear(self, event: str, data: Any) -> None:
        self.heard.append((event, data))
        if event == "message" and self._acknowledges:
            self._client.emit("ack", {"seq": data["seq"]}, namespace=self.namespace)

    def _refused(self, data: Any) -> None:
        self.refusal = data


def hear_in_order(client: socketio.Client) -> ThreadPoolExecutor:
    """Have a client hear what comes in the order in which it came; return what hears it.

    By itself it gives each packet to a thread of its own, of which one may overtake another.
    """
    connection, one_thread = client.eio, ThreadPoolExecutor(1)
    in_background = connection.start_background_task

    def start(target: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if target is connection.handlers.get("message"):
            return one_thread.submit(target, *args, **options)
        return in_background(target, *args, **options)

    connection.start_background_task = start
    return one_thread


Connect = Callable[..., SocketClient]
