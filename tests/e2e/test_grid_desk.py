"""A GIS admin at the desk: settings, codes and their owners, and a token for QGIS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gis.features import Cell
from gis.files import write_layer
from gis.testing import SOUTH, STEP, WEST, square
from tests.e2e.handhelds import CommandRoom
from tests.e2e.serving import serving
from tests.e2e.workshop import Place, SignIn, imported, named, opened

OpenPage = Callable[..., Page]
#: Two codes of one village, which the demo county has, too.
FIRST, SECOND = "330824115006001", "330824115006002"


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """A county of this module's own: its settings are changed."""
    with serving() as address:
        yield address


@pytest.fixture
def settings_restored(served: str) -> Iterator[None]:
    """Have the settings be afterwards what they were: a test that is tried again sets them anew."""
    gis = CommandRoom(served, "gis")
    before = gis.get("/grid/settings")
    yield
    gis.put("/grid/settings", before)


@pytest.mark.usefixtures("settings_restored")
def test_codes_are_given_by_the_scheme_and_owners_by_hand(
    open_page: OpenPage, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(open_page("/login", refused=(409,)), "gis")
    cells = [Cell(SECOND, square(0, 0), "西片"), Cell(FIRST, square(1, 0), "东片")]
    write_layer(tmp_path / "serials.geojson", cells)
    fields = {"code_field": "code", "name_field": "name"}
    name = named("serials")
    imported(page, tmp_path / "serials.geojson", name, **fields)
    desk = opened(page, name)
    page.get_by_test_id("view-history").click()
    page.get_by_test_id("renumber").click()
    dialog = page.get_by_role("dialog").filter(has_text="重新编码")
    expect(dialog).to_contain_text("自由编码没有序号")
    dialog.get_by_test_id("grid-settings").click()
    page.get_by_test_id("scheme-digits_15").check()
    page.get_by_test_id("tolerance_m").fill("0.5")
    page.get_by_role("button", name="保存设置").click()
    expect(page.get_by_test_id("renumber-sum")).to_contain_text("2 个网格改编码")
    dialog.get_by_test_id("confirm").click()
    desk.expect_revision(2)
    names = {code: cell["name"] for code, cell in desk.topology()["cells"].items()}
    assert names == {FIRST: "西片", SECOND: "东片"}

    desk.click(at(0.5, 0.5))
    owners = page.get_by_test_id("cell-owners")
    owners.get_by_test_id("owners-backup").click()
    page.get_by_role("option").last.click()
    with page.expect_response(f"**/force/cells/{FIRST}/owners") as saved:
        owners.get_by_test_id("owners-save").click()
    assert saved.value.status == 200
    expect(owners.get_by_test_id("owners-save")).to_be_disabled()

    page.get_by_test_id("back").click()
    page.get_by_test_id("grid-settings").click()
    expect(page.get_by_test_id("scheme-digits_15")).to_be_checked()
    expect(page.get_by_test_id("tolerance_m")).to_have_value("0.5")


def at(column: float, row: float) -> Place:
    return WEST + STEP * column, SOUTH + STEP * row


def test_a_token_is_issued_shown_once_and_revoked(open_page: OpenPage, sign_in: SignIn) -> None:
    page = sign_in(open_page("/login", locale="en"), "gis")
    page.get_by_test_id("account").click()
    page.get_by_test_id("to-tokens").click()
    name = named("QGIS")
    page.get_by_test_id("token-name").fill(name)
    page.get_by_test_id("token-issue").click()
    token = page.get_by_test_id("token-value").input_value()
    address = page.get_by_test_id("token-address").input_value()

    def status() -> int:
        # Without the cookie of the page.
        with page.context.browser.new_context() as bare:
            return bare.request.get(address, headers={"Authorization": token}).status

    assert status() == 200
    expect(page.get_by_test_id("token-0")).to_contain_text(name)
    page.get_by_test_id("token-revoke-0").click()
    expect(page.get_by_role("listitem").filter(has_text=name)).to_have_count(0)
    expect(page.get_by_test_id("token-issued")).to_have_count(0)
    assert status() == 401
