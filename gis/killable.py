"""Run a function in a process of its own that can be killed: for files and rings from outside.

GEOS and GDAL can be made to run for minutes, to take all memory or to crash, and neither can be
stopped from within. So what reads or repairs input from outside runs in a fresh interpreter with
limits, and the worst that it can do is to end in a `ProcessError`.

The process is started, not forked: it inherits no socket, lock or thread, no secret of the
environment, and works from a process that gevent has patched. It is no sandbox: it may read and
write what its parent may. Only so many run at once (`allow`), so that many requests can't take the
machine.
"""

import gc
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from gis.errors import GisError, ProcessError
from gis.turnstile import Turnstile

T = TypeVar("T")

SECONDS = 60.0
"""Wall-clock time that is usually enough: reading two million vertices takes a sixth of it."""
MEMORY_BYTES = 2 << 30
"""Address space that is usually enough; the libraries alone map half a gigabyte."""

_PROCESSES = 2
_WAITING = 8
_WAIT_SECONDS = 20.0
_turnstile = Turnstile(_PROCESSES, _WAITING, _WAIT_SECONDS)
_FILE_BYTES = 2 << 30
_NICE = 10  # the server's own work goes first
_AFTERLIFE_SECONDS = 5.0  # how long the child outlives its time if the parent is gone
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")
_PASSED_ON_PREFIXES = ("PROJ_", "GDAL_")
_SAID_BYTES = 4_000
_OUT_OF_MEMORY = ("memoryerror", "bad_alloc", "cannot allocate memory", "out of memory")


def allow(
    processes: int = _PROCESSES, *, waiting: int = _WAITING, wait_seconds: float = _WAIT_SECONDS
) -> None:
    """Have so many processes run at once from now on, and so many calls wait for so long."""
    global _turnstile
    _turnstile = Turnstile(processes, waiting, wait_seconds)


def run(
    function: Callable[..., T],
    *args: Any,
    seconds: float = SECONDS,
    memory_bytes: int = MEMORY_BYTES,
    **kwargs: Any,
) -> T:
    """Call ``function(*args, **kwargs)`` in a process of its own and return what it returns.

    Parameters
    ----------
    function
        Importable by its module and name. Arguments and result must be picklable.
    seconds
        Wall-clock time after which the process and all that it started are killed.
    memory_bytes
        Limit of its address space (``RLIMIT_AS``).

    Raises
    ------
    GisError
        What the function raised.
    ProcessError
        ``process.timeout``, ``process.out_of_memory``, ``process.crashed``: the function did not
        come to an end. Nothing that it began is left behind: its temporary files go with it.
    BusyError
        ``process.busy``: too many are at work, and in line.
    """
    with _turnstile.through(), tempfile.TemporaryDirectory(prefix="gridserver-") as folder:
        request, answer, said = (Path(folder, name) for name in ("request", "answer", "said"))
        request.write_bytes(pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL))
        with request.open("rb") as stdin, answer.open("wb") as stdout, said.open("wb") as stderr:
            command = [sys.executable, "-P", "-m", __name__]
            command += [str(seconds), str(memory_bytes), str(_FILE_BYTES)]
            status = _finish(command, seconds, _environment(folder), stdin, stdout, stderr)
        if status != 0:
            raise _ended(status, _last_words(said), seconds, memory_bytes)
        with answer.open("rb") as result:
            raised, value = pickle.load(result)  # noqa: S301 - written by our own code
    if raised:
        raise value
    returned: T = value
    return returned


def _finish(
    command: list[str],
    seconds: float,
    environment: dict[str, str],
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> int | None:
    """Return the exit status of the command; None when it took too long."""
    with _started(command, environment, stdin, stdout, stderr) as process:
        try:
            return process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None


@contextmanager
def _started(
    command: list[str],
    environment: dict[str, str],
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process in a group of its own, and leave none of the group behind."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=stdin, stdout=stdout, stderr=stderr, env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        # Until it is waited for, the process keeps its number, and the group can't be another's.
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(folder: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    return {
        **kept,
        "TMPDIR": folder,
        "PYTHONPATH": os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path),
        "OPENBLAS_NUM_THREADS": "1",  # each thread of it would take its share of the memory
        "PROJ_NETWORK": "OFF",
    }


def _last_words(said: Path) -> str:
    with said.open("rb") as file:
        file.seek(max(0, said.stat().st_size - _SAID_BYTES))
        return file.read().decode("utf-8", "replace").strip()


def _ended(status: int | None, said: str, seconds: float, memory_bytes: int) -> ProcessError:
    if status is None or status in (-signal.SIGXCPU, -signal.SIGALRM):
        return ProcessError(
            "process.timeout",
            f"This took longer than {seconds:g} s and was stopped; simplify or split the file.",
            "file",
            {"seconds": seconds},
        )
    # SIGKILL that is not ours is the kernel's, when the machine itself runs out.
    if status == -signal.SIGKILL or any(sign in said.lower() for sign in _OUT_OF_MEMORY):
        return _out_of_memory(memory_bytes)
    reason = signal.Signals(-status).name if status < 0 else said.splitlines()[-1:]
    reason = reason if isinstance(reason, str) else "".join(reason)[:200] or f"status {status}"
    return ProcessError(
        "process.crashed",
        f"Working on this failed ({reason}); export the file again, or as another format.",
        "file",
        {"reason": reason},
    )


def _out_of_memory(memory_bytes: int) -> ProcessError:
    return ProcessError(
        "process.out_of_memory",
        f"This took more than {memory_bytes >> 20} MB and was stopped; simplify or split the file.",
        "file",
        {"memory_bytes": memory_bytes},
    )


def _serve(seconds: float, memory_bytes: int, file_bytes: int) -> None:
    """Be the child: read the request from stdin, write ``(raised, value)`` to stdout."""
    _limit(seconds, memory_bytes, file_bytes)
    gc.disable()  # a short life needs none, and it takes six times as long as parsing JSON itself
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)  # what a library prints must not get into the answer
        function, args, kwargs = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our parent
        try:
            outcome = (False, function(*args, **kwargs))
        except GisError as error:
            outcome = (True, error)
        except MemoryError:
            outcome = (True, _out_of_memory(memory_bytes))
        pickle.dump(outcome, answer, pickle.HIGHEST_PROTOCOL)


def _limit(seconds: float, memory_bytes: int, file_bytes: int) -> None:
    cpu = int(seconds) + 1
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    os.nice(_NICE)
    signal.setitimer(signal.ITIMER_REAL, seconds + _AFTERLIFE_SECONDS)


if __name__ == "__main__":
    _serve(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
