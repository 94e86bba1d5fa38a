"""The picture of the auditor's page: what the command room did, and when it signed in."""

from __future__ import annotations

from playwright.sync_api import expect

from docs.studio import PictureSet, Studio


def take(studio: Studio, _scene: None) -> None:
    """Take the picture in one look."""
    with studio.desk("/audit?actor=command", "auditor") as page:
        expect(page.get_by_test_id("audit-rows").locator("tbody tr").first).to_be_visible()
        studio.shoot(page, "audit")


PICTURES = PictureSet(("audit",), take)
