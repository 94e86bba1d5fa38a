"""The pictures of the page for other agencies: how the 110 platform's messages are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect

from docs.studio import County, PictureSet, Studio

PARTNER = {"code": "110", "name": "110接警平台"}
_FIELDS = {
    "external_id": "jjdbh",
    "category": "bjlb",
    "lon": "/wz/jd",
    "lat": "/wz/wd",
    "address": "sfdz",
    "description": "bjnr",
}
_CATEGORIES = "01* = dispute\n03* = help"
_MESSAGE = {
    "jjdbh": "3308242026112200017",
    "bjlb": "0301",
    "sfdz": "开化县芹阳办事处江滨南路",
    "bjnr": "老人走失，请求帮助。",
    "wz": {"jd": 118.415, "wd": 29.137},
}


@contextmanager
def staged(_browser: Browser, county: County) -> Iterator[None]:
    """Add the partner where it isn't there yet; it stays."""
    with county.account("admin") as admin:
        known = admin.get("/exchange/partners")["items"]
        if PARTNER["code"] not in {each["code"] for each in known}:
            admin.post("/exchange/partners", PARTNER)
    yield


def take(studio: Studio, _nothing: None) -> None:
    """Write a mapping and try it on a message; nothing is saved."""
    with studio.desk("/exchange", "admin") as page:
        page.get_by_test_id(f"partner-{PARTNER['code']}").click()
        page.get_by_test_id("exchange-mapping").click()
        for ours, theirs in _FIELDS.items():
            page.get_by_test_id(f"field-{ours}").fill(theirs)
        page.get_by_test_id("mapping-categories").fill(_CATEGORIES)
        page.get_by_test_id("sample").fill(json.dumps(_MESSAGE, ensure_ascii=False, indent=1))
        page.get_by_test_id("try-sample").click()
        expect(page.get_by_test_id("mapped")).to_be_visible()
        studio.shoot(page, "exchange")


PICTURES = PictureSet(("exchange",), take, staged)
