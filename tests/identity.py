"""An identity provider of the tests' own: npm's `oidc-provider`, in a process beside them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests

from gridserver.api.sessions_leaving import AFTERWARDS
from gridserver.api.sessions_provider import CALLBACK
from tests.processes import ROOT, free_port, status
from tests.waiting import until

CLIENT, SECRET = "gridserver", "a-secret-of-the-tests-own-and-of-nobody-else"
#: How long its tokens stand, in seconds.
LASTS = 60


@dataclass(frozen=True)
class Identity:
    """A running provider."""

    issuer: str

    @property
    def environ(self) -> dict[str, str]:
        """The settings of an installation that knows it."""
        return {
            "GRIDSERVER_OIDC_ISSUER": self.issuer,
            "GRIDSERVER_OIDC_CLIENT_ID": CLIENT,
            "GRIDSERVER_OIDC_CLIENT_SECRET": SECRET,
        }

    def answer(self, address: str, name: str, *, factor: bool = False) -> dict[str, str]:
        """Go to `address`, be `name` there, and return what the way back says."""
        with requests.Session() as browser:
            page = browser.get(address, timeout=30)
            assert page.ok and "/interaction/" in page.url, page.text
            said = {"name": name} | ({"factor": "on"} if factor else {})
            return follow(browser, browser.post(page.url, said, allow_redirects=False, timeout=30))


def follow(browser: requests.Session, answer: requests.Response) -> dict[str, str]:
    """Follow the provider's redirects up to our own page; return what that address says."""
    while CALLBACK not in (there := urljoin(answer.url, answer.headers["Location"])):
        answer = browser.get(there, allow_redirects=False, timeout=30)
    return dict(parse_qsl(urlsplit(there).query))


@contextmanager
def provider(folder: Path, *origins: str) -> Iterator[Identity]:
    """Run a provider that sends people back to pages of `origins`."""
    program, packages = shutil.which("node"), ROOT / "web" / "node_modules"
    if program is None or not (packages / "oidc-provider").is_dir():
        pytest.skip("needs node and web/node_modules (npm ci in web/)")
    (folder / "node_modules").symlink_to(packages)
    script = shutil.copy(ROOT / "tests" / "provider.mjs", folder)
    issuer = f"http://127.0.0.1:{free_port()}"
    options = {
        "issuer": issuer,
        "redirects": [origin + CALLBACK for origin in origins],
        "afterwards": [origin + AFTERWARDS for origin in origins],
        "secret": SECRET,
        "lasts": LASTS,
    }
    with (folder / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            [program, str(script), json.dumps(options)], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        about = f"{issuer}/.well-known/openid-configuration"
        until(lambda: status(about) == 200 or process.poll() is not None, within=60)
        assert process.poll() is None, (folder / "provider.log").read_text()
        yield Identity(issuer)
    finally:
        process.terminate()
        process.wait(30)
