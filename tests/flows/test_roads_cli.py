"""`gridserver roads import` as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands import Run


def test_a_network_comes_in_once_and_is_replaced_by_word(run: Run, tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[118.4, 29.1], [118.5, 29.1]]}
    feature = {"type": "Feature", "properties": {"m": 6}, "geometry": line}
    file = tmp_path / "roads.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    words = ("roads", "import", file, "--minutes-field")
    done = run(*words, "m", "--json")
    assert json.loads(done.stdout) == {"edges": 1, "junctions": 2, "routing": True}
    assert "--replace" in run(*words, "m", code=1).stderr
    assert "1 edge between 2 junctions." in run(*words, "m", "--replace").stdout
    assert "minutes" in run(*words, "minutes", "--replace", code=1).stderr
