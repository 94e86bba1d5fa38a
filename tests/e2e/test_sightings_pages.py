"""A hit is a lead: an officer reports one without signal, the room answers it by the clock; and
where a bulletin was read stands on the map."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from tests.axe import assert_accessible
from tests.browser import HANDHELD, PATIENCE
from tests.e2e.bulletining import (
    LOCATED,
    NOTICE,
    ROOM,
    SEEN,
    STATION,
    WHERE,
    issue,
    kept_on,
    on_duty_in,
    open_at_the_desk,
    read,
    resolve,
    sight,
)
from tests.e2e.handhelds import (
    PIN,
    CommandRoom,
    enter,
    kept_by,
    set_pin,
    wait_until_installed,
)
from tests.e2e.serving import County
from tests.waiting import until

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]

#: A count of the panel is asked for every ten seconds.
COUNTED_MS = 60_000
#: A worker looks at the clock, and a page asks for alarms every five seconds.
CLOCK_MS = 60_000


@pytest.fixture
def officers(served: str) -> list[str]:
    """Two officers of the station who are on duty now."""
    return on_duty_in(served, STATION)[:2]


@pytest.fixture
def handheld(open_page: OpenPage, sign_in: SignIn) -> Callable[[str], Page]:
    """Open the bulletins of an officer's terminal, whose position is known."""

    def handheld(username: str) -> Page:
        page = sign_in(open_page("/login", viewport=HANDHELD, **LOCATED), username)
        page.get_by_test_id("tab-bulletins").click()
        expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
        return page

    return handheld


def answer(page: Page, verb: str, field: str, value: str) -> None:
    page.get_by_test_id(f"answer-{verb}").click()
    page.get_by_test_id(field).fill(value)
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def show_alarm(desk: Page, sighting: int) -> None:
    """Go from the alarm of an unanswered sighting to what it is about."""
    desk.get_by_test_id("alarms-all").click()
    alarm = desk.get_by_test_id(f"alarm-sighting:{sighting}")
    expect(alarm).to_contain_text("线索", timeout=CLOCK_MS)
    alarm.get_by_role("link").click()


def isnt_cut_off(part: Locator) -> bool:
    """Say whether nothing of a part of the page lies beyond its side."""
    wraps: bool = part.evaluate("each => each.scrollWidth <= each.clientWidth")
    return wraps


def looks_of(county: County, username: str, bulletin: int) -> int:
    """Count how often somebody was shown a bulletin's sightings."""
    query = sa.text(
        "SELECT count(*) FROM audit_entry WHERE tag = 'bulletin:look_sightings'"
        " AND actor = :username AND subject_id = :id"
    )
    engine = sa.create_engine(county.database_url)
    with engine.connect() as connection:
        found: int = connection.scalar(query, {"username": username, "id": str(bulletin)})
    engine.dispose()
    return found


def let_the_hour_pass(county: County, bulletin: int) -> None:
    """Make the answers to a bulletin's sightings due by now."""
    query = sa.text(
        "UPDATE bulletin_sighting SET answer_by = now() - interval '1 s' WHERE bulletin_id = :id"
    )
    engine = sa.create_engine(county.database_url)
    with engine.begin() as connection:
        connection.execute(query, {"id": bulletin})
    engine.dispose()


def test_a_sighting_without_signal_is_answered_and_goes_with_its_bulletin(
    served: str,
    open_page: OpenPage,
    sign_in: SignIn,
    handheld: Callable[[str], Page],
    officers: list[str],
) -> None:
    bulletin = issue(served, "开公接字〔2026〕1201号")
    first, second = (handheld(each) for each in officers)
    read(first, bulletin)
    first.get_by_test_id("sight").click()
    expect(first.get_by_test_id("capture-map")).to_have_attribute("data-ready", "true")
    expect(first.get_by_test_id("capture-place")).to_contain_text("12")
    expect(first.get_by_test_id("sight-send")).to_be_disabled()
    assert_accessible(first)

    first.context.set_offline(True)
    expect(first.get_by_test_id("link-state")).to_have_attribute("data-state", "offline")
    sight(first)
    waiting = first.get_by_test_id("sighting-waiting")
    expect(waiting).to_have_attribute("data-status", "queued")
    expect(waiting).to_contain_text(NOTICE)
    assert not any(SEEN in each or WHERE in each for each in kept_by(first))

    first.context.set_offline(False)
    own = first.get_by_test_id("sighting")
    expect(own).to_have_attribute("data-state", "open")
    expect(own.get_by_test_id("unconfirmed")).to_have_text(NOTICE)
    expect(waiting).to_have_count(0)
    expect(own.get_by_test_id("outcome")).to_contain_text("剩")

    # How many wait stands at the desk by itself; what was seen, for who asks.
    room = sign_in(open_page("/login"), ROOM)
    sightings = open_at_the_desk(room, bulletin)
    expect(room.get_by_test_id("sightings-counts")).to_have_text("共1条，待答复1条")
    expect(room.get_by_test_id("sightings-due")).to_be_visible()
    expect(sightings).not_to_contain_text(SEEN)
    room.get_by_test_id("sightings-look").click()
    expect(sightings).to_contain_text(SEEN)
    expect(sightings).to_contain_text(WHERE)
    room.get_by_test_id("sighting-to-map").click()
    expect(room.get_by_test_id("sighting-map")).to_have_attribute("data-ready", "true")
    assert_accessible(room)

    answer(room, "promise", "answer-minutes", "20")
    expect(own).to_have_attribute("data-state", "promised")
    expect(own.get_by_test_id("outcome")).to_contain_text("承诺")
    expect(own.get_by_test_id("unconfirmed")).to_be_visible()
    answer(room, "confirm", "answer-text", "请护送到所里")
    expect(own).to_have_attribute("data-state", "confirmed")
    expect(own).to_contain_text("请护送到所里")
    expect(own.get_by_test_id("unconfirmed")).to_have_count(0)
    expect(room.get_by_test_id("sightings-counts")).to_contain_text("待答复0条")
    room.get_by_test_id("sightings-hide").click()
    expect(sightings).not_to_contain_text(SEEN)

    # Nobody else's terminal shows it, and none does when the bulletin is over.
    read(second, bulletin)
    expect(second.get_by_test_id("own-sightings")).to_have_count(0)
    resolve(served, bulletin)
    expect(first.get_by_text("已失效")).to_be_visible()
    expect(first.get_by_test_id("own-sightings")).to_have_count(0)


