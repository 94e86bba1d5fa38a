"""What computes for long runs beside the web process's thread."""

from __future__ import annotations

import subprocess
import sys

from gridserver.base.aside import aside
from tests.processes import ROOT

#: A password is looked at until another greenlet lets it end: on one thread that would be never.
_UNDER_GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent
from gridserver.access import passwords

gate = monkey.get_original("threading", "Event")()
passwords._is_right = lambda *_: gate.wait(60)
asked = gevent.spawn(passwords.matches, passwords.hash_password("x"), "x")
gevent.spawn(gate.set)
print(asked.get())
"""


def test_others_go_on_while_a_password_is_looked_at() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _UNDER_GEVENT], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert (told.stdout.strip(), told.returncode) == ("True", 0), told.stderr


def test_elsewhere_it_is_an_ordinary_call() -> None:
    assert aside(divmod, 7, 3) == (2, 1)
    assert aside(int, "11", base=2) == 3
