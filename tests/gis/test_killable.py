"""Work in a process of its own: what comes back, how it is stopped, and what it leaves behind."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import shapely

from gis import killable, testing
from gis.coverage import faults
from gis.errors import BusyError, FileError, GisError, ProcessError
from gis.files import read_layer, read_layer_safely, write_layer
from tests.gis import misbehaving
from tests.waiting import until

pytestmark = pytest.mark.timeout(30)


def stopped(function: object, *args: object, **limits: float) -> ProcessError:
    with pytest.raises(ProcessError) as refused:
        killable.run(function, *args, **limits)  # type: ignore[arg-type]
    assert refused.value.field == "file"
    return refused.value


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_arguments_and_result_come_through() -> None:
    star = testing.star(5)
    args, kwargs = killable.run(misbehaving.echo, 1, star, name="城关")
    assert (args[0], kwargs) == (1, {"name": "城关"})
    assert args[1].equals_exact(star, 0.0)


def test_a_refusal_is_raised_as_it_was() -> None:
    with pytest.raises(FileError) as refused:
        killable.run(misbehaving.refuse, "file.format")
    error = refused.value
    assert (error.code, error.field, error.params) == ("file.format", "file", {"row": 3})


@pytest.mark.parametrize("function", [misbehaving.sleep, misbehaving.spin])
def test_what_takes_too_long_is_stopped(function: object) -> None:
    refused = stopped(function, seconds=1.5)
    assert (refused.code, refused.params) == ("process.timeout", {"seconds": 1.5})
    assert "simplify or split" in refused.message


@pytest.mark.parametrize(
    "function",
    [misbehaving.take_memory, misbehaving.take_memory_in_c, misbehaving.killed_by_the_kernel],
)
def test_what_takes_too_much_memory_is_stopped(function: object) -> None:
    assert stopped(function, memory_bytes=1 << 30).code == "process.out_of_memory"


def test_a_crash_is_an_error_like_any_other() -> None:
    refused = stopped(misbehaving.segfault)
    assert (refused.code, refused.params) == ("process.crashed", {"reason": "SIGSEGV"})


def test_a_bug_says_what_it_was() -> None:
    refused = stopped(misbehaving.fail)
    assert refused.code == "process.crashed"
    assert refused.params["reason"] == "ZeroDivisionError: a bug, not a refusal"


def test_a_file_can_not_grow_without_end() -> None:
    assert "File too large" in stopped(misbehaving.write_without_end).params["reason"]


def test_the_whole_group_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    stopped(misbehaving.sleep_with_a_child, told, seconds=1.5)
    until(lambda: not is_running(int(told.read_text())))


def test_files_half_written_go_with_it(tmp_path: Path) -> None:
    told = tmp_path / "folder"
    stopped(misbehaving.leave_files_and_sleep, told, seconds=1.5)
    assert not Path(told.read_text()).exists()


def test_what_is_printed_does_not_get_into_the_answer() -> None:
    assert killable.run(misbehaving.chatter) == "answer"


def test_the_child_inherits_no_secret_and_no_open_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRIDSERVER_DATABASE_URL", "postgresql://secret@nowhere/")
    with (tmp_path / "open").open("wb") as held:
        os.set_inheritable(held.fileno(), True)
        around = killable.run(misbehaving.surroundings)
    assert not [name for name in around["environment"] if name.startswith("GRIDSERVER")]
    assert len(around["files"]) == 5  # three standard ones, the answer, and the listing itself
    assert around["folder"] == str(Path.cwd())


PATCHED = """
from gevent import monkey
monkey.patch_all()
import json, gevent
from gis import killable
from gis.errors import GisError
from tests.gis import misbehaving

ticks = 0
def tick():
    global ticks
    while True:
        gevent.sleep(0.02)
        ticks += 1

gevent.spawn(tick)
working = gevent.spawn(killable.run, misbehaving.surroundings)
try:
    killable.run(misbehaving.sleep, seconds=2)
except GisError as error:
    code = error.code
print(json.dumps({"code": code, "ticks": ticks, "gevent": working.get()["gevent"]}))
"""


def test_a_gevent_server_goes_on_while_it_waits() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PATCHED], capture_output=True, text=True, check=True, timeout=25
    )
    told = json.loads(done.stdout)
    assert (told["code"], told["gevent"]) == ("process.timeout", False)
    assert told["ticks"] > 10


def test_a_layer_is_read_as_without_it(tmp_path: Path) -> None:
    path = tmp_path / "cells.gpkg"
    write_layer(path, testing.grid())
    there, here = read_layer_safely(path, code_field="code"), read_layer(path, code_field="code")
    assert there.codes == here.codes
    assert shapely.equals_exact(there.geoms, here.geoms, 0.0).all()
    with pytest.raises(GisError) as refused:
        read_layer_safely(path, code_field="nom")
    assert refused.value.code == "file.unknown_field"


def test_the_fault_report_comes_through() -> None:
    cells = testing.with_overlap()
    there, here = killable.run(faults, cells), faults(cells)
    assert [fault.text for fault in there] == [fault.text for fault in here]
    assert there[0].geometry.equals_exact(here[0].geometry, 0.0)


# --- many at once


@pytest.fixture
def one_place() -> Iterator[Callable[..., None]]:
    yield lambda **line: killable.allow(1, **line)
    killable.allow()


def test_who_comes_later_waits_in_line(one_place: Callable[..., None], tmp_path: Path) -> None:
    one_place()
    marks = [tmp_path / name for name in ("first", "second")]
    with ThreadPoolExecutor() as pool:
        spans = list(pool.map(killable.run, [misbehaving.take_a_moment] * 2, marks))
    (_, ended), (began, _) = sorted(spans)
    assert ended <= began


@pytest.mark.parametrize("line", [{"waiting": 0}, {"wait_seconds": 0.0}])
def test_where_the_line_is_long_it_is_refused(
    one_place: Callable[..., None], tmp_path: Path, line: dict[str, float]
) -> None:
    one_place(**line)
    told = tmp_path / "told"
    with ThreadPoolExecutor() as pool:
        long = pool.submit(killable.run, misbehaving.wait_for, told)
        until(lambda: (tmp_path / "told.begun").exists())
        with pytest.raises(BusyError) as refused:
            killable.run(misbehaving.echo)
        assert refused.value.code == "process.busy"
        told.touch()
        long.result()
    assert killable.run(misbehaving.echo) == ((), {})  # there is a place again