def test_an_officers_other_terminal_has_it_and_what_to_do_stays_in_sight(
    kaihua: County, served: str, handheld: Callable[[str], Page], officers: list[str]
) -> None:
    bulletin = issue(served, "开公接字〔2026〕1206号")
    first, other = (handheld(officers[0]) for _ in range(2))
    for page in (first, other):
        read(page, bulletin)
    # Neither knows yet whether the officer wrote one before, and each asks.
    until(lambda: looks_of(kaihua, officers[0], bulletin) == 2, PATIENCE)
    for n in range(1, 5):
        first.get_by_test_id("sight").click()
        sight(first)
        expect(first.get_by_test_id("sighting")).to_have_count(n)
        expect(other.get_by_test_id("sighting")).to_have_count(n)
    expect(other.get_by_test_id("sighting").first).to_contain_text(SEEN)
    # What was written elsewhere was looked up, once each; the terminal that wrote it knew.
    assert looks_of(kaihua, officers[0], bulletin) == 2 + 4
    expect(other.get_by_text("有新进展")).to_have_count(0)

    # However many there are, the person, what to do, and that nothing is confirmed are seen first.
    first.set_viewport_size({"width": 360, "height": 480})
    first.reload()
    mark = first.get_by_test_id("own-sightings-mark")
    expect(mark).to_contain_text(f"4条 {NOTICE}")
    for seen_first in (mark, first.get_by_test_id("fact"), first.get_by_text("发现后怎么做")):
        expect(seen_first).to_be_in_viewport()
    newest = first.get_by_test_id("sighting").first
    expect(newest).not_to_be_in_viewport()
    mark.click()
    expect(newest).to_be_in_viewport()
    resolve(served, bulletin)


def test_one_that_was_refuted_stays_unconfirmed(
    served: str,
    open_page: OpenPage,
    sign_in: SignIn,
    handheld: Callable[[str], Page],
    officers: list[str],
) -> None:
    bulletin = issue(served, "开公接字〔2026〕1202号")
    page = handheld(officers[0])
    read(page, bulletin)
    page.get_by_test_id("sight").click()
    page.get_by_test_id("sight-urgent").check()
    sight(page, where="W" * 200)
    own = page.get_by_test_id("sighting")
    expect(own).to_contain_text("紧急")

    room = sign_in(open_page("/login"), ROOM)
    open_at_the_desk(room, bulletin)
    room.get_by_test_id("sightings-look").click()
    assert isnt_cut_off(room.get_by_role("region", name="走失人员")), "a word without end wraps"
    answer(room, "refute", "answer-text", "已联系，不是同一人")
    expect(own).to_have_attribute("data-state", "refuted")
    expect(own.get_by_test_id("unconfirmed")).to_have_text(NOTICE)
    expect(room.get_by_test_id("answer-confirm")).to_have_count(0)
    resolve(served, bulletin)


