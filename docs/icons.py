"""Make the app icons of the handheld from `web/src/styles/icon.svg`: `python -m docs.icons`."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import chromium

_WEB = Path(__file__).parents[1] / "web"
_SOURCE = _WEB / "src" / "styles" / "icon.svg"
_TARGET = _WEB / "public" / "icons"

_GROUND = "#dfeafb"
#: (name, side in pixels, part of the side that the shield takes, whether the ground is rounded).
#: A launcher may cut a maskable icon down to a circle of 80 % of its side; iOS rounds by itself.
_ICONS = (
    ("terminal-192", 192, 0.72, True),
    ("terminal-512", 512, 0.72, True),
    ("terminal-maskable-512", 512, 0.56, False),
    ("apple-touch-icon", 180, 0.68, False),
)


def main() -> None:
    """Write every icon as PNG."""
    _TARGET.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name, side, part, is_rounded in _ICONS:
            _draw(browser, _TARGET / f"{name}.png", side, part, is_rounded)


def _draw(browser: Browser, target: Path, side: int, part: float, is_rounded: bool) -> None:
    page = browser.new_page(viewport={"width": side, "height": side})
    radius = side * 0.22 if is_rounded else 0
    page.set_content(
        "<style>body { margin: 0; } div { display: grid; place-items: center;"
        f" width: {side}px; height: {side}px; background: {_GROUND}; border-radius: {radius}px; }}"
        f" svg {{ width: {side * part}px; height: {side * part}px; }}</style>"
        f"<div>{_SOURCE.read_text(encoding='utf-8')}</div>"
    )
    page.screenshot(path=target, omit_background=True)
    page.close()


if __name__ == "__main__":
    main()
