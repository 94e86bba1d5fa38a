"""Makes the pictures of the docs from a running demo county: `make pictures` beside `make serve`.

A few made-up calls come in and are taken as far as the pictures need, all through the public
interfaces; what was left open is ended again.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import expect

from docs import (
    pictures_audit,
    pictures_board,
    pictures_bulletins,
    pictures_calls,
    pictures_captures,
    pictures_desk,
    pictures_exchange,
    pictures_figures,
    pictures_handheld,
    pictures_intake,
    pictures_map,
    pictures_orders,
    pictures_places,
    pictures_supervision,
    pictures_workshop,
)
from docs.pictures_calls import Scene
from docs.studio import LOOKS, Camera, County, PictureSet, Studio
from gridserver.base.settings import from_environment
from gridserver.demo import accounts
from tests.browser import chromium

DOCS = Path(__file__).parent
#: What the server reckons, and a map drawn without a graphics card, on a busy machine.
SLOW_MS = 60_000
SETS = {
    "desk": pictures_desk.PICTURES,
    "board": pictures_board.PICTURES,
    "intake": pictures_intake.PICTURES,
    "map": pictures_map.PICTURES,
    "figures": pictures_figures.PICTURES,
    "supervision": pictures_supervision.PICTURES,
    "places": pictures_places.PICTURES,
    "orders": pictures_orders.PICTURES,
    "bulletins": pictures_bulletins.PICTURES,
    "audit": pictures_audit.PICTURES,
    "captures": pictures_captures.PICTURES,
    "exchange": pictures_exchange.PICTURES,
    "workshop": pictures_workshop.PICTURES,
    "handheld": pictures_handheld.PICTURES,
}


@click.command()
@click.option("--url", default="http://localhost:8000", show_default=True)
@click.option("--only", multiple=True, type=click.Choice(list(SETS)), help="Only these sets.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Take every picture, into this folder."
)
def main(url: str, only: tuple[str, ...], out: Path | None) -> None:
    """Take the pictures that the docs show; with --out all, in both languages, by day and night."""
    expect.set_options(timeout=SLOW_MS)
    county = County(url, accounts.password(from_environment(os.environ)))
    folder = out or DOCS / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    camera = Camera(folder, None if out else shown_in_the_docs())
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        studios = [Studio(browser, county, camera, look) for look in LOOKS]
        calls = stack.enter_context(pictures_calls.staged(county))
        for name in only or SETS:
            pictures = SETS[name]
            wanted = [studio for studio in studios if studio.wants(*pictures.subjects)]
            if wanted:
                stage(pictures, wanted, calls)


def stage(pictures: PictureSet, studios: list[Studio], calls: Scene) -> None:
    """Take the pictures of a set in each of the studios."""
    with ExitStack() as stack:
        staged: Any = calls
        if pictures.staged:
            staged = stack.enter_context(pictures.staged(studios[0].browser, studios[0].county))
        for studio in studios:
            pictures.take(studio, staged)


def shown_in_the_docs() -> frozenset[str]:
    """Return the names of the pictures that README and docs show."""
    files = (DOCS.parent / "README.md", *DOCS.glob("*.md"))
    texts = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return frozenset(re.findall(r"pictures/([\w-]+)\.png", texts))


if __name__ == "__main__":
    main()
