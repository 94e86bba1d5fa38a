"""An attempt to sign in, or to enrol a device: where it comes from, and that it is counted before
it is made."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Response, request
from sqlalchemy.orm import Session

from gridserver.access import attempts
from gridserver.access.attempts import Attempt, Place
from gridserver.access.opening import SignedIn
from gridserver.api import context
from gridserver.api.cookies import Cookie
from gridserver.base.errors import GridserverError, Unauthenticated

#: By it a browser is known again where an account has signed in; it opens nothing.
WORKPLACE = Cookie("gridserver_workplace", path="/api/v1")
_LASTS = dt.timedelta(days=400)  # as long as browsers keep any cookie (RFC 6265bis, 5.5)
#: Of such as `secrets.token_urlsafe` makes.
_MADE_HERE = re.compile(r"[A-Za-z0-9_-]{32,64}")
#: How many attempts are looked at a time. Each holds a connection of the database while its
#: password is hashed: a hundred of them would leave none for anybody else.
_AT_ONCE = threading.BoundedSemaphore(4)

#: Counts an attempt from a place.
Begin = Callable[[Session, Place], Attempt]


@dataclass(frozen=True)
class Knock:
    """An attempt in the transaction that makes it."""

    session: Session
    attempt: Attempt

    def passed(self, *, wholly: bool = True) -> None:
        """Take it out of the counts, as `attempts.passed` does."""
        attempts.passed(self.session, self.attempt, wholly=wholly)


@contextmanager
def knock(username: str) -> Iterator[Knock]:
    """Count an attempt at the account, and give the transaction to make it in.

    Whoever makes it says `passed`. A refusal for other reasons than who somebody is
    (`Unauthenticated`) doesn't count.
    """
    context.let_go()
    with _AT_ONCE:
        yield from _made(_at(username))


@contextmanager
def knock_by_provider(username: str | None) -> Iterator[Knock]:
    """Do the same where the identity provider looks at what was shown, before the transaction's
    first statement: whoever waits for it holds no connection, and keeps nobody with a password
    waiting. None: whose account it is isn't known yet.
    """
    context.let_go()
    yield from _made(_at(username))


@contextmanager
def knock_by_code() -> Iterator[Knock]:
    """Do the same where a device is enrolled by a code: who tries codes is seen, and bounded."""
    context.let_go()
    yield from _made(attempts.begin_enrolment)


def _at(username: str | None) -> Begin:
    return lambda session, place: attempts.begin(session, username, place)


def _made(begin: Begin) -> Iterator[Knock]:
    database = context.database()
    with database.transaction() as session:
        attempt = begin(session, Place(request.remote_addr, _cookie()))
    try:
        with database.transaction() as session:
            yield Knock(session, attempt)
    except GridserverError as error:
        with database.transaction() as session:
            if isinstance(error, Unauthenticated):
                attempts.failed(session, attempt, error.code, error.account_id)
            else:
                attempts.passed(session, attempt, wholly=False)
        raise


def known_again(session: Session, signed_in: SignedIn) -> str | None:
    """Know the device of a sign-in again, and return the cookie for it; None without a device."""
    if signed_in.device_id is None:
        return None
    cookie = _cookie() or secrets.token_urlsafe(32)
    attempts.remember(session, signed_in.account_id, signed_in.device_id, cookie)
    return cookie


def set_workplace(response: Response, cookie: str | None) -> None:
    """Give the browser the cookie that `known_again` returned."""
    if cookie is not None:
        WORKPLACE.give(response, cookie, _LASTS)


def _cookie() -> str | None:
    given = WORKPLACE.given() or ""
    return given if _MADE_HERE.fullmatch(given) else None
