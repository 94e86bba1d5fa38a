"""Functions for the tests of `gis.killable`, each of which goes wrong in its own way."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gis.errors import FileError


def echo(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, kwargs


def refuse(code: str) -> None:
    raise FileError(code, "Refused.", "file", {"row": 3})


def fail() -> None:
    raise ZeroDivisionError("a bug, not a refusal")


def sleep() -> None:
    time.sleep(600)


def spin() -> None:
    while True:
        pass


def take_a_moment(mark: Path) -> tuple[float, float]:
    """Return when it began and ended, by the clock that all processes share."""
    began = time.monotonic()
    mark.touch()
    return began, time.monotonic()


def wait_for(told: Path) -> None:
    told.with_suffix(".begun").touch()
    while not told.exists():
        time.sleep(0.01)


def sleep_with_a_child(told: Path) -> None:
    child = subprocess.Popen(["/bin/sleep", "600"])
    told.write_text(str(child.pid))
    time.sleep(600)


def leave_files_and_sleep(told: Path) -> None:
    folder = tempfile.mkdtemp()
    Path(folder, "half").write_text("half done")
    told.write_text(folder)
    time.sleep(600)


def take_memory() -> int:
    return len(bytearray(1 << 40))


def take_memory_in_c() -> None:
    import shapely

    shapely.segmentize(shapely.box(0, 0, 1, 1), 1e-9)


def segfault() -> None:
    ctypes.string_at(0)


def killed_by_the_kernel() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def chatter() -> str:
    print("printed")  # noqa: T201
    os.write(1, b"written")
    os.write(2, b"written")
    return "answer"


def surroundings() -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "files": sorted(map(str, Path("/proc/self/fd").iterdir())),
        "folder": str(Path.cwd()),
        "gevent": "gevent" in sys.modules,
    }


def write_without_end() -> None:
    with tempfile.TemporaryFile() as file:
        for _ in range(4_096):
            file.truncate(file.seek(1 << 20, os.SEEK_CUR))
