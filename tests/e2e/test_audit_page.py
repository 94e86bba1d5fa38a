"""The auditor's page: narrowed by who and what, taken away signed, and nobody else's."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from gridserver.audit import exporting
from tests.axe import assert_accessible
from tests.browser import PATIENCE
from tests.e2e.handhelds import CommandRoom
from tests.processes import GRIDSERVER
from tests.waiting import until

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]


def test_the_auditor_finds_who_did_what(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/audit", locale="en"), "auditor")
    rows = page.get_by_test_id("audit-rows").locator("tbody tr")
    expect(rows.first).to_be_visible()
    # The worker seals within a minute, by the application's role; the page says how it stood.
    until(lambda: has_seals(page), within=2 * PATIENCE)
    expect(page.get_by_test_id("audit-rights")).to_have_count(0)
    page.get_by_test_id("audit-tag").select_option("account:appoint")
    page.get_by_test_id("audit-look").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("appointed an auditor")
    # In words, as nobody outside reads what a program keeps.
    expect(rows.first).to_contain_text("authorised by 演示法制, 演示纪检")
    assert_accessible(page)

    page.get_by_test_id("audit-clear").click()
    page.get_by_test_id("audit-actor").fill("auditor")
    page.get_by_test_id("audit-look").click()
    expect(rows.first).to_contain_text("looked at the ledger")
    # Their signing in is theirs, too, and says by what.
    expect(rows.filter(has_text="signed in").first).to_contain_text("shown password")
    page.get_by_test_id("audit-clear").click()
    page.get_by_test_id("audit-tag").select_option("account:appoint")
    page.get_by_test_id("audit-look").click()
    expect(rows).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_test_id("audit-export").click()
    data = download.value.path().read_bytes()
    assert json.loads(data.splitlines()[0])["kind"] == exporting.KIND
    assert exporting.check(data, None) is None


STATION = "33082405"


def written_and_read(served: str) -> tuple[int, str]:
    """Have a station write a bulletin and look at an officer's day, and the bureau at the bulletin;
    return the bulletin and the officer."""
    room, bureau = CommandRoom(served, f"room-{STATION}"), CommandRoom(served)
    basis = {"type": "report", "number": "1号", "authority": "开化县公安局", "date": "2026-03-10"}
    contents = {"fact": "女，9岁。", "to_do": "联系值班室。", "not_to_do": "不要留下孩子。"}
    said = {"unit": STATION, "kind": "missing_person", "basis": basis, "lasts_h": 24}
    said |= {"area": {"units": [STATION]}, "contents": contents}
    bulletin: int = room.post("/bulletins", said)["id"]
    bureau.get(f"/bulletins/{bulletin}/contents")
    officers = room.get(f"/force/officers?unit={STATION}&limit=500")["items"]
    officer: str = next(each["username"] for each in officers if each["kind"] == "officer")
    room.get(f"/day-log?officer={officer}")
    return bulletin, officer


def look_for(page: Page, kind: str, number: object) -> Locator:
    """Ask for all about one subject; return its rows."""
    page.get_by_test_id("audit-clear").click()
    page.get_by_test_id("audit-subject-kind").select_option(kind)
    page.get_by_test_id("audit-subject-id").fill(str(number))
    page.get_by_test_id("audit-look").click()
    return page.get_by_test_id("audit-rows").locator("tbody tr")


def test_by_bulletin_by_officer_and_by_person(
    served: str, open_page: OpenPage, sign_in: SignIn, tmp_path: Path
) -> None:
    bulletin, officer = written_and_read(served)
    page = sign_in(open_page("/audit", locale="en"), "auditor")
    rows = look_for(page, "officer", officer)
    expect(rows.first).to_contain_text("read an officer's day log")
    expect(rows.filter(has_not_text=officer)).to_have_count(0)
    rows = look_for(page, "bulletin", bulletin)
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("looked at a bulletin's contents")
    expect(rows.nth(1)).to_contain_text("wrote a bulletin")

    # Taken away signed, and checked by whoever gets it, without the server.
    auditor, its = CommandRoom(served, "auditor"), f"subject_kind=bulletin&subject_id={bulletin}"
    until(
        lambda: all(each["seal"] for each in auditor.get(f"/audit/entries?{its}")["items"]),
        within=2 * PATIENCE,
    )
    with page.expect_download() as download:
        page.get_by_test_id("audit-export").click()
    file = tmp_path / "audit.jsonl"
    data = download.value.path().read_bytes()
    for content, code in ((data, 0), (data.replace(b"bulletin:look", b"bulletin:edit"), 1)):
        file.write_bytes(content)
        assert subprocess.run([GRIDSERVER, "audit", "check", file], check=False).returncode == code

    # From a row to all that this person did.
    rows.nth(0).get_by_role("button").first.click()
    expect(page).to_have_url(re.compile("actor=command"))
    expect(rows.filter(has_text="looked at a bulletin's contents").first).to_be_visible()


def has_seals(page: Page) -> bool:
    page.reload()
    standing = page.get_by_test_id("audit-standing")
    expect(standing).to_contain_text("sealed")
    return "rows sealed" in standing.inner_text()


def test_nobody_else_is_shown_the_page(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/command"), "admin")
    expect(page.get_by_test_id("account")).to_be_visible()
    expect(page.get_by_test_id("to-audit")).to_have_count(0)
