"""The puller: reads the views, in threads of its own. Run by the worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing

import sqlalchemy as sa
from sqlalchemy.orm import Session
from structlog import get_logger

from gis.errors import GisError
from gridserver.base.crew import Crew
from gridserver.base.db import Database
from gridserver.base.errors import GridserverError, Invalid, Unavailable
from gridserver.base.keyring import Keyring
from gridserver.exchange import mapping, mappings, pulls, rejects, service, views
from gridserver.exchange.mapping import Rules
from gridserver.exchange.pulls import Claimed
from gridserver.exchange.views import ViewRow
from gridserver.incidents import queries as incidents
from gridserver.incidents.rules import Report
from gridserver.partners import service as partners

log = get_logger()

#: As many views as are read at once.
SLOTS = 4


class Puller:
    """Reads what is due. Each row is taken in a transaction of its own, which also moves the
    position on: whatever dies, the next reading goes on from there.

    Parameters
    ----------
    database : Database
        With room for ``SLOTS + 1`` connections.
    keyring : Keyring
        The URLs of the databases.
    """

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._crew = Crew("puller", SLOTS)

    def round(self) -> int:
        """Claim what is due and have it read, without waiting for that; return how much."""
        with self._database.transaction() as session:
            claimed = pulls.claim(session, self._crew.free)
        for view in claimed:
            self._crew.begin(self._read, view)
        return len(claimed)

    def close(self) -> None:
        """Wait for what is being read."""
        self._crew.close()

    def _read(self, claimed: Claimed) -> None:
        try:
            url = self._keyring.of(claimed.partner_code).database_url
            if url is None:
                raise Unavailable("exchange.no_database", "No URL of its database is set.")
            with views.opened(url) as there:
                if claimed.is_first:
                    self._begin(claimed, there)
                else:
                    self._take_all(claimed, there)
        except (GridserverError, GisError) as refusal:
            log.warning("puller.stopped", partner=claimed.partner_code, code=refusal.code)
            with self._database.transaction() as session:
                pulls.fail(session, claimed.partner_id, refusal.message)

    def _begin(self, claimed: Claimed, there: sa.Engine) -> None:
        newest = claimed.view.newest(there)
        with self._database.transaction() as session:
            pulls.begin_after(session, claimed, newest)

    def _take_all(self, claimed: Claimed, there: sa.Engine) -> None:
        last, held = claimed.position, claimed
        pages = claimed.view.rows(
            there, after=claimed.start, since=claimed.position, overlap=claimed.overlap
        )
        with closing(pages):
            for page in pages:
                last = page[-1].position
                if (taken := self._take_page(held, page)) is None:
                    return  # another worker's by now, or an admin changed it
                held = taken
        with self._database.transaction() as session:
            pulls.end(session, held, last)

    def _take_page(self, claimed: Claimed, page: list[ViewRow]) -> Claimed | None:
        with self._database.transaction() as session:
            fresh = _fresh(session, claimed, page)
            held = pulls.go_on(session, claimed, claimed.position)
        for row in fresh:
            if held is None:
                break
            held = self._take(held, row)
        return held

    def _take(self, claimed: Claimed, row: ViewRow) -> Claimed | None:
        with self._database.transaction() as session:
            held = pulls.go_on(session, claimed, row.position)
            if held is not None:
                service.take(session, partners.by_id(session, claimed.partner_id), row.body)
        return held


def _fresh(session: Session, claimed: Claimed, page: list[ViewRow]) -> list[ViewRow]:
    """Return the rows that were neither taken nor refused before: each reading begins a little
    before the end of the former one."""
    partner = partners.by_id(session, claimed.partner_id)
    rules = mappings.in_force(session, partner)
    refused = rejects.known(session, partner, [row.body for row in page])
    reports = {row.body: _report(rules, partner.code, row) for row in page}
    named = [report.external_id for report in reports.values() if report]
    taken = incidents.digests(session, [partner.code], named)
    return [
        row for row in page if row.body not in refused and not _is_taken(reports[row.body], taken)
    ]


def _report(rules: Rules, source: str, row: ViewRow) -> Report | None:
    """Return what a row reports; None where it can't be read, which `service.take` says then."""
    try:
        return mapping.report(rules, source, json.loads(row.body))
    except (Invalid, GisError):
        return None


def _is_taken(report: Report | None, taken: Mapping[tuple[str, str], bytes]) -> bool:
    if report is None:
        return False
    return taken.get((report.source, report.external_id)) == report.digest()
