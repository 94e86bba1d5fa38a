"""Signs of life, and what devices say of themselves, gathered by a web process."""

from __future__ import annotations

import datetime as dt

import pytest

from gridserver.access import device_list, signing_in
from gridserver.access.device_list import DeviceCard, Wanted
from gridserver.access.devices import Said
from gridserver.base.clock import SetClock
from gridserver.base.db import Database
from gridserver.delivery import queries
from gridserver.delivery.contacts import RESOLUTION, ContactWriter
from tests.county import PASSWORD, County, commit_county

OFFICER = "330824001"
DEVICE = "handheld-7"


@pytest.fixture
def county(database: Database) -> County:
    county = commit_county(database)
    with database.transaction() as session:
        signing_in.sign_in(session, OFFICER, PASSWORD, DEVICE)
    return county


@pytest.fixture
def contacts(database: Database) -> ContactWriter:
    """A writer whose thread doesn't run: `stop` stores what is pending."""
    return ContactWriter(database, crashed=lambda: pytest.fail("crashed"))


def card(database: Database) -> DeviceCard:
    with database.transaction() as session:
        (found,) = device_list.devices(session, None, Wanted())
    return found


def test_a_sign_of_life_is_the_account_s_and_the_device_s(
    database: Database, county: County, contacts: ContactWriter, clock: SetClock
) -> None:
    clock.advance(dt.timedelta(minutes=3))
    account_id = county.accounts[OFFICER]
    contacts.take(account_id, DEVICE)
    contacts.take(account_id, "session:of-no-device")
    contacts.take(county.accounts["command"])
    contacts.stop()
    assert card(database).last_seen_at == clock.now()
    with database.transaction() as session:
        both = (account_id, county.accounts["command"])
        assert queries.last_seen(session, both) == dict.fromkeys(both, clock.now())


def test_what_was_said_at_different_moments_is_kept_together(
    database: Database, county: County, contacts: ContactWriter, clock: SetClock
) -> None:
    account_id = county.accounts[OFFICER]
    contacts.report(account_id, DEVICE, Said(app_version="1.4.0", battery=0.5))
    clock.advance(dt.timedelta(seconds=20))
    contacts.report(account_id, DEVICE, Said(battery=0.4))
    contacts.take(account_id, DEVICE)
    contacts.stop()
    stored = card(database)
    assert (stored.app_version, stored.battery) == ("1.4.0", 0.4)
    assert stored.battery_at == stored.last_seen_at == clock.now()


def test_what_tells_nothing_new_is_not_written(
    database: Database, county: County, contacts: ContactWriter, clock: SetClock
) -> None:
    account_id = county.accounts[OFFICER]

    def said(battery: float) -> DeviceCard:
        contacts.report(account_id, DEVICE, Said(battery=battery))
        contacts.stop()
        return card(database)

    first = said(0.5)
    clock.advance(RESOLUTION - dt.timedelta(seconds=1))
    assert said(0.5) == first
    assert said(0.4).battery == 0.4
    clock.advance(RESOLUTION)
    assert said(0.4).battery_at == clock.now()
