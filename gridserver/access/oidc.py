"""Asking the bureau's identity provider who somebody is: OpenID Connect Core 1.0, the authorization
code flow, with PKCE (RFC 7636), state and nonce.

Nothing here knows accounts or the database. Between the two halves of the way the browser keeps a
`Begun`, sealed, so the server remembers nothing of who may never come back.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
import math
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import requests
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from structlog import get_logger

from gridserver.base import reading
from gridserver.base.bounded import BoundedAdapter
from gridserver.base.errors import Invalid, Unauthenticated, Unavailable
from gridserver.base.identity import IdentityProvider
from gridserver.base.links import is_safe
from gridserver.base.sealing import Seal

#: How long a `sub` may be (OpenID Connect Core 1.0, 2).
_LONGEST_SUBJECT = 255
#: How long somebody may take at the provider's page.
LASTS = dt.timedelta(minutes=10)
#: What the provider's clock may be off. (A number of seconds, as the tokens have them.)
_LEEWAY_S = 60
#: Its description and its keys are asked for anew after this; its keys at once for a new one.
_KNOWN_FOR = dt.timedelta(hours=1)
#: Where it didn't answer, it isn't asked for its description again so soon: meanwhile everybody who
#: would sign in by it is told at once.
_AWAY_S = 15.0
#: By a key pair of the provider's, so that whoever knows the client's secret signs nothing.
_ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
#: An address that a provider may have besides; what it says there may be whose account it is.
_USERINFO = "userinfo_endpoint"
#: Where signing out there begins (OpenID Connect RP-Initiated Logout 1.0, 2.1).
_END = "end_session_endpoint"

#: No answer, none that is JSON, lists in lists without end.
_UNREADABLE = (requests.RequestException, ValueError, RecursionError)

log = get_logger()


@dataclass(frozen=True)
class Begun:
    """A way to the provider that was begun in one browser.

    Attributes
    ----------
    state
        What the provider gives back, so that nobody else's answer is taken.
    nonce
        What its token must hold.
    verifier
        The secret whose digest the provider was shown (PKCE).
    redirect_uri
        Where it sends the browser back to.
    at
        When it was begun, in seconds since 1970.
    """

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    at: int

    def sealed(self, seal: Seal) -> str:
        """Return it as the browser keeps it."""
        return seal.seal(json.dumps(asdict(self)).encode()).decode("ascii")


@dataclass(frozen=True)
class Identity:
    """Who the provider says somebody is.

    Attributes
    ----------
    issuer, subject
        Together nobody else's, ever (OpenID Connect Core 1.0, 2: `iss`, `sub`).
    username
        The claim that names the account; a provider may give it to another one day.
    is_strong
        Whether they showed a second factor there.
    """

    issuer: str
    subject: str
    username: str
    is_strong: bool


@dataclass(frozen=True)
class _Known:
    """What the provider says of itself, and until when that is believed."""

    metadata: Mapping[str, Any]
    keys: KeySet
    until: dt.datetime


def unsealed(seal: Seal, kept: str | None, state: str, now: dt.datetime) -> Begun:
    """Return what this browser began and keeps.

    Raises `Unauthenticated` (``access.provider_state``) unless `state` belongs to it, and it isn't
    too long ago.
    """
    begun = _opened(seal, kept) if kept else None
    is_it = begun is not None and hmac.compare_digest(begun.state.encode(), state.encode())
    if begun is None or not is_it or now.timestamp() > begun.at + LASTS.total_seconds():
        raise Unauthenticated(
            "access.provider_state", "This isn't what this browser began, or it took too long."
        )
    return begun


class Provider:
    """The bureau's provider, as one web process knows it.

    Parameters
    ----------
    settings : IdentityProvider
        Where it is, and who we are to it.
    """

    def __init__(self, settings: IdentityProvider) -> None:
        self.settings = settings
        self._known: _Known | None = None
        #: By a clock that never goes back.
        self._away_until = -math.inf
        #: One asks what the provider says of itself; the rest wait for what that one was told.
        self._asking = threading.Lock()

    def begin(self, redirect_uri: str, now: dt.datetime) -> tuple[str, Begun]:
        """Return where the browser is to go, and what it is to keep meanwhile.

        The provider is told to ask for the password again (`max_age` 0), since a desk is shared:
        who sat there before may be signed in still. Raises `Unavailable` where it doesn't answer.
        """
        metadata = self._about(now).metadata
        begun = Begun(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            at=int(now.timestamp()),
        )
        acr = {"acr_values": " ".join(self.settings.acr)} if self.settings.acr else {}
        address, _ = self._session(redirect_uri).create_authorization_url(
            metadata["authorization_endpoint"],
            state=begun.state,
            code_verifier=begun.verifier,
            nonce=begun.nonce,
            max_age=0,
            prompt="login",
            **acr,
        )
        return address, begun

    def finish(self, begun: Begun, code: str, issuer: str | None, now: dt.datetime) -> Identity:
        """Exchange the code for who came.

        `issuer` is what the answer named (RFC 9207), where it did.

        Raises
        ------
        Unauthenticated
            ``access.provider_answer``: another issuer, a code or a token that doesn't hold.
        Unavailable
            ``access.provider_away``.
        """
        known = self._about(now)
        names_itself = known.metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.settings.issuer and (issuer is not None or names_itself):
            raise _refused("the answer came from another issuer", issuer=issuer)
        with self._session(begun.redirect_uri) as http:
            token = self._token(http, known, begun, code)
            claims = self._claims(token, begun, now)
            username = claims.get(self.settings.claim) or self._looked_up(http, known, claims)
        return Identity(
            issuer=self.settings.issuer,
            subject=_subject(claims["sub"]),
            username=self._name(username),
            is_strong=self._is_strong(claims),
        )

    def end(self, back_to: str, now: dt.datetime) -> str | None:
        """Return where the browser is to go to sign out at the provider too; None where it has no
        such page, or is away: nobody stays signed in here for that.

        It is told which client asks, and no token: none is kept, so it asks the person whether
        they mean it (RP-Initiated Logout 1.0, 2). `back_to` is where it sends them afterwards.
        """
        try:
            endpoint = (self._known or self._about(now)).metadata.get(_END)
        except Unavailable:
            return None
        said = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back_to}
        return add_params_to_uri(endpoint, list(said.items())) if endpoint else None

    def _name(self, claimed: Any) -> str:
        try:
            return reading.text(claimed, self.settings.claim, longest=64)
        except Invalid as error:
            raise _refused("its claim is no username", error=error.message) from error

    def _token(
        self, http: OAuth2Session, known: _Known, begun: Begun, code: str
    ) -> Mapping[str, Any]:
        try:
            return http.fetch_token(
                known.metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=begun.verifier,
            )
        except OAuthError as error:
            raise _refused("it takes no such code", error=error.error) from error
        except _UNREADABLE as error:
            raise _away(error) from error

    def _claims(self, token: Mapping[str, Any], begun: Begun, now: dt.datetime) -> CodeIDToken:
        """Return the ID token's claims, checked (OpenID Connect Core 1.0, 3.1.3.7)."""
        try:
            decoded = self._decoded(str(token.get("id_token") or ""), now)
            expected = {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
                "nonce": {"essential": True, "value": begun.nonce},
            }
            params = {
                "nonce": begun.nonce,
                "client_id": self.settings.client_id,
                "access_token": token.get("access_token"),
            }
            claims = CodeIDToken(decoded.claims, decoded.header, expected, params)
            claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise _refused("its token doesn't hold", error=repr(error)) from error
        shown_at = claims.get("auth_time")
        if not isinstance(shown_at, int | float) or shown_at < begun.at - _LEEWAY_S:
            raise _refused("it didn't ask for the password anew", auth_time=shown_at)
        return claims

    def _decoded(self, token: str, now: dt.datetime) -> jwt.Token:
        try:
            return jwt.decode(token, self._about(now).keys, _ALGORITHMS)
        except InvalidKeyIdError:
            # Keys are renewed, and the new one is looked up at once.
            return jwt.decode(token, self._about(now, anew=True).keys, _ALGORITHMS)

    def _looked_up(self, http: OAuth2Session, known: _Known, claims: CodeIDToken) -> Any:
        """Return the claim from the provider's UserInfo, where its token doesn't have it."""
        endpoint = known.metadata.get(_USERINFO)
        if not endpoint:
            return None
        about = _fetched(http, endpoint)
        if about.get("sub") != claims["sub"]:
            raise _refused("its UserInfo is of somebody else")
        return about.get(self.settings.claim)

    def _is_strong(self, claims: CodeIDToken) -> bool:
        methods = claims.get("amr") or []
        is_shown = any(method in self.settings.amr for method in methods)
        return is_shown or claims.get("acr") in self.settings.acr

    def _about(self, now: dt.datetime, *, anew: bool = False) -> _Known:
        before = self._known
        if before is not None and not anew and now < before.until:
            return before
        with self._asking:
            known = self._known
            if known is None or known is before:
                known = self._known = self._asked_unless_away(now)
        return known

    def _asked_unless_away(self, now: dt.datetime) -> _Known:
        if time.monotonic() < self._away_until:
            raise _away_still()
        try:
            return self._asked(now)
        except Unavailable:
            # From now on: that it is away was only known after waiting for it.
            self._away_until = time.monotonic() + _AWAY_S
            raise

    def _asked(self, now: dt.datetime) -> _Known:
        issuer = self.settings.issuer
        with self._session() as http:
            metadata = _fetched(http, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            named = (*_ENDPOINTS, *(name for name in (_USERINFO, _END) if metadata.get(name)))
            unsafe = [name for name in named if not is_safe(str(metadata.get(name, "")))]
            if metadata.get("issuer") != issuer or unsafe:
                log.error("oidc.bad_description", issuer=metadata.get("issuer"), unsafe=unsafe)
                raise Unavailable(
                    "access.provider_away",
                    "The identity provider describes itself as another one. Tell an admin.",
                )
            try:
                keys = KeySet.import_key_set(_fetched(http, metadata["jwks_uri"]))  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise _away(error) from error
        return _Known(metadata, keys, now + _KNOWN_FOR)

    def _session(self, redirect_uri: str | None = None) -> OAuth2Session:
        http = OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret,
            token_endpoint_auth_method="client_secret_basic"
            if self.settings.client_secret
            else "none",
            scope="openid profile",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            leeway=0,  # its token is used at once
        )
        http.trust_env = False  # a proxy's or another host's password is none of its business
        for scheme in ("https://", "http://"):
            http.mount(scheme, BoundedAdapter())
        http.max_redirects = 0
        if self.settings.ca_file:
            http.verify = str(self.settings.ca_file)
        return http


