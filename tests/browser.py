"""The browser of the end-to-end tests and of the docs' pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Request,
    WebError,
    expect,
    sync_playwright,
)

DESKTOP = {"width": 1440, "height": 900}
HANDHELD = {"width": 390, "height": 844}
#: How long a page may take over anything, where the machine does other work too.
PATIENCE = 60
PATIENCE_MS = PATIENCE * 1000

#: Quiet, and drawing WebGL without a graphics card.
_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium, and expect of no page that it be fast."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def is_fault(message: ConsoleMessage, refused: Collection[int] = ()) -> bool:
    """Whether the console has an error that nobody asked for.

    A browser logs one too when a test took it offline, when nobody is signed in yet, and when the
    server refuses with one of the statuses `refused`, which the test named beforehand.
    """
    # ERR_FAILED is how a service worker passes on that there is no signal.
    offline = any(code in message.text for code in ("ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED"))
    nobody = "401" in message.text and message.location["url"].endswith("/sessions/current")
    named = any(f"status of {status}" in message.text for status in refused)
    return message.type == "error" and not (offline or nobody or named)


class Watch:
    """What the pages of a test must not do: log an error, be stopped by the content security
    policy, which logs one, or ask for anything of another host.

    `others` are the addresses that a test leads them to itself; what is logged of those is theirs.
    """

    def __init__(self, *others: str) -> None:
        self._others = others
        self._faults: list[str] = []

    def over(self, context: BrowserContext, refused: Collection[int] = ()) -> None:
        """Watch all pages of a context; `refused` as for `is_fault`."""

        def said(message: ConsoleMessage) -> None:
            where = message.location["url"]
            if is_fault(message, refused) and not self._is_another(where):
                self._faults.append(f"{message.text} {message.location}")

        def went_wrong(raised: WebError) -> None:
            page = raised.page.url if raised.page else "a page that is gone"
            self._faults.append(f"{page}: {raised.error}")

        def asked(request: Request) -> None:
            ours = urlsplit(request.url).hostname in {"localhost", None, ""}
            if not (ours or self._is_another(request.url)):
                self._faults.append(f"left this host: {request.url}")

        context.on("console", said)
        context.on("weberror", went_wrong)
        context.on("request", asked)

    def _is_another(self, url: str) -> bool:
        return url.startswith(self._others)

    def end(self) -> None:
        """Fail for what was seen."""
        assert not self._faults, "\n".join(self._faults)
