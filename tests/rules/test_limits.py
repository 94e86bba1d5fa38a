"""Which ways an attempt to sign in comes by, and when one is shut."""

from __future__ import annotations

import datetime as dt

import pytest

from gridserver.access.limits import Count, Way, enrolment, network, ways

NOON = dt.datetime(2026, 3, 10, 4, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def failures(*minutes: int) -> Count:
    count = Count(0, NOON)
    for minute in minutes:
        count = count.with_another(NOON + minute * MINUTE)
    return count


def test_five_in_a_row_shut_a_way_for_ten_minutes() -> None:
    four, five = failures(0, 1, 2, 3), failures(0, 1, 2, 3, 4)
    assert four.shut_until(5, NOON + 4 * MINUTE) is None
    until = five.shut_until(5, NOON + 4 * MINUTE)
    assert until == NOON + 14 * MINUTE
    assert five.shut_until(5, until - dt.timedelta(seconds=1)) == until
    assert five.shut_until(5, until) is None


def test_what_failed_ten_minutes_ago_is_forgotten() -> None:
    assert failures(0, 1, 2, 3, 14).failures == 1
    assert failures(0, 9, 18, 27, 36).failures == 5


def test_what_went_well_is_taken_out() -> None:
    assert failures(0, 1).with_one_less().failures == 1
    assert failures().with_one_less().failures == 0


def test_a_device_of_the_account_is_a_way_of_its_own() -> None:
    assert ways(b"a", "10.0.0.7", 17, False) == (Way(b"a", "device:17"),)


def test_a_stranger_comes_by_the_address_and_with_all_strangers() -> None:
    names = [(way.subject, way.name) for way in ways(b"a", "10.0.0.7", None, False)]
    assert names == [(b"", "address:10.0.0.7"), (b"a", "address:10.0.0.7"), (b"a", "strangers")]
    known = ways(b"a", "10.0.0.7", None, True)
    assert [way.name for way in known] == ["address:10.0.0.7"] * 2


def test_many_share_an_address() -> None:
    house, account, strangers = ways(b"a", "10.0.0.7", None, False)
    assert [way.most(5) for way in (house, account, strangers)] == [50, 5, 20]
    assert Way(b"a", "device:1").most(5) == 5


def test_codes_that_enrol_count_by_themselves() -> None:
    (way,) = enrolment("::ffff:10.0.0.7")
    assert (way.subject, way.name, way.most(5)) == (b"", "enrolment:10.0.0.7", 50)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_an_ipv6_client_is_one_place(address: str | None, place: str) -> None:
    assert network(address) == place
