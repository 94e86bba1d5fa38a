"""The auditor's page: narrowed by who and what, taken away signed, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Page, expect

from gridserver.audit import exporting
from tests.axe import assert_accessible
from tests.browser import PATIENCE
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
    expect(rows.first).to_contain_text("authorised_by")
    assert_accessible(page)

    page.get_by_test_id("audit-clear").click()
    page.get_by_test_id("audit-actor").fill("auditor")
    page.get_by_test_id("audit-look").click()
    expect(rows.first).to_contain_text("looked at the ledger")
    page.get_by_test_id("audit-clear").click()
    page.get_by_test_id("audit-tag").select_option("account:appoint")
    page.get_by_test_id("audit-look").click()
    expect(rows).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_test_id("audit-export").click()
    data = download.value.path().read_bytes()
    assert json.loads(data.splitlines()[0])["kind"] == exporting.KIND
    assert exporting.check(data, None, None) is None


def has_seals(page: Page) -> bool:
    page.reload()
    standing = page.get_by_test_id("audit-standing")
    expect(standing).to_contain_text("sealed")
    return "rows sealed" in standing.inner_text()


def test_nobody_else_is_shown_the_page(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/command"), "admin")
    expect(page.get_by_test_id("account")).to_be_visible()
    expect(page.get_by_test_id("to-audit")).to_have_count(0)
