"""A valley of its own: a network namespace with one wire to the server, which can be cut.

While the wire is down no packet goes either way and nobody is told: connections stay open at both
ends and go on, or time out, as the kernel sees fit.

The server's side is a namespace, too: that of whoever makes the valley and of all that they start
then. So no interface of the machine itself changes, which a browser beside us would take for a
change of network.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Addresses that nothing else has: both namespaces are new.
_OUTSIDE, _INSIDE = "10.0.0.1", "10.0.0.2"
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Valley:
    """The namespace `name`. `address` is the server's, seen from there and from outside."""

    name: str
    address: str

    def inside(self, *command: str) -> list[str]:
        """Return a command that runs in there."""
        return ["ip", "netns", "exec", self.name, *command]

    def cut(self) -> None:
        """Take the wire down."""
        _run(*self.inside("ip", "link", "set", "wire", "down"))

    def heal(self) -> None:
        """Put it up again."""
        _run(*self.inside("ip", "link", "set", "wire", "up"))


@contextmanager
def valley() -> Iterator[Valley | None]:
    """Make a valley, and take this thread to its server's side; None where this machine doesn't
    allow it."""
    made = Valley(f"fault-{os.getpid()}", _OUTSIDE)
    if not _allowed(made.name):
        yield None
        return
    try:
        with _apart():
            ends = ("type", "veth", "peer", "name", "wire", "netns", made.name)
            _run("ip", "link", "add", "wire", *ends)
            _run("ip", "address", "add", f"{_OUTSIDE}/24", "dev", "wire")
            _run("ip", "link", "set", "wire", "up")
            _run(*made.inside("ip", "address", "add", f"{_INSIDE}/24", "dev", "wire"))
            made.heal()
            yield made
    finally:
        _run("ip", "netns", "del", made.name)


@contextmanager
def _apart() -> Iterator[None]:
    """Give this thread, and the threads and processes that it starts, a network of their own."""
    with Path("/proc/thread-self/ns/net").open("rb") as former:
        _call("unshare", _CLONE_NEWNET)
        try:
            _run("ip", "link", "set", "lo", "up")
            yield
        finally:
            _call("setns", former.fileno(), _CLONE_NEWNET)


def _call(name: str, *arguments: int) -> None:
    if getattr(_LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _allowed(name: str) -> bool:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    made = subprocess.run(["ip", "netns", "add", name], check=False, stderr=subprocess.DEVNULL)
    return made.returncode == 0


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
