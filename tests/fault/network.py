"""A valley of its own: a network namespace with one wire to the server, which can be cut.

While the wire is down no packet goes either way and nobody is told: connections stay open at both
ends and go on, or time out, as the kernel sees fit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests import interfaces


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
    """Make a valley; None where this machine doesn't allow it."""
    # Two bytes of our process id keep runs beside each other apart (RFC 5737's kin: 10/8).
    high, low = os.getpid() >> 6 & 0xFF, (os.getpid() & 0x3F) << 2
    name, outside = f"fault-{os.getpid()}", f"fv{os.getpid()}"
    made = Valley(name, f"10.{200 + high % 50}.{high}.{low + 1}")
    inner = f"10.{200 + high % 50}.{high}.{low + 2}/30"
    if not _allowed(name):
        yield None
        return
    with interfaces.changing(), _wired(made, outside, inner):
        yield made


@contextmanager
def _wired(made: Valley, outside: str, inner: str) -> Iterator[None]:
    name = made.name
    try:
        _run("ip", "link", "add", outside, "type", "veth", "peer", "name", "wire", "netns", name)
        _run("ip", "address", "add", f"{made.address}/30", "dev", outside)
        _run("ip", "link", "set", outside, "up")
        _run(*made.inside("ip", "address", "add", inner, "dev", "wire"))
        made.heal()
        yield
    finally:
        # The wire goes with the namespace, as soon as its last process has ended.
        subprocess.run(["ip", "netns", "del", name], check=False)
        subprocess.run(["ip", "link", "del", outside], check=False, stderr=subprocess.DEVNULL)


def _allowed(name: str) -> bool:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    made = subprocess.run(["ip", "netns", "add", name], check=False, stderr=subprocess.DEVNULL)
    return made.returncode == 0


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
