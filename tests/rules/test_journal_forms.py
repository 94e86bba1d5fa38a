"""How forms say things: every word in both languages, and times by the bureau's clocks."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gridserver.base import texts
from gridserver.dispatch.commands import OUTCOMES
from gridserver.dispatch.lifecycle import TASK
from gridserver.dispatch.models import OFFER_OUTCOMES
from gridserver.dispatch.norms import RUNGS
from gridserver.journals import forms
from gridserver.journals.forms import Wording

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_both_languages_have_the_same_words() -> None:
    chinese, english = (texts.load(forms.ROOM, language) for language in texts.LANGUAGES)
    assert chinese.keys() == english.keys()
    assert all(text.strip() for each in (chinese, english) for text in each.values())


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("verb", (*TASK.verbs, "dispatch", "escalate", "reroute")),
        ("state", TASK.states),
        ("outcome", OUTCOMES),
        ("offer", OFFER_OUTCOMES),
        ("rung", (*RUNGS, "reassigned")),
        ("method", ("covers", "boundary", "largest_share", "nearest", "outside")),
        ("priority", (1, 2, 3, 4)),
    ],
)
def test_what_rows_hold_has_a_word(prefix: str, values: tuple[object, ...]) -> None:
    words = texts.load(forms.ROOM, "zh-CN")
    assert {f"{prefix}.{value}" for value in values} <= words.keys()


def test_times_are_by_the_bureaus_clocks() -> None:
    say = Wording("zh-CN", SHANGHAI)
    assert say.moment("2026-03-10T17:30:05+00:00") == "2026-03-11 01:30:05"
    assert say.moment(None) == ""


def test_a_step_was_when_the_device_says_put_right() -> None:
    entry = {"occurred_at": "2026-03-10T09:30:00+08:00", "clock_offset_s": -90.0}
    assert forms.happened(entry).isoformat() == "2026-03-10T09:28:30+08:00"
    assert forms.happened(entry | {"clock_offset_s": None}).minute == 30


def test_what_was_written_comes_with_its_outcome() -> None:
    data = {"outcome": "resolved", "text": "calm again", "suspects": 2, "to": 7}
    assert forms.words_of(data, Wording("en", SHANGHAI)) == ["Resolved", "calm again"]
