"""A GIS admin brings real files, mends them and puts one in force; and says who owns what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.handhelds import CommandRoom
from tests.e2e.serving import serving
from tests.e2e.workshop import named

OpenPage = Callable[..., Page]
SignIn = Callable[[Page, str], Page]


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """A county of this module's own: another grid takes force in it."""
    with serving() as address:
        yield address


@pytest.fixture
def in_force(served: str) -> Iterator[str]:
    """The name of the grid in force, which is so afterwards again, under a name of its own: a test
    that is tried again begins with the county's grid."""
    gis = CommandRoom(served, "gis")
    before = name_in_force(gis)
    yield before
    if name_in_force(gis) != before:
        version = f"/grid/versions/{before}"
        gis.post(f"{version}/publish", {}, seen=version)


def name_in_force(gis: CommandRoom) -> str:
    """Return the name of the version in force, where none is planned."""
    versions = gis.get("/grid/versions")["items"]
    (name,) = (each["name"] for each in versions if each["state"] == "published")
    return name


def at_work(page: Page, sign_in: SignIn) -> Page:
    sign_in(page, "gis")
    expect(page).to_have_url(re.compile("/grid$"))
    return page


def choose(page: Page, file: Path) -> None:
    page.get_by_test_id("import").click()
    page.get_by_test_id("import-file").set_input_files(file)


def test_a_part_of_a_shapefile_is_sent_back_with_the_remedy(
    open_page: OpenPage, sign_in: SignIn, tmp_path: Path
) -> None:
    page = at_work(open_page("/login", refused=(422,)), sign_in)
    lone = tmp_path / "网格.shp"
    lone.write_bytes(b"\0\0\x27\x0a")
    choose(page, lone)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("一起压缩为 zip 后上传")
    expect(page.get_by_test_id("import-make")).to_be_disabled()


def test_a_real_file_from_the_upload_to_being_in_force(
    in_force: str, open_page: OpenPage, sign_in: SignIn, shared_data: Path
) -> None:
    page = at_work(open_page("/login"), sign_in)
    choose(page, shared_data / "us_charlottesville" / "beats.esri.json")
    page.get_by_test_id("import-code").select_option("BEAT_NO")
    page.get_by_test_id("import-name").select_option("NAME")
    page.get_by_test_id("import-station").select_option("")
    page.get_by_test_id("import-version").fill(named("beats"))
    page.get_by_test_id("import-make").click()
    warnings = page.get_by_test_id("import-warnings")
    expect(warnings).to_contain_text(f"与启用中的 {in_force} 重合不足一半")
    warnings.get_by_role("button").click()

    page.get_by_test_id("kind-overlap").click()
    page.get_by_test_id("fault-0").click()
    expect(page.get_by_test_id("fault-text")).to_contain_text("重叠 9729.8 平方米")
    expect(page.get_by_test_id("proposal-0")).to_contain_text("平方米")
    page.get_by_test_id("accept-0").click()
    expect(page.get_by_test_id("kind-overlap")).to_have_count(0)
    page.get_by_test_id("under-m2").fill("100")
    page.get_by_test_id("accept-small").click()
    expect(page.get_by_test_id("no-faults")).to_be_visible()

    page.get_by_test_id("view-history").click()
    expect(page.get_by_test_id("history-1")).to_contain_text("的重叠部分划归")
    expect(page.get_by_test_id("history-1")).to_contain_text("gis")
    page.get_by_test_id("publish").click()
    page.get_by_test_id("publish-reroute").check()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("version-standing")).to_have_attribute("data-standing", "in_force")


def test_a_hole_is_declared_not_ours_and_the_declaration_withdrawn(
    open_page: OpenPage, sign_in: SignIn, shared_data: Path
) -> None:
    page = at_work(open_page("/login", locale="en", refused=(409,)), sign_in)
    choose(page, shared_data / "us_detroit" / "precincts_2015_messy.geojson")
    page.get_by_test_id("import-code").select_option("precinct")
    page.get_by_test_id("import-version").fill(named("precincts"))
    page.get_by_test_id("import-make").click()
    page.get_by_test_id("import-warnings").get_by_role("button").click()

    gaps = page.get_by_test_id("kind-gap")
    before = gaps.inner_text()
    gaps.click()
    page.get_by_test_id("fault-0").click()
    expect(page.get_by_test_id("fault-text")).to_contain_text("is enclosed by")
    page.get_by_test_id("exclusion-why").fill("Hamtramck is a town of its own")
    page.get_by_test_id("exclude").click()
    declared = page.get_by_test_id("hole-0")
    expect(declared).to_contain_text("Hamtramck is a town of its own")
    expect(declared).to_contain_text("网格管理员")
    assert gaps.inner_text() != before
    page.get_by_test_id("withdraw-0").click()
    expect(page.get_by_test_id("holes")).to_have_count(0)
    expect(gaps).to_have_text(before.replace("\n", ""))
