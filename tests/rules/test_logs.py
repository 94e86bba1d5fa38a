"""Logs are a JSON object a line, whoever writes them and whatever stands in a request."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.parse import quote

import pytest

FORGED = '{"event": "forged"}'

LIBRARY = f"logging.getLogger('a.library').warning('said\\n%s', {FORGED!r})"
REQUEST = f"""
import flask
app = flask.Flask("app")
app.add_url_rule("/<name>", view_func=lambda name: 1 / 0)
app.test_client().get("/a%0A{quote(FORGED)}")
"""
WARNING = f"import warnings; warnings.warn('old\\n' + {FORGED!r})"
THREAD = f"""
import threading
def fail():
    raise ValueError("wrong\\n" + {FORGED!r})
thread = threading.Thread(target=fail)
thread.start()
thread.join()
"""
UNCAUGHT = f"raise ValueError('wrong\\n' + {FORGED!r})"


def lines_of(program: str) -> list[str]:
    begun = "import logging\nfrom gridserver.base import logs\nlogs.configure()\n"
    done = subprocess.run(
        [sys.executable, "-c", begun + program], capture_output=True, text=True, check=False
    )
    return done.stderr.splitlines()


@pytest.mark.parametrize("program", [LIBRARY, REQUEST, WARNING, THREAD, UNCAUGHT])
def test_nobody_begins_a_line_of_their_own(program: str) -> None:
    (line,) = lines_of(program)
    said = json.loads(line)
    assert said["event"] != "forged"
    assert "forged" in line
    assert {"level", "timestamp"} <= set(said)


def test_a_failure_has_its_traceback() -> None:
    (line,) = lines_of(REQUEST)
    said = json.loads(line)
    assert (said["level"], said["logger"]) == ("error", "app")
    assert "ZeroDivisionError" in said["exception"]


def test_what_libraries_tell_by_the_way_is_left_out() -> None:
    assert lines_of("logging.getLogger('a.library').info('by the way')") == []
