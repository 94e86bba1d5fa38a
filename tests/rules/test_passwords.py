"""Which passwords nobody may choose (OWASP ASVS 5.0, V6.2)."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from gridserver.access import passwords
from gridserver.base.errors import Invalid


@pytest.mark.parametrize(
    "password",
    [
        "county-demo-1",
        "correct horse battery staple",
        "一格一警指令直达开化县公安局",
        "四个 字 的 口令 加 一 点",
        "x7 " * 40,
        "Tr0ub4dour&3x",
    ],
)
def test_what_is_taken(password: str) -> None:
    passwords.check(password, "330824001")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "account.short_password"),
        ("eleven-chrs", "account.short_password"),
        ("x" * 1025, "account.long_password"),
        ("qwertyuiop123", "account.common_password"),
        ("1qaz2wsx3edc", "account.common_password"),
        ("PASSWORD2026!!", "account.common_password"),
        ("woaini1314520", "account.common_password"),
        ("Jingcha110110", "account.common_password"),
        ("52013145201314", "account.common_password"),
        ("123456123456", "account.common_password"),
        ("aaaaaaaaaaaa", "account.common_password"),
        ("my-330824001-x", "account.own_password"),
        ("my-gridserver-1", "account.own_password"),
    ],
)
def test_what_is_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.check(password, "330824001")
    assert (refusal.value.code, refusal.value.field) == (code, "password")


def test_beside_a_second_factor_eight_are_enough() -> None:
    least = passwords.LEAST_BESIDE_A_FACTOR
    passwords.check("kv7-pq2x", "command", least=least)
    with pytest.raises(Invalid):
        passwords.check("kv7-pq2", "command", least=least)
    with pytest.raises(Invalid, match="among the first"):
        passwords.check("a123456789", "command", least=least)


def test_the_list_holds_what_the_standard_asks_for() -> None:
    """The 3,000 commonest that are long enough (V6.2.4)."""
    known = passwords._known()
    assert len([each for each in known if len(each) >= passwords.LEAST_BESIDE_A_FACTOR]) > 3000
    assert {"password", "12345678", "woaini1314", "zhongguo", "paichusuo"} <= known


def test_a_hash_is_argon2id_and_renewed_when_more_is_asked() -> None:
    hashed = passwords.hash_password("county-demo-1")
    assert hashed.startswith("$argon2id$")
    assert passwords.matches(hashed, "county-demo-1")
    assert not passwords.matches(hashed, "county-demo-1 ")
    assert not passwords.is_outdated(hashed)
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8192).hash("x"))


@pytest.mark.parametrize("stored", [None, passwords.unusable_password()])
def test_nobody_and_no_password_match_nothing(stored: str | None) -> None:
    for password in ("", "!", "county-demo-1"):
        assert not passwords.matches(stored, password)
