"""`gridserver roads import` as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy.engine import URL

from gridserver.cli import main


@pytest.fixture
def environment(database_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSERVER_DATABASE_URL", database_url.render_as_string(False))


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["roads", "import", *words])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("environment")
def test_a_network_comes_in_once_and_is_replaced_by_word(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[118.4, 29.1], [118.5, 29.1]]}
    feature = {"type": "Feature", "properties": {"m": 6}, "geometry": line}
    file = tmp_path / "roads.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    code, out, _ = run(str(file), "--minutes-field", "m", "--json")
    assert code == 0
    assert json.loads(out) == {"edges": 1, "junctions": 2, "routing": True}
    code, _, said = run(str(file), "--minutes-field", "m")
    assert code == 1 and "--replace" in said
    code, out, _ = run(str(file), "--minutes-field", "m", "--replace")
    assert code == 0 and "1 edges between 2 junctions." in out
    code, _, said = run(str(file), "--minutes-field", "minutes", "--replace")
    assert code == 1 and "minutes" in said
