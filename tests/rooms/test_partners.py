"""Partners and the outbox: what is queued, claimed, settled and given up."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.dispatch import handover, queries
from gridserver.partners import outbox, rules, service
from gridserver.partners.models import Letter
from gridserver.partners.outbox import LEASE, Answer
from gridserver.partners.service import Terms
from gridserver.partners.signatures import Unsigned
from tests.county import County
from tests.exchange import add_partner
from tests.rooms.dispatching import DATA, say, take

HOOK = "http://127.0.0.1:9/hook"
DELIVERED, REFUSED = Answer(status=204), Answer(status=500)


def queue(session: Session, agency: str = "12345", subject: int = 1) -> uuid.UUID | None:
    return outbox.queue(
        session, agency, "test", subject_kind="task", subject_id=subject, body={"n": subject}
    )


@pytest.fixture
def agency(session: Session, county: County):
    return add_partner(
        session, county, "12345", webhook_url=HOOK, name="12345热线", name_en="City line"
    )


def letters(session: Session) -> list[Letter]:
    return list(session.scalars(select(Letter).order_by(Letter.id)))


# --- partners


def test_only_an_admin_of_the_bureau_edits(session: Session, county: County) -> None:
    for username in ("command", "gis", "auditor", "room-33082401", "330824001"):
        actor = county.principal(username)
        with pytest.raises(Forbidden):
            service.add(session, actor, "110", Terms("110"))
        with pytest.raises(Forbidden):
            service.partners(session, actor)
        with pytest.raises(Forbidden):
            outbox.page(session, actor, state="dead")


def test_a_partner_has_an_account_that_nobody_can_use(session: Session, county: County) -> None:
    partner = add_partner(session, county, "110", name="110接警平台")
    actor = service.principal(session, partner)
    assert (actor.username, actor.display_name) == ("partner-110", "110接警平台")
    assert actor.may("incident.report")
    assert not actor.may("incident.read") and not actor.may("task.command")


def test_a_plain_address_from_before_stays_but_no_other_comes(
    session: Session, county: County
) -> None:
    admin, plain = county.principal("admin"), "http://192.0.2.7/hook"
    service.add(session, admin, "110", Terms("110", webhook_url=plain), trusts_links=True)
    with pytest.raises(Invalid) as refusal:
        service.put(session, admin, "110", Terms("110", webhook_url=f"{plain}s"))
    assert (refusal.value.code, refusal.value.field) == ("exchange.plain_url", "webhook_url")
    off = Terms("110", webhook_url=plain, enabled=False)
    assert not service.put(session, admin, "110", off).enabled


def test_codes_and_names_are_unique(session: Session, county: County, agency) -> None:
    admin = county.principal("admin")
    for code, terms, error in (
        ("12345", Terms("x"), "exchange.exists"),
        ("a", Terms("12345热线"), "exchange.name_taken"),
        ("a", Terms("12345"), "exchange.name_taken"),
        ("a", Terms("x", name_en="City line"), "exchange.name_taken"),
    ):
        with pytest.raises(Conflict) as refusal:
            service.add(session, admin, code, terms)
        assert refusal.value.code == error
    kept = service.put(session, admin, "12345", Terms("12345热线", "City line"))
    assert (kept.name, kept.webhook_url) == ("12345热线", None)


def test_bad_terms_are_refused(session: Session, county: County) -> None:
    admin = county.principal("admin")
    for terms, field in (
        (Terms(" "), "name"),
        (Terms("x", "y" * 101), "name_en"),
        (Terms("x", webhook_url="gopher://x/"), "webhook_url"),
    ):
        with pytest.raises(Invalid) as refusal:
            service.add(session, admin, "a", terms)
        assert refusal.value.field == field
    with pytest.raises(NotFound):
        service.put(session, admin, "nobody", Terms("x"))


def test_a_disabled_partner_sends_nothing(session: Session, county: County, agency) -> None:
    assert service.sender(session, "12345").id == agency.id
    service.put(session, county.principal("admin"), "12345", Terms("x", enabled=False))
    for code in ("12345", "nobody"):
        with pytest.raises(Unsigned) as refusal:
            service.sender(session, code)
        assert refusal.value.code == "exchange.bad_signature"


# --- the outbox


@pytest.mark.parametrize("name", ["12345", "12345热线", "City line"])
def test_an_agency_goes_by_three_names(session: Session, county: County, agency, name: str) -> None:
    delivery = queue(session, name)
    (claimed,) = outbox.claim(session, 8)
    assert (claimed.delivery, claimed.url, claimed.body) == (delivery, HOOK, {"n": 1})


def test_nothing_is_queued_for_who_cant_be_told(session: Session, county: County) -> None:
    add_partner(session, county, "mute")
    add_partner(session, county, "off", webhook_url=HOOK, enabled=False)
    assert [queue(session, name) for name in ("mute", "off", "单位of", "nobody")] == [None] * 4
    assert letters(session) == []


def test_one_letter_a_partner_at_a_time(session: Session, county: County, agency) -> None:
    add_partner(session, county, "97", webhook_url=HOOK)
    queue(session, subject=1)
    queue(session, subject=2)
    queue(session, "97", subject=3)
    claimed = outbox.claim(session, 8)
    assert sorted(letter.body["n"] for letter in claimed) == [1, 3]
    assert outbox.claim(session, 8) == []
    outbox.settle(session, next(c for c in claimed if c.body["n"] == 1), DELIVERED)
    assert [letter.body["n"] for letter in outbox.claim(session, 8)] == [2]


def test_no_more_is_claimed_than_asked(session: Session, county: County, agency) -> None:
    add_partner(session, county, "97", webhook_url=HOOK)
    queue(session)
    queue(session, "97")
    assert outbox.claim(session, 0) == []
    assert len(outbox.claim(session, 1)) == 1


def test_what_a_dead_worker_held_is_sent_again(
    session: Session, county: County, agency, clock: SetClock
) -> None:
    delivery = queue(session)
    (lost,) = outbox.claim(session, 8)
    clock.advance(LEASE - dt.timedelta(seconds=1))
    assert outbox.claim(session, 8) == []
    clock.advance(dt.timedelta(seconds=1))
    (again,) = outbox.claim(session, 8)
    assert again.delivery == lost.delivery == delivery
    outbox.settle(session, again, DELIVERED)
    outbox.settle(session, lost, REFUSED)  # it wasn't dead after all, only slow
    (letter,) = letters(session)
    assert (letter.state, letter.tries, letter.status) == ("sent", 1, 204)


def test_a_slow_worker_doesnt_free_what_another_holds(
    session: Session, county: County, agency, clock: SetClock
) -> None:
    queue(session, subject=1)
    queue(session, subject=2)
    (slow,) = outbox.claim(session, 8)
    clock.advance(LEASE)
    outbox.claim(session, 8)
    outbox.settle(session, slow, DELIVERED)
    assert outbox.claim(session, 8) == []


def test_a_letter_is_tried_with_growing_pauses_and_then_dead(
    session: Session, county: County, agency, clock: SetClock
) -> None:
    queue(session)
    pauses = []
    for _ in range(rules.MOST_TRIES):
        (claimed,) = outbox.claim(session, 8)
        outbox.settle(session, claimed, REFUSED)
        (letter,) = letters(session)
        pauses.append((letter.due_at - clock.now()).total_seconds())
        assert outbox.claim(session, 8) == []
        clock.set(max(letter.due_at, clock.now()))
    for failed, pause in enumerate(pauses[:-1], 1):
        whole = rules.pause(failed, 1.0).total_seconds()
        assert whole / 2 <= pause <= whole
    assert (letter.state, letter.tries, letter.status) == ("dead", rules.MOST_TRIES, 500)
    clock.advance(dt.timedelta(days=1))
    assert outbox.claim(session, 8) == []
    assert outbox.counts(session) == {"12345": {"dead": 1}}
    tags = session.scalars(select(AuditEntry.tag).where(AuditEntry.subject_kind == "letter"))
    assert list(tags) == ["exchange:give_up"]


def test_a_dead_letter_is_seen_and_tried_again(
    session: Session, county: County, agency, clock: SetClock
) -> None:
    admin = county.principal("admin")
    delivery = queue(session)
    for _ in range(rules.MOST_TRIES):
        outbox.settle(session, outbox.claim(session, 8)[0], Answer(error="ConnectTimeout"))
        clock.advance(dt.timedelta(hours=1))
    (card,) = outbox.page(session, admin, state="dead")
    assert (card.delivery, card.partner, card.error) == (delivery, "12345", "ConnectTimeout")
    assert outbox.retry(session, admin, card.id).state == "pending"
    (claimed,) = outbox.claim(session, 8)
    outbox.settle(session, claimed, DELIVERED)
    (card,) = outbox.page(session, admin, state="sent", partner="12345")
    assert (card.tries, card.status, card.error) == (1, 204, None)
    with pytest.raises(Conflict, match="only a dead one"):
        outbox.retry(session, admin, card.id)
    with pytest.raises(NotFound):
        outbox.retry(session, admin, 0)


def test_what_waits_for_a_partner_waits_while_it_is_disabled(
    session: Session, county: County, agency
) -> None:
    queue(session)
    admin = county.principal("admin")
    service.put(session, admin, "12345", Terms("x", webhook_url=HOOK, enabled=False))
    assert outbox.claim(session, 8) == []
    service.put(session, admin, "12345", Terms("x", webhook_url=HOOK))
    assert len(outbox.claim(session, 8)) == 1


# --- handing a task over


def hand_over(session: Session, county: County, agency: str) -> int:
    task_id = take(session, county).task.id
    say(session, county, "command", task_id, "hand_over", DATA["hand_over"] | {"agency": agency})
    return task_id


def test_a_task_handed_over_makes_a_letter(session: Session, county: County, agency) -> None:
    task_id = hand_over(session, county, "12345热线")
    (letter,) = letters(session)
    assert (letter.type, letter.subject_id) == ("task.handed_over", str(task_id))
    assert letter.body["task"] == task_id
    assert letter.body["text"] == DATA["hand_over"]["text"]
    assert letter.body["incident"]["category"]["code"] == "dispute"
    assert letter.body["incident"].keys().isdisjoint({"cell", "station", "method"})
    told = queries.task_for(session, county.principal("command"), task_id)
    assert handover.letter(session, told) == {
        "state": "pending",
        "at": letter.created_at.isoformat(),
        "tries": 0,
    }


def test_an_agency_without_a_system_is_told_by_telephone(session: Session, county: County) -> None:
    task_id = hand_over(session, county, "供电公司")
    assert letters(session) == []
    told = queries.task_for(session, county.principal("command"), task_id)
    assert handover.letter(session, told) is None


def test_a_refused_hand_over_makes_no_letter(session: Session, county: County, agency) -> None:
    task_id = hand_over(session, county, "12345")
    again = say(session, county, "command", task_id, "hand_over", DATA["hand_over"])
    assert again.status == 409
    assert len(letters(session)) == 1
