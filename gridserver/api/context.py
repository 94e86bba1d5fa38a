"""What a view has at hand: the request's one transaction, who acts, the language, paging.

A request has one transaction. It opens before anything is parsed, so that a request without a
session is answered 401 before anything is validated; the view enters it with `transaction()`,
which commits at the end. What no view entered is rolled back.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import math
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import gevent
import marshmallow as ma
from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestTimeout

from gridserver.access import idle
from gridserver.access import queries as access
from gridserver.access.limits import network
from gridserver.access.oidc import Provider
from gridserver.access.rates import Rates
from gridserver.access.rules import Principal
from gridserver.api.cookies import Cookie
from gridserver.api.live import live
from gridserver.api.refusals import Refusals
from gridserver.base import reading
from gridserver.base.db import Database
from gridserver.base.errors import Forbidden, Invalid, Limited, NotFound, Unauthenticated
from gridserver.base.settings import Settings
from gridserver.base.texts import DEFAULT_LANGUAGE, LANGUAGES

COOKIE = Cookie("gridserver_session")
CSRF_HEADER = "X-CSRF-Token"
_TILES = "/tiles/"
_GUARDED = ("/api/v1/", _TILES, "/ogc/")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: What is read by the view that takes it, which holds no connection meanwhile.
_LARGE = frozenset({"multipart/form-data", "application/octet-stream"})
#: How long a client may take to send any other body.
_BODY_S = 60.0
#: All that a wall's session may do beside looking on: stand on, and end.
_OF_A_WALL = frozenset({"/api/v1/sessions/current", "/api/v1/sessions/current/wall"})

Item = TypeVar("Item")


@dataclass(frozen=True)
class Installation:
    """What the app was built with.

    Attributes
    ----------
    accounts, addresses
        Changes of each.
    readers
        Reads of each account.
    provider
        The bureau's own identity provider.
    """

    settings: Settings
    database: Database
    accounts: Rates
    addresses: Rates
    readers: Rates
    provider: Provider | None
    refusals: Refusals = field(default_factory=Refusals)


def settings() -> Settings:
    """Return the settings."""
    return _installation().settings


def database() -> Database:
    """Return the database, for a view that needs transactions besides the request's own."""
    return _installation().database


def provider() -> Provider | None:
    """Return the bureau's identity provider, where the installation names one."""
    return _installation().provider


def principal() -> Principal:
    """Return who sent this request."""
    return g.principal


def account_id() -> int | None:
    """Return whose request this is, where it is known already."""
    return g.principal.account_id if "principal" in g else None


def token() -> str:
    """Return the token that the request came with, whatever it is worth, for a view without a
    principal. Raises `Unauthenticated` where there is none."""
    return _token()[1]


@contextmanager
def transaction() -> Iterator[Session]:
    """Enter the request's transaction; it commits when the block ends well."""
    session = _session()
    with g.pop("transaction"):
        yield session


def let_go() -> None:
    """Undo what is left of the request's transaction and give its connection back: at the end, or
    before the request waits for something slow."""
    stack = g.pop("transaction", None)
    if stack is not None:
        g.session.rollback()
        g.session.close()


def language() -> str:
    """Return ``zh-CN`` or ``en``, by the request's Accept-Language."""
    best = request.accept_languages.best_match([*LANGUAGES, "zh"], default=DEFAULT_LANGUAGE)
    return "en" if best == "en" else DEFAULT_LANGUAGE


def if_match() -> list[str]:
    """Return the entity tags of the request's If-Match, in order, without the weak ones and ``*``.

    Werkzeug reads an empty tag (``""``) as None; no answer here ever has one.
    """
    return sorted(tag for tag in request.if_match.as_set() if tag is not None)


def turn_s(account_id: int) -> float:
    """Return how many seconds a change that an account asks for by a socket has to wait. By a
    request it would be refused (429); here it stays in line, since a handheld's queue of commands
    is to come through, and whoever floods holds up themselves."""
    return _installation().accounts.queue(account_id, time.monotonic())


def note_refusal(error: Exception | None, account_id: int | None) -> None:
    """Leave a line in the log where an account asked for what it may not do or see, or with input
    that can't be right."""
    _installation().refusals.note(error, account_id)


def note_bad_input(code: str, field: str | None) -> None:
    """Leave such a line where no error of ours was raised, but a library's."""
    _installation().refusals.note_input(code, field, account_id())


def public(view: Any) -> Any:
    """Mark a view that answers without a session."""
    view.is_public = True
    return view


def guard(app: Flask) -> None:
    """Have `app` authenticate every request below the guarded paths, and clean up after each."""
    app.before_request(_authenticate)
    app.teardown_request(_roll_back)


class PageArguments(ma.Schema):
    """Query arguments of a list."""

    cursor = ma.fields.String(metadata={"description": "`next` of the page before."})
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, 500))


