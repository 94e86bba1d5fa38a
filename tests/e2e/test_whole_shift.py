"""A whole shift at the desk: the watch taken over, thirty calls by the keyboard alone, a duplicate,
a hand-over, an officer's call for support, a lost link, a mobilisation, feedback reviewed, and the
watch handed on. Then every figure that a page shows equals SQL run beside it.

The county is this file's own, so that its counts are exact.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import statistics
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import shape

from gridserver.demo.clients import Account
from tests.browser import HANDHELD, PATIENCE
from tests.e2e.board import row_of
from tests.e2e.desk import Desk, How, Pace, Village, counts, shown_task
from tests.e2e.handhelds import CELLS
from tests.e2e.officers import Officers, officers
from tests.e2e.rows import Rows
from tests.e2e.serving import PASSWORD, County, county
from tests.waiting import until

OpenPage = Callable[..., Page]
log = logging.getLogger(__name__)

#: Who has the desk before and after.
COLLEAGUE = "watch-2"


class Call(NamedTuple):
    """What a caller says, and how the dispatcher finds the place."""

    village: str
    how: How
    category: str
    words: str


CALLS = (
    Call("华山村", "name", "dispute", "两户为水渠争吵"),
    Call("枫树底社区", "initials", "help", "老人忘带钥匙"),
    Call("菖蒲村", "pinyin", "dispute", "土地边界起争执"),
    Call("华阳村", "code", "help", "孩子找不到家长"),
    Call("霞湖村", "degrees", "dispute", "邻居噪声"),
    Call("友谊村", "name", "report", "桥栏杆松动"),
    Call("新青阳村", "initials", "dispute", "欠款不还"),
    Call("虹光村", "pinyin", "help", "车陷在田里"),
    Call("旭日村", "name", "public_order", "酒后闹事"),
    Call("池淮村", "angles", "dispute", "宅基地纠纷"),
    Call("城北社区", "name", "complaint", "路灯不亮"),
    Call("上街村", "name", "traffic", "两车刮擦"),
    Call("许家源村", "initials", "dispute", "合伙账目不清"),
    Call("丰盈坦村", "pinyin", "help", "山路塌方堵车"),
    Call("大溪边村", "initials", "dispute", "狗咬伤人"),
    Call("塘源口村", "name", "traffic", "货车侧翻"),
    Call("真子坑村", "pinyin", "help", "有人走失"),
    Call("汶川口村", "name", "dispute", "卖菜摊位之争"),
    Call("仁宗坑村", "code", "report", "电线垂落"),
    Call("姚家源村", "initials", "dispute", "工钱未结"),
    Call("阳坑口村", "name", "criminal", "摩托车被盗"),
    Call("徐塘村", "degrees", "help", "水管爆裂"),
    Call("城西社区", "name", "dispute", "停车位争执"),
    Call("下界首村", "initials", "help", "老人摔倒"),
    Call("古田村", "name", "dispute", "林地纠纷"),
    Call("高升村", "pinyin", "public_order", "赌博举报"),
    Call("什城村", "name", "dispute", "婚姻纠纷"),
    Call("兴旺村", "name", "help", "门锁打不开"),
    Call("芳林村", "pinyin", "dispute", "茶山采摘之争"),
)
#: The thirtieth is a second call about the fifth.
AGAIN = Call("霞湖村", "name", "dispute", "又有人说邻居吵闹")


@pytest.fixture
def own() -> Iterator[County]:
    with county() as served:
        served.run(
            "account", "add", COLLEAGUE, "--role", "command", "--password-stdin", said=PASSWORD
        )
        yield served


@pytest.fixture
def served(own: County) -> str:
    return own.address


@pytest.fixture
def rows(own: County) -> Rows:
    return Rows(own.database_url)


@pytest.fixture
def colleague(served: str) -> Iterator[Account]:
    with Account(served, COLLEAGUE, PASSWORD) as account:
        yield account


@pytest.fixture
def field(served: str, rows: Rows) -> Iterator[Officers]:
    with officers(served, rows) as everybody:
        yield everybody


@pytest.fixture(scope="module")
def villages() -> dict[str, Village]:
    found = {}
    for feature in json.loads(CELLS.read_text(encoding="utf-8"))["features"]:
        named, inside = feature["properties"], shape(feature["geometry"]).representative_point()
        found[named["name"]] = Village(named["name"], named["code"], inside.x, inside.y)
    return found


def sign_in(page: Page, username: str) -> Desk:
    """Sign in by the keyboard; the cursor waits in the first field."""
    desk = Desk(page)
    expect(page.get_by_test_id("login-username")).to_be_focused()
    desk.write(username)
    desk.press("Tab")
    desk.write(PASSWORD)
    desk.press("Enter")
    return desk


# Two minutes where nothing else runs; ten times that is still an answer.
@pytest.mark.timeout(1500)
def test_a_whole_shift(
    open_page: OpenPage,
    colleague: Account,
    field: Officers,
    rows: Rows,
    villages: dict[str, Village],
    record_property: Callable[[str, object], None],
) -> None:
    desk = take_the_watch_over(open_page, colleague)
    shift = Shift(desk, rows, field, villages)
    shift.take(CALLS[:10])
    work_off(shift)
    hand_to_an_agency(shift, CALLS[10])
    a_second_call_sends_nobody(shift, AGAIN, CALLS[4])
    shift.take(CALLS[11:18])
    support_is_called(shift, open_page)
    a_lost_link_heals(shift, colleague)
    mobilised(shift, CALLS[18:20])
    shift.take(CALLS[20:])
    review(shift)
    assert len(shift.paces) == len(CALLS) + 1 == 30
    shift.tell(record_property)

    the_board_equals_the_rows(shift)
    the_figures_equal_the_rows(open_page, rows)
    the_wall_equals_the_rows(open_page, rows)
    hand_the_watch_over(shift, colleague)


class Shift:
    """What goes on at the desk and outside, and the tasks by the villages that they are about."""

    def __init__(
        self, desk: Desk, rows: Rows, field: Officers, villages: dict[str, Village]
    ) -> None:
        self.desk = desk
        self.rows = rows
        self.field = field
        self.villages = villages
        self.tasks: dict[str, int] = {}
        self.numbers: dict[str, str] = {}
        self.paces: list[Pace] = []

    def take(self, calls: tuple[Call, ...]) -> None:
        for call in calls:
            village = self.villages[call.village]
            self.paces.append(self.desk.take(village, call.how, call.category, call.words))
            self.keep(call)

    def keep(self, call: Call) -> None:
        task, number = self.rows.latest()
        self.tasks[call.village], self.numbers[call.village] = task, f"{number:04}"
        row_of(self.desk.page, task)

    def tell(self, record: Callable[[str, object], None]) -> None:
        """Say how much work a call was."""
        presses = statistics.median(pace.presses for pace in self.paces)
        seconds = statistics.median(pace.seconds for pace in self.paces)
        record("presses_per_call", presses)
        record("seconds_per_call", round(seconds, 2))
        log.info("a call: %s presses, %.2f s (medians of %d)", presses, seconds, len(self.paces))


def take_the_watch_over(open_page: OpenPage, colleague: Account) -> Desk:
    now = dt.datetime.now(dt.UTC)
    watch = {"from": (now - dt.timedelta(hours=8)).isoformat(), "to": now.isoformat()}
    given = colleague.post("/handovers", {"unit": "330824", "remark": "一切正常", **watch})
    page = open_page(f"/login?to=/handovers%3Fid={given['id']}")
    desk = sign_in(page, "command")
    expect(page.get_by_test_id("watch-take")).to_be_visible()
    desk.tab_to("watch-take")
    desk.press("Enter")
    expect(page.get_by_test_id("words")).to_be_focused()
    desk.write("已接班")
    desk.confirm()
    expect(page.get_by_test_id("handover")).to_have_attribute("data-state", "taken")
    page.goto("/command")
    expect(page.get_by_test_id("filter-q")).to_be_visible()
    expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")
    return desk


def work_off(shift: Shift) -> None:
    """Officers go; the desk turns one task another way, and takes the feedback of others."""
    desk, field, tasks, numbers = shift.desk, shift.field, shift.tasks, shift.numbers
    for call in CALLS[:5]:
        field.work(tasks[call.village])
    first, second, third, *_ = (call.village for call in CALLS)
    desk.say(f"close {numbers[first]}")
    desk.say(f"退回重办 {numbers[second]} 请补充处置经过")
    assert shift.rows.state(tasks[second]) == "on_scene"
    field.work(tasks[second])
    # The task that is chosen need not be named.
    desk.go(f"show {numbers[second]}")
    desk.say("办结")
    assert shift.rows.state(tasks[second]) == "closed"
    assert shown_task(desk.page) == tasks[second]
    another = field.work(tasks[third], until="report")
    give = CALLS[5].village
    desk.say(f"assign {numbers[give]} {another}")
    assert field.work(tasks[give], until="sign") == another
    desk.say(f"cancel {numbers[CALLS[6].village]} 报警人称已解决")
    assert shift.rows.state(tasks[CALLS[6].village]) == "cancelled"


def hand_to_an_agency(shift: Shift, call: Call) -> None:
    shift.take((call,))
    desk, number, task = shift.desk, shift.numbers[call.village], shift.tasks[call.village]
    before = counts(desk.page, "count-")["handed_over"]
    desk.say(f"移交 {number} 12345热线 路灯不亮，请派人维修")
    agree(lambda: counts(desk.page, "count-")["handed_over"], lambda: before + 1)
    desk.say(f"answer {number} 已派人，今晚修好")
    expect(desk.at("agency-answer")).to_contain_text("今晚修好")
    answer = "SELECT answer FROM hand_over WHERE task_id = :task"
    assert shift.rows.one(answer, task=task) == "已派人，今晚修好"


def a_second_call_sends_nobody(shift: Shift, call: Call, first: Call) -> None:
    """The page suggests that the call may be about the same event, and the dispatcher says so."""
    desk, rows, main = shift.desk, shift.rows, shift.tasks[first.village]
    before, inboxes = desk.presses, rows.one("SELECT count(*) FROM inbox_message")
    desk.begin(shift.villages[call.village], call.how, call.category)
    suggestions = desk.at("preview-related").get_by_role("listitem")
    expect(suggestions.first).to_contain_text(shift.numbers[first.village])
    desk.write(call.words)
    desk.press("Alt+s")
    expect(desk.at("report-panel")).to_contain_text(f"并入 {shift.numbers[first.village]}")
    desk.send()
    shift.paces.append(Pace(desk.presses - before, 0.0))
    # The board shows the one that answers for both.
    desk.page.wait_for_url(re.compile(f"task={main}"))
    duplicate, _ = rows.latest()
    assert duplicate != main
    assert rows.state(duplicate) == "cancelled"
    offers = "SELECT count(*) FROM offer WHERE task_id = :task"
    assert rows.one(offers, task=duplicate) == 0
    linked = "SELECT to_task_id FROM task_link WHERE task_id = :task AND kind = 'duplicate'"
    assert rows.one(linked, task=duplicate) == main
    assert rows.one("SELECT count(*) FROM inbox_message") == inboxes, "nobody's handheld rings"
    expect(desk.at("related")).to_contain_text("重复")


def support_is_called(shift: Shift, open_page: OpenPage) -> None:
    """An officer holds the button of a real handheld; the room goes there, silences by name, and
    the task is worked to its end by touch."""
    desk, rows = shift.desk, shift.rows
    village = next(c.village for c in CALLS[11:18] if rows.holder(shift.tasks[c.village]).isdigit())
    task, number = shift.tasks[village], shift.numbers[village]
    handheld = open_page("/login", viewport=HANDHELD)
    handheld.get_by_test_id("login-username").fill(rows.holder(task))
    handheld.get_by_test_id("login-password").fill(PASSWORD)
    handheld.get_by_test_id("login-submit").click()
    handheld.get_by_test_id(f"task-{task}").click()
    handheld.get_by_test_id("verb-sign").click()
    button = handheld.get_by_test_id("verb-call_support")
    button.hover()
    handheld.mouse.down()
    expect(button).to_have_attribute("data-status", "done")
    handheld.mouse.up()
    expect(desk.at("alarm-first")).to_contain_text(number)
    desk.go("alarm")
    desk.page.wait_for_url(re.compile(f"task={task}"))
    expect(desk.at("field-units")).to_be_visible()
    desk.go("静音 10 特警已出发")
    silenced = "SELECT note FROM alarm_silence WHERE key LIKE :key"
    assert rows.one(silenced, key=f"support:{task}%") == "特警已出发"
    for verb in ("depart", "arrive", "report"):
        handheld.get_by_test_id(f"verb-{verb}").click()
    handheld.get_by_test_id("report-outcome-resolved").click()
    handheld.get_by_test_id("report-text").fill("增援到场，已控制局面。")
    handheld.get_by_test_id("confirm").click()
    expect(desk.at("task-drawer").get_by_test_id("task-state").first).to_have_attribute(
        "data-state", "reported"
    )
    desk.say("close")
    handheld.context.close()


def a_lost_link_heals(shift: Shift, colleague: Account) -> None:
    desk = shift.desk
    page, link = desk.page, desk.at("link-state")
    page.evaluate("() => (window.sameVisit = true)")
    page.context.set_offline(True)
    expect(link).to_have_attribute("data-state", "offline")
    since, noticed = (int(link.get_attribute(name) or 0) for name in ("data-since", "data-noticed"))
    assert 0 <= noticed - since <= 3000
    expect(desk.at("alarm-first")).to_be_visible()
    # Meanwhile another desk takes a call, and officers go on.
    there = shift.villages["石门村"]
    call = {"source": "other desk", "external_id": "1", "category": "help", "address": there.name}
    missed = colleague.post("/incidents", call | {"lon": there.lon, "lat": there.lat})["task"]["id"]
    going = shift.tasks[CALLS[7].village]
    shift.field.work(going, until="depart")
    expect(desk.at(f"queue-item-{missed}")).to_have_count(0)
    page.context.set_offline(False)
    expect(link).to_have_attribute("data-state", "live")
    row_of(page, missed)
    desk.go(f"show {shift.numbers[CALLS[7].village]}")
    state = desk.at("task-drawer").get_by_test_id("task-state").first
    expect(state).to_have_attribute("data-state", "en_route")
    assert page.evaluate("() => window.sameVisit") is True, "healed without a reload"
    the_board_equals_the_rows(shift)


def mobilised(shift: Shift, calls: tuple[Call, ...]) -> None:
    desk, rows = shift.desk, shift.rows
    desk.go("战时")
    expect(desk.at("mobilise-unit")).to_be_focused()
    desk.press("Tab")
    desk.write("防汛Ⅱ级响应")
    desk.press("Enter")
    expect(desk.at("mobilised")).to_contain_text("防汛Ⅱ级响应")
    shift.take(calls)
    told = (
        "SELECT count(*) FROM offer WHERE task_id = :task "
        "AND told_at = (SELECT min(told_at) FROM offer WHERE task_id = :task)"
    )
    for call in calls:
        assert rows.one(told, task=shift.tasks[call.village]) > 1, "all steps are told at once"
    desk.go("unmob")
    expect(desk.at("mobilised")).to_have_count(0)
    open_orders = "SELECT count(*) FROM mobilisation WHERE upper_inf(valid)"
    assert rows.one(open_orders) == 0


def review(shift: Shift) -> None:
    """Officers report; the desk takes the whole queue of feedback at once. Something of each kind
    is left for the next watch."""
    desk, rows, tasks = shift.desk, shift.rows, shift.tasks
    villages = [call.village for call in CALLS]
    for village in villages[7:10] + villages[13:16] + villages[20:24]:
        if rows.state(tasks[village]) != "closed":
            shift.field.work(tasks[village])
    expect(desk.at("count-review")).to_have_attribute("data-count", str(rows.queues()["review"]))
    desk.press("Escape")
    desk.walk_to("review")
    desk.press("Control+a")
    expect(desk.at("bulk")).to_be_visible()
    desk.tab_to("bulk-close")
    desk.press("Enter")
    expect(desk.at("count-review")).to_have_attribute("data-count", "0")
    desk.press("Escape")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    shift.field.work(tasks[villages[24]])
    shift.field.work(tasks[villages[25]], until="arrive")
    shift.field.work(tasks[villages[26]], until="sign")
    desk.say(f"hand {shift.numbers[villages[18]]} 供电公司 电线垂落，请抢修")
    assert {"unsigned", "under_way", "review", "handed_over", "ended"} <= {
        "unsigned" if queue == "new" else queue for queue in rows.queues()
    }


# --- what the pages say, and SQL beside it


def agree(shown: Callable[[], Any], true: Callable[[], Any]) -> None:
    """Wait until a page says what the rows say: it is told of changes, and clocks go on."""
    seen: list[Any] = []

    def same() -> bool:
        seen[:] = [shown(), true()]
        return seen[0] == seen[1]

    try:
        until(same, PATIENCE)
    except AssertionError as error:
        raise AssertionError(f"shown {seen[0]}, but the rows say {seen[1]}") from error


def the_board_equals_the_rows(shift: Shift) -> None:
    page = shift.desk.page

    def shown() -> dict[str, int]:
        return {queue: count for queue, count in counts(page, "count-").items() if count}

    agree(shown, shift.rows.queues)


def the_figures_equal_the_rows(open_page: OpenPage, rows: Rows) -> None:
    page = open_page("/login?to=/figures")
    sign_in(page, "command")
    expect(page.get_by_test_id("figure-received")).to_be_visible()
    names = tuple(rows.day())
    agree(lambda: {name: counts(page, "figure-", "value")[name] for name in names}, rows.day)
    medians = {
        name: page.get_by_test_id(f"figure-{name}").get_attribute("data-value")
        for name in ("to_sign", "response", "whole")
    }
    for name, seconds in rows.medians().items():
        assert is_said(seconds, medians[name]), (name, seconds, medians[name])
    charts_equal_the_rows(page, rows)
    page.goto("/figures?view=intervals")
    expect(page.get_by_test_id("group-all")).to_be_visible()
    intervals_equal_the_rows(page, rows)
    page.goto("/figures?view=officers")
    expect(page.locator('[data-testid^="officer-"]').first).to_be_visible()
    agree(lambda: loads(page), rows.officers)
    page.goto("/figures?view=cells")
    unowned = rows.unowned_cells()
    expect(page.get_by_test_id("cells-now")).to_have_text(str(unowned))


def charts_equal_the_rows(page: Page, rows: Rows) -> None:
    """Each chart is a table too."""
    by_hour, by_class, by_priority = (table_of(page, at) for at in range(3))
    for column, days in ((0, 0), (1, -1)):
        shown = {
            int(label[:2]): count
            for label, cells in by_hour
            if (count := int(cells[column].replace("—", "0")))
        }
        assert shown == rows.hours(days), column
    assert [int(cells[0]) for _, cells in by_class if cells[0] != "0"] == rows.classes()
    shown = {at: int(cells[0]) for at, (_, cells) in enumerate(by_priority, 1) if cells[0] != "0"}
    assert shown == rows.priorities()


def intervals_equal_the_rows(page: Page, rows: Rows) -> None:
    """Calls, how many were reached, and how long that took: of all, and by station."""
    shown = {
        each.get_attribute("data-testid"): each.locator("td").all_inner_texts()
        for each in page.locator('tr[data-testid^="group-"]').all()
    }
    true = rows.responses()
    assert {name.removeprefix("group-") for name in shown} == set(true)
    for name, (calls, reached, p50, p90) in true.items():
        cells = shown[f"group-{name}"]
        assert int(cells[0]) == calls, name
        if reached:
            assert int(re.match(r"\d+", cells[1])[0]) == reached, name
            assert is_said(p50, cells[2]), (name, p50, cells)
            assert is_said(p90, cells[3]), (name, p90, cells)


def the_wall_equals_the_rows(open_page: OpenPage, rows: Rows) -> None:
    page = open_page("/login?to=/wall", viewport={"width": 1920, "height": 1080})
    sign_in(page, "command")
    expect(page.get_by_test_id("wall-unsigned")).to_be_visible()

    def shown() -> dict[str, int]:
        figures = counts(page, "wall-", "value")
        queue = page.get_by_test_id("wall-queue").locator("h2 b").inner_text()
        return figures | {"queue": int(queue)}

    def true() -> dict[str, int]:
        day = rows.day()
        under_way = day["signed"] + day["en_route"] + day["on_scene"]
        return {
            "unsigned": day["assigned"],
            "queue": day["assigned"],
            "under_way": under_way,
            **{name: day[name] for name in ("reported", "received", "closed")},
        }

    agree(shown, true)
    # Kept up, it looks on and nothing else.
    page.get_by_test_id("wall-keep").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("wall-sign-out")).to_be_visible()
    page.goto("/command")
    expect(page).to_have_url(re.compile("/wall$"))
    expect(page.get_by_test_id("wall-unsigned")).to_be_visible()
    agree(shown, true)
    overdue = rows.day()["overdue"]
    if overdue:
        expect(page.get_by_test_id("wall-overdue")).to_contain_text(str(overdue))


def hand_the_watch_over(shift: Shift, colleague: Account) -> None:
    desk, rows, page = shift.desk, shift.rows, shift.desk.page
    page.goto("/handovers")
    expect(desk.at("part-came")).to_be_visible()
    desk.tab_to("watch-remark")
    desk.write("待评价、待签收各有留存，请跟进。")
    desk.tab_to("watch-give")
    desk.press("Enter")
    expect(desk.at("handover")).to_have_attribute("data-state", "given")
    (given,) = rows.all("SELECT * FROM watch_handover ORDER BY id DESC LIMIT 1")
    shown = counts(page, "part-")
    voids = shown.pop("voids")
    at = dt.datetime.fromisoformat(given.report["at"])
    assert shown == rows.watch(given.since, given.until, at)
    # Those taken here and the one that the other desk took: each that came since the watch began.
    assert shown["came"] == len(shift.paces) + 1
    assert shown["support"] == shown["silenced"] == shown["to_review"] == 1
    assert min(shown["handed_over"], shown["unsigned"], shown["without_feedback"]) > 0
    assert voids == given.report["parts"]["voids"]["count"]
    taken = colleague.post(f"/handovers/{given.id}/take", {"remark": "已接班"})
    assert taken["state"] == "taken"


def table_of(page: Page, at: int) -> list[tuple[str, list[str]]]:
    """Return the rows of a chart's table: their heads and their cells."""
    found = page.locator("figure").nth(at).locator("tbody tr").all()
    return [
        (
            row.locator("th").inner_text(),
            [cell.strip() for cell in row.locator("td").all_inner_texts()],
        )
        for row in found
    ]


def loads(page: Page) -> dict[str, tuple[int, int]]:
    """Return what the page says of each officer: tasks signed, and under way."""
    found = page.locator("[data-testid=officers] tbody tr").evaluate_all(
        "all => all.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return {cells[0]: (int(cells[3]), int(cells[5])) for cells in found}


_UNITS = {"秒": 1, "分钟": 60, "小时": 3600}


def is_said(seconds: float, text: str | None) -> bool:
    """Say whether a span in words is so many seconds, as exactly as the words are."""
    found = re.match(r"([\d.,]+)\s*(秒|分钟|小时)", text or "")
    if found is None:
        return False
    said, unit = found[1].replace(",", ""), _UNITS[found[2]]
    exact = 0.051 if "." in said else 0.51
    return abs(float(said) - seconds / unit) <= exact
