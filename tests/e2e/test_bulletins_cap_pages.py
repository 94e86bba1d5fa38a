"""A bulletin leaves as a file and comes in as one: a draft here, and never more where it is an
exercise."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gridserver.bulletins import cap
from gridserver.bulletins.cap import CapMessage, Info
from tests.axe import assert_accessible
from tests.e2e.bulletining import NAME, ROOM, STATION, chosen, issue, resolve
from tests.e2e.handhelds import CommandRoom

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]

ELSEWHERE = "330825.elsewhere"
#: The county that is served keeps the real time.
SENT = dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def bulletins_withdrawn(served: str) -> Iterator[None]:
    """Withdraw what a test left open: an exercise is never issued, so that nothing else ends it."""
    room = CommandRoom(served, ROOM)

    def withdraw(bulletin: dict[str, Any]) -> None:
        said = {"verb": "withdraw", "reason": "演练结束"}
        room.post(f"/bulletins/{bulletin['id']}/steps", said)

    with room.undone(f"/bulletins?unit={STATION}", withdraw):
        yield


def message(
    status: str = "Actual", type_: str = "Alert", about: CapMessage | None = None
) -> CapMessage:
    """Return another bureau's message of a missing child."""
    info = Info(
        category="Rescue",
        event="走失人员",
        description=f"{NAME}，女，9岁，穿红色外套。",
        instruction="联系值班室接回。",
        expires=SENT + dt.timedelta(hours=20),
        parameters={
            "gridserver.kind": "missing_person",
            "gridserver.role": "missing",
            "gridserver.not_to_do": "不要让其独自离开。",
        },
    )
    return CapMessage(
        identifier=uuid.uuid4().hex,
        sender=ELSEWHERE,
        sent=SENT,
        status=status,
        type=type_,
        references=(about.name,) if about else (),
        info=None if type_ == "Cancel" else info,
    )


def take(page: Page, given: CapMessage, number: str = "") -> None:
    """Take a message in at the form."""
    page.get_by_test_id("cap-import").click()
    expect(page.get_by_test_id("confirm")).to_be_disabled()
    document = {"name": "message.xml", "mimeType": "text/xml", "buffer": cap.write(given, "内部")}
    page.get_by_test_id("cap-file").set_input_files([document])
    page.get_by_test_id("cap-number").fill(number)
    page.get_by_test_id("confirm").click()


def test_one_goes_out_as_a_file(
    served: str, open_page: OpenPage, sign_in: SignIn, tmp_path: Path
) -> None:
    bulletin = issue(served, "开公接字〔2026〕1301号")
    room = sign_in(open_page("/login"), ROOM)
    room.get_by_test_id("to-bulletins").click()
    room.get_by_test_id(f"bulletin-{bulletin}").click()
    with room.expect_download() as saved:
        room.get_by_test_id("cap-export").click()
    assert saved.value.suggested_filename == f"bulletin-{bulletin}.cap.xml"
    saved.value.save_as(tmp_path / "message.xml")
    given = cap.read((tmp_path / "message.xml").read_text("utf-8"))
    assert (given.type, given.status) == ("Alert", "Actual")
    assert given.info is not None
    assert NAME in (given.info.description or "")
    resolve(served, bulletin)


def test_one_comes_in_as_a_draft_and_a_cancel_ends_it(
    served: str, open_page: OpenPage, sign_in: SignIn
) -> None:
    room = sign_in(open_page("/login", refused=(409,)), ROOM)
    room.get_by_test_id("to-bulletins").click()
    given = message()
    take(room, given, "开公接字〔2026〕1302号")
    expect(room.get_by_test_id("cap-taken")).to_contain_text("草稿")
    panel = room.get_by_test_id("bulletin-panel")
    expect(room.get_by_test_id("bulletin-state")).to_have_text("待批准")
    expect(panel).to_contain_text(ELSEWHERE)
    expect(panel).not_to_contain_text(NAME)
    expect(room.get_by_test_id("needs-another")).to_be_visible()
    expect(room.get_by_test_id("exercise")).to_have_count(0)

    # The same again is refused, and nothing becomes of it.
    take(room, given, "开公接字〔2026〕1302号")
    expect(room.get_by_role("dialog")).to_contain_text("已接收过")
    assert_accessible(room)
    room.keyboard.press("Escape")
    expect(room.get_by_role("dialog")).to_have_count(0)

    # A Cancel needs no instrument.
    take(room, message(type_="Cancel", about=given))
    expect(room.get_by_test_id("cap-taken")).to_contain_text("撤回")
    expect(room.get_by_test_id("bulletin-state")).to_have_text("已撤回")


def test_an_exercise_is_named_so_and_never_approved(open_page: OpenPage, sign_in: SignIn) -> None:
    room = sign_in(open_page("/login"), ROOM)
    room.get_by_test_id("to-bulletins").click()
    take(room, message("Exercise"), "开公接字〔2026〕1303号")
    expect(room.get_by_test_id("never-issued")).to_be_visible()
    drafted = chosen(room)
    expect(room.get_by_test_id(f"bulletin-{drafted}").get_by_test_id("exercise")).to_be_visible()

    desk = sign_in(open_page("/login"), "command")
    desk.get_by_test_id("to-bulletins").click()
    desk.get_by_test_id("bulletins-unit").select_option(STATION)
    desk.get_by_test_id(f"bulletin-{drafted}").click()
    expect(desk.get_by_test_id("never-issued")).to_be_visible()
    desk.get_by_test_id("bulletin-look").click()
    expect(desk.get_by_test_id("bulletin-text")).to_contain_text(NAME)
    for verb in ("approve", "issue", "send_at_once"):
        expect(desk.get_by_test_id(f"bulletin-{verb}")).to_have_count(0)


def test_a_file_that_is_no_message_is_refused(open_page: OpenPage, sign_in: SignIn) -> None:
    room = sign_in(open_page("/login", refused=(422,)), ROOM)
    room.get_by_test_id("to-bulletins").click()
    room.get_by_test_id("cap-import").click()
    letter = {"name": "letter.xml", "mimeType": "text/xml", "buffer": b"<letter/>"}
    room.get_by_test_id("cap-file").set_input_files([letter])
    room.get_by_test_id("cap-number").fill("1号")
    room.get_by_test_id("confirm").click()
    expect(room.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    big = {"name": "big.xml", "mimeType": "text/xml", "buffer": b" " * 400_001}
    room.get_by_test_id("cap-file").set_input_files([big])
    expect(room.get_by_test_id("cap-too-large")).to_be_visible()
    expect(room.get_by_test_id("confirm")).to_be_disabled()
