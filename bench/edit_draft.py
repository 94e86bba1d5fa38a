"""Editing one boundary of a draft of 10,000 cells against the same edit of a draft of nine.

What an edit changes is the same in both, so the ratio says what the rest of the draft costs. Real
web processes, HTTP, a throwaway cluster: `open` draws the arcs for the first time; `window` loads
what a map shows of it; `edit` moves a vertex; `elsewhere` does it by turns through two web
processes, so that each time the other one's edit must be learned of first.

    python bench/edit_draft.py [--cells N] [--vertices N] [--turns N]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from statistics import median

import requests
from post_incident import county, web_process
from sqlalchemy.engine import URL
from tiles import token_of

from gis.crs import WGS84
from gis.features import Layer
from gis.testing import SOUTH, STEP, WEST, grid
from gridserver.base.db import Database
from gridserver.grids import service

#: Around the corner of the first four cells.
WINDOW = (WEST, SOUTH, WEST + STEP * 1.5, SOUTH + STEP * 1.5)


class Editor:
    """A browser at a draft, through one web process."""

    def __init__(self, port: int, draft: str) -> None:
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token_of(port, 'gis')}"
        self._draft = f"http://127.0.0.1:{port}/api/v1/grid/versions/{draft}"

    def window(self) -> dict:
        """Load what a map shows."""
        box = ",".join(map(repr, WINDOW))
        answer = self._session.get(f"{self._draft}/topology?bbox={box}", timeout=120)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def edit(self, arc: int, place: Sequence[float], revision: int) -> float:
        """Move the second vertex of an arc; return how many seconds it took."""
        body = {"verb": "move_vertex", "arc": arc, "index": 1, "lon": place[0], "lat": place[1]}
        start = time.perf_counter()
        answer = self._session.post(
            f"{self._draft}/edits", json=body, headers={"If-Match": f'"{revision}"'}, timeout=120
        )
        assert answer.status_code == 200, answer.text
        return time.perf_counter() - start


def put_draft(url: URL, name: str, side: int, vertices: int) -> None:
    """Store a square of cells as a draft."""
    database = Database(url)
    cells = tuple(grid(side, side, vertices // 4))
    with database.transaction() as session:
        service.import_draft(session, None, Layer(cells, WGS84), name=name, source={})
    database.dispose()


def inland(shown: dict) -> tuple[int, Sequence[float]]:
    """Return an arc between two cells, and where its second vertex is."""
    arc = min(set(map(int, shown["arcs"])) - set(shown["outline"]))
    return arc, shown["arcs"][str(arc)][1]


def edits(editors: Sequence[Editor], turns: int) -> Iterator[float]:
    """Move a vertex to and fro, through the editors by turns; yield the seconds of each."""
    shown = editors[0].window()
    arc, (lon, lat) = inland(shown)
    for turn in range(turns):
        place = lon + 1e-6 * (1 + turn % 2), lat
        yield editors[turn % len(editors)].edit(arc, place, shown["revision"] + turn)


def timed(work: Editor) -> float:
    start = time.perf_counter()
    work.window()
    return time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description="one edit of a large draft")
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--vertices", type=int, default=200, help="of each cell")
    parser.add_argument("--turns", type=int, default=10)
    asked = parser.parse_args()
    seconds: dict[str, dict[str, float]] = {}
    with county() as url, web_process(url) as (port, _), web_process(url) as (other, _):
        for name, side in (("small", 3), ("large", math.isqrt(asked.cells))):
            put_draft(url, name, side, asked.vertices)
            here, there = Editor(port, name), Editor(other, name)
            seconds[name] = {
                "open": timed(here),
                "window": median(timed(here) for _ in range(asked.turns)),
                "edit": median(edits([here], asked.turns)),
                "elsewhere": median(edits([there, here], asked.turns)),
            }
    print(
        f"edit_draft: {asked.cells} cells of {asked.vertices} vertices, and 9, {asked.turns} turns"
    )
    for work, large in seconds["large"].items():
        small = seconds["small"][work]
        print(
            f"  {work:10} {large * 1000:9.1f} ms  of nine cells {small * 1000:7.1f} ms"
            f"  ratio {large / small:.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