def _fetched(http: OAuth2Session, address: str) -> dict[str, Any]:
    try:
        answer = http.request("GET", address, withhold_token=not http.token)
        answer.raise_for_status()
        document = answer.json()
    except (*_UNREADABLE, OAuthError) as error:
        raise _away(error) from error
    if not isinstance(document, dict):
        raise _away(ValueError(f"{address} is no JSON object"))
    return document


def _subject(claimed: Any) -> str:
    try:
        reading.text(claimed, "sub", longest=_LONGEST_SUBJECT)
    except Invalid as error:
        raise _refused("its sub is none", error=error.message) from error
    return claimed  # to the letter, blanks too: another one is somebody else


def _opened(seal: Seal, kept: str) -> Begun | None:
    try:
        return Begun(**json.loads(seal.open(kept.encode())))
    except Unavailable as error:
        if error.code != "seal.other_key":
            raise
    except (ValueError, TypeError):  # sealed by us, and something else
        pass
    return None


def _refused(why: str, **more: Any) -> Unauthenticated:
    log.warning("oidc.refused", why=why, **more)
    return Unauthenticated(
        "access.provider_answer", "What the identity provider said doesn't hold. Begin again."
    )


def _away(error: Exception) -> Unavailable:
    log.warning("oidc.away", error=repr(error))
    return _away_still()


def _away_still() -> Unavailable:
    return Unavailable("access.provider_away", "The identity provider doesn't answer. Try again.")
