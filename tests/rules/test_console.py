"""What the commands tell people is told to the letter."""

from __future__ import annotations

import pytest

from gridserver.cli import context


def test_no_part_of_a_fingerprint_becomes_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    context.console.print("19:AB:CD:E4")
    assert "19:AB:CD:E4" in capsys.readouterr().err
