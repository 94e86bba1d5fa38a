"""The courier: sends the letters, in threads of its own. Run by the worker."""

from __future__ import annotations

import json
import secrets
from urllib.parse import urlsplit

import requests

from gridserver import __version__
from gridserver.base import links
from gridserver.base.crew import Crew
from gridserver.base.db import Database
from gridserver.base.keyring import Keyring
from gridserver.partners import outbox, signatures
from gridserver.partners.outbox import Answer, Claimed

#: As many partners as are sent to at once.
SLOTS = 8
#: Seconds to connect, and to wait for each part of the answer. Less than the lease.
_PATIENCE = (5.0, 15.0)

DELIVERY = "Exchange-Delivery"
EVENT = "Exchange-Event"


class Courier:
    """Sends what is due, up to `SLOTS` partners at once, each its own letters one by one.

    Parameters
    ----------
    database : Database
        With room for ``SLOTS + 1`` connections.
    keyring : Keyring
        The secrets that sign.
    trusts_links : bool
        The lines to other machines are trusted as they are, without TLS.
    """

    def __init__(self, database: Database, keyring: Keyring, *, trusts_links: bool = False) -> None:
        self._database = database
        self._keyring = keyring
        self._trusts_links = trusts_links
        self._crew = Crew("courier", SLOTS)

    def round(self) -> int:
        """Claim what is due and have it sent, without waiting for that; return how much."""
        with self._database.transaction() as session:
            claimed = outbox.claim(session, self._crew.free)
        for letter in claimed:
            self._crew.begin(self._deliver, letter)
        return len(claimed)

    def close(self) -> None:
        """Wait for what is being sent."""
        self._crew.close()

    def _deliver(self, letter: Claimed) -> None:
        answer = self._post(letter)
        with self._database.transaction() as session:
            outbox.settle(session, letter, answer)

    def _post(self, letter: Claimed) -> Answer:
        keys = self._keyring.of(letter.partner_code).secrets
        if not keys:
            return Answer(error="no secret is set, and nothing goes out unsigned")
        if not self._trusts_links and (remedy := links.agency_remedy(letter.url)):
            return Answer(error=f"nothing goes out without TLS: {remedy}")
        body = json.dumps(letter.body, ensure_ascii=False).encode()
        request = signatures.Request("POST", urlsplit(letter.url).path or "/", body)
        signed = signatures.headers(
            keys[0], request, at=self._database.clock.now(), nonce=secrets.token_urlsafe(24)
        )
        return _send(letter, body, signed)


def _send(letter: Claimed, body: bytes, signed: dict[str, str]) -> Answer:
    with requests.Session() as http:
        http.auth = _as_signed  # or requests would add a password that a ~/.netrc has for the host
        try:
            answer = http.post(
                letter.url,
                data=body,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": f"gridserver/{__version__}",
                    DELIVERY: str(letter.delivery),
                    EVENT: letter.type,
                    **signed,
                },
                timeout=_PATIENCE,
                allow_redirects=False,
                stream=True,  # the status is all that is asked for
            )
        except requests.RequestException as error:
            return Answer(error=type(error).__name__)
    return Answer(status=answer.status_code)


def _as_signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
