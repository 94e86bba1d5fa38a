"""Partners and their letters: names, addresses, and when a letter is tried again."""

from __future__ import annotations

import datetime as dt

import pytest

from gridserver.base.errors import Invalid
from gridserver.exchange.lifecycle import REJECT
from gridserver.partners import rules
from gridserver.partners.lifecycle import LETTER


def test_the_pause_doubles_up_to_an_hour() -> None:
    longest = [rules.pause(failed, 1.0).total_seconds() for failed in range(1, 12)]
    assert longest == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    assert rules.pause(3, 0.0) == dt.timedelta(seconds=20)


@pytest.mark.parametrize("code", ["110", "city-12345", "a" * 32])
def test_codes(code: str) -> None:
    assert rules.read_code(code) == code


@pytest.mark.parametrize("code", ["", "A", "a b", "-a", "a" * 33, "partners", "rejects", 110, None])
def test_bad_codes(code: object) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.read_code(code)
    assert refusal.value.field == "code"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/in", "https://agency.example/hook?from=110", None, " "]
)
def test_addresses(url: str | None) -> None:
    assert rules.read_webhook_url(url) == ((url and url.strip()) or None)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://agency.example/",
        "file:///etc/passwd",
        "//agency.example/",
        "http:///path",
        "http://user:word@agency.example/",
        "http://agency.example/#a",
        "http://agency.example:0/",
        "http://agency.example:99999/",
        "http://[::1/",
        "http://agency.example/a\tb",
        5,
    ],
)
def test_bad_addresses(url: object) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.read_webhook_url(url)
    assert refusal.value.field == "webhook_url"


@pytest.mark.parametrize("url", ["http://10.1.2.3:8080/in", "http://agency.example/hook"])
def test_an_address_elsewhere_is_https(url: str) -> None:
    with pytest.raises(Invalid, match=r"https.*GRIDSERVER_PLAIN_LINKS") as refusal:
        rules.read_webhook_url(url)
    assert (refusal.value.code, refusal.value.field) == ("exchange.plain_url", "webhook_url")
    assert rules.read_webhook_url(url, trusts_links=True) == url


@pytest.mark.parametrize(
    ("lifecycle", "expected"),
    [
        (
            LETTER,
            {
                "pending": {"deliver": "sent", "fail": "pending", "give_up": "dead"},
                "sent": {},
                "dead": {"retry": "pending"},
            },
        ),
        (
            REJECT,
            {
                "open": {"take": "taken", "dismiss": "dismissed", "come_again": "open"},
                "taken": {"come_again": "open"},
                "dismissed": {"come_again": "open"},
            },
        ),
    ],
)
def test_the_whole_product(lifecycle, expected: dict[str, dict[str, str]]) -> None:
    verbs = {verb for moves in expected.values() for verb in moves}
    assert set(lifecycle.verbs) == verbs
    for state in lifecycle.states:
        for verb in verbs:
            assert lifecycle.after(state, verb) == expected[state].get(verb), (state, verb)
