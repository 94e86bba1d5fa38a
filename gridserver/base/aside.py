"""Work that keeps a processor busy, done beside the web process's one thread.

Under gevent all requests and sockets of a process share a thread: what computes for 50 ms (argon2)
makes everybody wait as long, and a hundred sign-ins at once five seconds. It may run in a native
thread if it lets go of the interpreter's lock, as C libraries do, and touches nothing of gevent's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

from gevent import monkey
from gevent.threadpool import ThreadPool

Given = ParamSpec("Given")
Result = TypeVar("Result")


def aside(work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """Return what `work` returns, or raise what it raises; meanwhile others of the process go on.

    Outside of the web process it is an ordinary call.
    """
    if not monkey.is_module_patched("threading"):
        return work(*given, **named)
    return _threads().apply(work, given, named)


@cache
def _threads() -> ThreadPool:
    # Of its own: looking up a name (gevent's own threads do) mustn't wait for passwords.
    return ThreadPool(os.cpu_count() or 1)