def encode_cursor(position: int | str) -> str:
    """Return an opaque cursor for the position of a page's last item."""
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str | None:
    """Return the position in `cursor`. Raises `Invalid` for what `encode_cursor` never made."""
    if cursor is None:
        return None
    try:
        position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise bad_cursor() from error
    if "\0" in position:  # which PostgreSQL's text can't hold
        raise bad_cursor()
    return position


def decode_number_cursor(cursor: str | None) -> int | None:
    """Return the number in `cursor`. Raises `Invalid` as `decode_cursor` does."""
    position = decode_cursor(cursor)
    if position is None:
        return None
    return _number(position)


def moment_position(at: dt.datetime, number: int) -> str:
    """Return the position of an item of a list that is ordered by a moment and an id."""
    return f"{at.isoformat()} {number}"


def decode_moment_cursor(cursor: str | None) -> tuple[dt.datetime, int] | None:
    """Return the moment (UTC) and the id in a cursor at a `moment_position`. Raises `Invalid` as
    `decode_cursor` does."""
    position = decode_cursor(cursor)
    if position is None:
        return None
    at, _, number = position.partition(" ")
    try:
        moment = reading.moment(dt.datetime.fromisoformat(at), "cursor")
    except (ValueError, Invalid) as error:
        raise bad_cursor() from error
    return moment, _number(number)


def cut(
    found: Sequence[Item], limit: int, position: Callable[[Item], int | str]
) -> tuple[Sequence[Item], str | None]:
    """Return the page of `found`, which was asked for with one more than `limit`, and the cursor of
    the next page: None where nothing follows."""
    shown = found[:limit]
    return shown, encode_cursor(position(shown[-1])) if len(found) > limit else None


def bad_cursor() -> Invalid:
    """Return the refusal of a cursor that was never given out."""
    return Invalid("page.bad_cursor", "cursor must be the `next` of a former page.", field="cursor")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise bad_cursor()
    return int(text)


def _installation() -> Installation:
    return current_app.extensions["gridserver"]


def _session() -> Session:
    if "transaction" not in g:
        g.transaction = ExitStack()
        g.session = g.transaction.enter_context(database().transaction())
    return g.session


def _authenticate() -> None:
    if "\0" in request.path:
        raise NotFound("http.not_found", "There is nothing at this address.")
    if not request.path.startswith(_GUARDED):
        return
    installation, is_change = _installation(), request.method not in _SAFE
    if is_change:
        _take(installation.addresses, network(request.remote_addr))
    _take_body()
    if _is_public():
        return
    by_cookie, token = _token()
    g.principal, csrf = access.principal_by_token(_session(), token)
    if by_cookie and is_change:
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), csrf.encode()):
            raise Forbidden(
                "access.csrf",
                f"A request by cookie carries the session's csrf_token in {CSRF_HEADER}.",
                field=CSRF_HEADER,
            )
    if g.principal.looks_on and is_change and request.path not in _OF_A_WALL:
        raise Forbidden("access.looks_on", "A wall only looks on: sign in at a desk to act.")
    if is_change:
        _take(installation.accounts, g.principal.account_id)
    elif not request.path.startswith(_TILES):  # a map that is dragged asks for hundreds at once
        _take(installation.readers, g.principal.account_id)
    if not getattr(_view_class(), "while_locked", False):
        idle.require_open(g.principal)
    live().hub.contacts.take(g.principal.account_id, g.principal.device)


def _take(rates: Rates, whose: Hashable) -> None:
    if wait_s := rates.take(whose, time.monotonic()):
        raise Limited(
            "access.too_many_requests",
            "Too much was asked for at once. Wait, and go on more slowly.",
            retry_after_s=math.ceil(wait_s),
        )


def _take_body() -> None:
    """Have the request's body here before a connection of the database is taken for it: a client
    that sends it letter by letter mustn't hold one. What is large is read by its own view.

    Raises `RequestTimeout`; `RequestEntityTooLarge` beyond ``MAX_CONTENT_LENGTH``.
    """
    if request.mimetype not in _LARGE:
        with gevent.Timeout(_BODY_S, RequestTimeout("The body of the request didn't come.")):
            request.get_data()


def _is_public() -> bool:
    return getattr(_view_class(), "is_public", False)


def _view_class() -> Any:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "view_class", view)


def _token() -> tuple[bool, str]:
    """Return whether the token came by cookie, and the token. A header goes before a cookie.

    Raises `Unauthenticated` where there is none.
    """
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    is_bearer = scheme.lower() == "bearer"
    token = given.strip() if is_bearer else None if scheme else COOKIE.given()
    if not token:
        raise Unauthenticated(
            "access.unauthenticated", "Sign in first: POST /api/v1/sessions gives a token."
        )
    return not scheme, token


def _roll_back(_error: BaseException | None) -> None:
    let_go()
