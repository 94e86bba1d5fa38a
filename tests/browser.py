"""The browser of the end-to-end tests and of the docs' pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ConsoleMessage, expect, sync_playwright

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
