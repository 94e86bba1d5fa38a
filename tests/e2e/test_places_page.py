"""The gazetteer's page: found by initials, entered by hand, retired, imported from a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.axe import assert_accessible

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]


def test_places_are_found_kept_and_imported(
    open_page: OpenPage, sign_in: SignIn, tmp_path: Path
) -> None:
    page = sign_in(open_page("/settings/places", locale="en"), "admin")
    places = page.get_by_test_id("places")
    expect(places.get_by_role("button").first).to_be_visible()
    page.get_by_test_id("places-search").fill("rzkc")
    expect(places.get_by_role("button").first).to_contain_text("仁宗坑村")
    expect(places.get_by_role("button").first).to_contain_text("Initials")
    assert_accessible(page)

    page.get_by_test_id("place-add").click()
    page.get_by_test_id("place-kind").select_option("key_place")
    page.get_by_test_id("place-name").fill("云顶瞭望台")
    page.get_by_test_id("place-lon").fill("118.41")
    page.get_by_test_id("place-lat").fill("29.14")
    page.get_by_test_id("place-save").click()
    expect(page.get_by_test_id("place-retire")).to_be_visible()
    assert_accessible(page)
    page.get_by_test_id("places-search").fill("ydlwt")
    expect(places.get_by_role("button").first).to_contain_text("云顶瞭望台")
    page.get_by_test_id("place-retire").click()
    page.get_by_test_id("retire-reason").fill("torn down")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("place-restore")).to_be_visible()
    expect(places).not_to_contain_text("云顶瞭望台")

    table = tmp_path / "poi.csv"
    table.write_text("编号,名称,经度,纬度\n1,凤凰剧院,118.41,29.14\n2,,118.41,29.14\n", "utf-8")
    page.get_by_test_id("places-import-open").click()
    page.get_by_test_id("import-file").set_input_files(table)
    expect(page.get_by_test_id("import-name")).to_have_value("名称")
    page.get_by_test_id("import-crs").fill("EPSG:4326")
    page.get_by_test_id("import-make").click()
    expect(page.get_by_test_id("import-rejects")).to_be_visible()
    expect(page.get_by_test_id("import-progress")).to_contain_text("Added1")
