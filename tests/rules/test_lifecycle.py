"""The life of a task: the whole state × verb product, and who may say which verb."""

from __future__ import annotations

import itertools

import pytest

from gridserver.base.errors import Forbidden
from gridserver.dispatch import authority
from gridserver.dispatch.authority import Standing
from gridserver.dispatch.lifecycle import BY_ASSIGNEE, BY_COMMAND, BY_OFFERED, TASK

#: As the domain says it, apart from the code's table: from, verb, to.
EXPECTED = {
    "assigned": {"sign": "signed"},
    "signed": {"depart": "en_route"},
    "en_route": {"arrive": "on_scene"},
    "on_scene": {"report": "reported"},
    "reported": {"close": "closed", "send_back": "on_scene", "reassign": "assigned"},
    "closed": {},
    "cancelled": {},
    "handed_over": {"answer": "handed_over"},
}
WORKING = ("signed", "en_route", "on_scene")
for _state in WORKING:
    EXPECTED[_state] |= {"return": "assigned", "call_support": _state}
for _state in ("assigned", *WORKING):
    EXPECTED[_state] |= {
        "reassign": "assigned",
        "cancel": "cancelled",
        "hand_over": "handed_over",
    }
for _state in EXPECTED:
    EXPECTED[_state] |= {"link": _state}

VERBS = sorted({verb for verbs in EXPECTED.values() for verb in verbs})

STRANGER = Standing(
    offered=False,
    assignee=False,
    took_part=False,
    commands=False,
    reads=False,
    reads_elsewhere=False,
)


def standing(**parts: bool) -> Standing:
    return Standing(**{**vars(STRANGER), **parts})


OFFERED = standing(offered=True, took_part=True)
ASSIGNEE = standing(assignee=True, took_part=True)
FORMER = standing(took_part=True)
ROOM = standing(commands=True, reads=True)
OTHER_ROOM = standing(reads_elsewhere=True)
READER = standing(reads=True)


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(EXPECTED, VERBS)))
def test_every_verb_in_every_state(state: str, verb: str) -> None:
    assert TASK.after(state, verb) == EXPECTED[state].get(verb)


def test_the_table_has_nothing_else() -> None:
    assert set(TASK.states) == set(EXPECTED)
    assert sorted(TASK.verbs) == VERBS
    assert TASK.final == {"closed", "cancelled", "handed_over"}


def test_every_verb_has_just_one_party() -> None:
    parties = (BY_OFFERED, BY_ASSIGNEE, BY_COMMAND)
    assert sorted(verb for party in parties for verb in party) == VERBS


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("who", "verbs"),
    [
        (OFFERED, BY_OFFERED),
        (ASSIGNEE, BY_ASSIGNEE),
        (ROOM, BY_COMMAND),
        (FORMER, ()),
        (OTHER_ROOM, ()),
        (READER, ()),
        (STRANGER, ()),
    ],
)
def test_each_party_has_its_verbs(who: Standing, verbs: frozenset[str], verb: str) -> None:
    assert authority.entitled(verb, who) == (verb in verbs)


@pytest.mark.parametrize(
    ("who", "verb", "code"),
    [
        (STRANGER, "sign", "task.not_yours"),
        (STRANGER, "report", "task.not_yours"),
        (STRANGER, "cancel", "task.not_yours"),
        (OTHER_ROOM, "sign", "task.out_of_scope"),
        (OTHER_ROOM, "cancel", "task.out_of_scope"),
        (ROOM, "sign", "task.not_yours"),
        (ROOM, "report", "task.not_yours"),
        (ASSIGNEE, "close", "task.for_command_room"),
        (READER, "cancel", "task.for_command_room"),
    ],
)
def test_refusals_say_what_is_missing(who: Standing, verb: str, code: str) -> None:
    with pytest.raises(Forbidden) as refusal:
        authority.require_part(verb, who)
    assert refusal.value.code == code


@pytest.mark.parametrize("verb", sorted(BY_OFFERED | BY_ASSIGNEE))
def test_who_took_part_may_be_late(verb: str) -> None:
    authority.require_part(verb, FORMER)


@pytest.mark.parametrize("who", [OFFERED, ASSIGNEE, FORMER, ROOM, READER])
def test_parties_and_readers_see_the_task(who: Standing) -> None:
    authority.require_view(who)


def test_what_is_allowed_fits_state_and_party() -> None:
    assert authority.allowed("assigned", OFFERED) == ("sign",)
    assert authority.allowed("on_scene", ASSIGNEE) == ("report", "return", "call_support")
    assert set(authority.allowed("reported", ROOM)) == {"close", "send_back", "reassign", "link"}
    assert authority.allowed("assigned", STRANGER) == ()