def test_one_that_nobody_answers_is_raised_and_leads_to_its_bulletin(
    kaihua: County,
    served: str,
    open_page: OpenPage,
    sign_in: SignIn,
    handheld: Callable[[str], Page],
    officers: list[str],
) -> None:
    bulletin = issue(served, "开公接字〔2026〕1203号")
    page = handheld(officers[0])
    read(page, bulletin)
    page.get_by_test_id("sight").click()
    sight(page)
    own = page.get_by_test_id("sighting")
    expect(own).to_have_attribute("data-state", "open")
    expect(own.get_by_test_id("outcome")).to_contain_text("剩")

    let_the_hour_pass(kaihua, bulletin)
    expect(own).to_have_attribute("data-state", "escalated", timeout=CLOCK_MS)
    expect(own.get_by_test_id("outcome")).to_contain_text("已报局指挥室督办")
    expect(own.get_by_test_id("unconfirmed")).to_have_text(NOTICE)

    (late,) = CommandRoom(served, ROOM).get(f"/bulletins/{bulletin}/sightings")["items"]
    for username in (ROOM, "command"):
        desk = sign_in(open_page("/login"), username)
        show_alarm(desk, late["id"])
        panel = desk.get_by_test_id("bulletin-panel")
        expect(panel).to_contain_text(f"第{bulletin}号")
        expect(desk.get_by_test_id("sightings-due")).to_contain_text("超时")
        # It works again from the page itself.
        desk.get_by_test_id("bulletins-all").click()
        expect(panel).to_have_count(0)
        show_alarm(desk, late["id"])
        expect(panel).to_be_visible()

    # Only the room that issued it says what it is.
    expect(desk.get_by_test_id("answer-refute")).to_have_count(0)
    resolve(served, bulletin)


def test_what_is_written_without_signal_arrives_once_and_goes_with_its_bulletin(
    served: str, handheld: Callable[[str], Page], officers: list[str]
) -> None:
    bulletin = issue(served, "开公接字〔2026〕1205号")
    page = handheld(officers[0])
    wait_until_installed(page)
    set_pin(page)
    page.get_by_test_id("tab-bulletins").click()
    read(page, bulletin)
    until(lambda: bulletin in kept_on(page), PATIENCE)

    page.context.set_offline(True)
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "offline")
    for _ in range(2):
        page.get_by_test_id("sight").click()
        sight(page)
    expect(page.get_by_test_id("sighting-waiting")).to_have_count(2)
    page.reload()
    enter(page, PIN)
    expect(page.get_by_test_id("sighting-waiting")).to_have_count(2)

    page.context.set_offline(False)
    expect(page.get_by_test_id("sighting")).to_have_count(2)
    expect(page.get_by_test_id("sighting-waiting")).to_have_count(0)
    # What was said may be said again, as after a lost answer: it is one and the same.
    page.reload()
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "live")
    expect(page.get_by_test_id("sighting")).to_have_count(2)
    room = CommandRoom(served, ROOM)
    assert room.get(f"/bulletins/{bulletin}")["sightings"]["total"] == 2

    page.get_by_test_id("sight").click()
    page.get_by_test_id("sight-text").fill(SEEN)
    resolve(served, bulletin)
    expect(page.get_by_text("已失效")).to_be_visible()
    expect(page.get_by_test_id("sight-sheet")).to_have_count(0)
    expect(page.get_by_test_id("own-sightings")).to_have_count(0)
    until(lambda: bulletin not in kept_on(page), PATIENCE)


def test_where_a_bulletin_was_read_stands_on_the_map(
    served: str,
    open_page: OpenPage,
    sign_in: SignIn,
    handheld: Callable[[str], Page],
    officers: list[str],
) -> None:
    bulletin = issue(served, "开公接字〔2026〕1204号")
    read(handheld(officers[0]), bulletin)
    room = sign_in(open_page("/login"), ROOM)
    open_at_the_desk(room, bulletin)
    expect(room.get_by_test_id("count-read")).to_have_text("1", timeout=COUNTED_MS)
    cells = room.get_by_test_id("bulletin-at-cells")
    expect(cells.get_by_role("table")).to_have_count(0)

    room.get_by_test_id("cells-look").click()
    expect(room.get_by_test_id("bulletin-cells-map")).to_have_attribute("data-ready", "true")
    given = CommandRoom(served, ROOM).get(f"/bulletins/{bulletin}/cells")["items"]
    rows = cells.locator("tbody tr")
    expect(rows).to_have_count(len(given))
    for each in given:
        row = cells.get_by_test_id(f"at-cell-{each['code'] or 'none'}")
        counts = [str(each[name]) for name in ("told", "holding", "read", "not_read")]
        expect(row.locator("td.numeric")).to_have_text(counts)
    assert_accessible(room)
    room.get_by_test_id("cells-hide").click()
    expect(rows).to_have_count(0)
    resolve(served, bulletin)


def test_the_auditor_is_shown_no_cells_and_answers_nothing(
    served: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    bulletin = issue(served, f"开公接字〔2026〕{uuid.uuid4().hex[:6]}号")
    auditor = sign_in(open_page("/login"), "auditor")
    open_at_the_desk(auditor, bulletin)
    expect(auditor.get_by_test_id("sightings-counts")).to_contain_text("共0条")
    expect(auditor.get_by_test_id("bulletin-at-cells")).to_have_count(0)
    expect(auditor.get_by_test_id("cap-export")).to_have_count(0)
    resolve(served, bulletin)
