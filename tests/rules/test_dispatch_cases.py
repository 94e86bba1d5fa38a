"""Every case that is written out in words is decided as it says, for the reasons that it gives."""

from __future__ import annotations

import json
import re

import pytest

from gridserver.dispatch import texts
from gridserver.dispatch.rules import Because, Facts, Step, decide
from tests.rules.casebook import Case, cases

#: who / rung / seconds to sign[ / at once][ / tells later names][ / why]
_STEP = re.compile(
    r"(?P<who>\S+) / (?P<kind>\w+) / (?P<seconds>\d+) s(?P<at_once> / at once)?"
    r"(?: / tells later (?P<later>[^/]+?))?(?: / (?P<why>[^/]+))?"
)


def said(because: Because, language: str = "zh-CN") -> str:
    return texts.say(because.code, because.params, language)


def in_words(words: str, step: Step) -> dict[str, object]:
    """Return what the words say of a step, in the terms of `of_step`."""
    found = _STEP.fullmatch(words)
    assert found, f"no step is written so: {words}"
    unsigned = Because(f"{step.kind}.unsigned", step.because.params)
    return {
        "who": found["who"],
        "kind": found["kind"],
        "seconds": int(found["seconds"]),
        "tell": "at_once" if found["at_once"] else "in_turn",
        "later": (found["later"] or "").split(),
        "why": found["why"] or said(unsigned),
    }


def of_step(step: Step) -> dict[str, object]:
    return {
        "who": step.who.display_name,
        "kind": step.kind,
        "seconds": step.sign_within_s,
        "tell": step.tell,
        "later": [person.display_name for person in step.passed_over],
        "why": said(step.because),
    }


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_the_case_is_decided_as_it_says(case: Case) -> None:
    decision = decide(case.facts)
    assert f"{decision.route}/{decision.hours}" == case.expected["route"]
    written = zip(case.expected["steps"], decision.steps, strict=True)
    assert [in_words(words, step) for words, step in written] == list(map(of_step, decision.steps))
    assert [said(note) for note in decision.notes] == case.expected["notes"]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_its_stored_facts_give_the_same_decision(case: Case) -> None:
    stored = json.loads(json.dumps(case.facts.to_json()))
    assert decide(Facts.from_json(stored)) == decide(case.facts)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_it_can_be_said_in_english(case: Case) -> None:
    decision = decide(case.facts)
    for because in (*decision.notes, *(step.because for step in decision.steps)):
        assert not re.search(r"[{}]|None", said(because, "en")), because


def test_there_are_enough_of_them_and_each_is_its_own() -> None:
    titles = [case.title for case in cases()]
    assert len(titles) >= 60
    assert len(titles) == len(set(titles))
