"""What an order may say, when its clock rings, what answers it: without a database."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridserver.base.errors import Invalid
from gridserver.orders import rules
from gridserver.orders.lifecycle import ORDER
from gridserver.orders.rules import Draft
from tests.conftest import MORNING

NOTICE = Draft("notice", "防汛", "今晚有大雨。")
HOUR = dt.timedelta(hours=1)
#: Past the last year in UTC.
FAR = dt.datetime.max.replace(tzinfo=dt.timezone(-12 * HOUR))

#: As the brief has it, apart from the code's table.
EXPECTED = {("issued", "remind"): "issued"}
EXPECTED |= {("issued", "recall"): "recalled", ("issued", "close"): "closed"}


@pytest.mark.parametrize(
    ("state", "verb"),
    list(itertools.product(("issued", "recalled", "closed"), ("remind", "recall", "close"))),
)
def test_the_life_of_an_order(state: str, verb: str) -> None:
    assert ORDER.after(state, verb) == EXPECTED.get((state, verb))


def test_texts_are_trimmed_and_the_deadline_is_told_in_utc() -> None:
    draft = replace(NOTICE, title=" 防汛 ", asks="read", answer_by=MORNING + HOUR)
    checked = rules.checked(draft, MORNING)
    assert checked.title == "防汛"
    assert checked.answer_by is not None and checked.answer_by.utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"kind": "wish"}, "order.unknown_word", "kind"),
        ({"urgency": "very"}, "order.unknown_word", "urgency"),
        ({"asks": "money"}, "order.unknown_word", "asks"),
        ({"title": " "}, "input.length", "title"),
        ({"title": "长" * 81}, "input.length", "title"),
        ({"text": "长" * 2_001}, "input.length", "text"),
        ({"choices": ("到", "不到")}, "order.choices", "choices"),
        ({"asks": "choice"}, "order.choices", "choices"),
        ({"asks": "choice", "choices": ("到",)}, "order.choices", "choices"),
        ({"asks": "choice", "choices": ("到", " 到")}, "order.choices", "choices"),
        ({"asks": "choice", "choices": tuple("abcdefg")}, "order.choices", "choices"),
        ({"answer_by": MORNING + HOUR}, "order.deadline", "answer_by"),
        ({"asks": "read", "answer_by": MORNING}, "order.deadline", "answer_by"),
        (
            {"asks": "read", "answer_by": MORNING + dt.timedelta(days=91)},
            "order.deadline",
            "answer_by",
        ),
        ({"asks": "read", "answer_by": FAR}, "input.not_moment", "answer_by"),
        ({"refers_to": 7}, "order.relation", "relation"),
        ({"relation": "renews"}, "order.relation", "relation"),
        ({"refers_to": 7, "relation": "likes"}, "order.unknown_word", "relation"),
    ],
)
def test_what_no_order_says(changes: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.checked(replace(NOTICE, **changes), MORNING)
    assert (refusal.value.code, refusal.value.field) == (code, field)


def test_a_notice_rings_only_at_its_end() -> None:
    assert rules.deadlines(NOTICE, MORNING) == {"expires": MORNING + dt.timedelta(days=7)}


@given(st.timedeltas(min_value=dt.timedelta(minutes=1), max_value=dt.timedelta(days=90)))
def test_an_order_rings_at_half_at_its_deadline_and_a_week_later(given_time: dt.timedelta) -> None:
    order = replace(NOTICE, kind="order", asks="read", answer_by=MORNING + given_time)
    rings = rules.deadlines(order, MORNING)
    assert MORNING < rings["half"] < rings["answer_by"] < rings["expires"]
    assert rings["half"] - MORNING == given_time / 2
    assert rings["expires"] - rings["answer_by"] == dt.timedelta(days=7)


@pytest.mark.parametrize(
    ("asks", "verb", "data", "answer"),
    [
        ("none", "read", {}, None),
        ("read", "read", {}, {}),
        ("choice", "read", {}, None),
        ("choice", "answer", {"choice": "到"}, {"choice": "到"}),
        ("text", "answer", {"text": " 已到 "}, {"text": "已到"}),
    ],
)
def test_what_answers(
    asks: str, verb: str, data: dict[str, Any], answer: dict[str, Any] | None
) -> None:
    assert rules.read_answer(asks, ("到", "不到"), verb, data) == answer


@pytest.mark.parametrize(
    ("asks", "verb", "data", "code", "field"),
    [
        ("read", "sign", {}, "order.unknown_verb", "verb"),
        ("none", "answer", {}, "order.bad_answer", "verb"),
        ("read", "answer", {}, "order.bad_answer", "verb"),
        ("read", "read", {"text": "已阅"}, "order.bad_answer", "data.text"),
        ("choice", "answer", {}, "order.bad_answer", "data.choice"),
        ("choice", "answer", {"choice": "也许"}, "order.bad_answer", "data.choice"),
        ("choice", "answer", {"choice": ["到"]}, "order.bad_answer", "data.choice"),
        ("choice", "answer", {"text": "到"}, "order.bad_answer", "data.text"),
        ("text", "answer", {}, "input.not_text", "data.text"),
        ("text", "answer", {"text": ""}, "input.length", "data.text"),
        ("text", "answer", {"text": "好", "\0": 1}, "order.bad_answer", "data.'\\x00'"),
    ],
)
def test_what_does_not_answer(
    asks: str, verb: str, data: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.read_answer(asks, ("到", "不到"), verb, data)
    assert (refusal.value.code, refusal.value.field) == (code, field)
