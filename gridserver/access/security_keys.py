"""Security keys and the like (WebAuthn level 3): what a browser is asked, and whether it did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, generate_challenge
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.options_to_json_dict import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

#: What the library raises for garbage, beside its own errors.
_BAD = (WebAuthnException, ValueError, KeyError, TypeError)


@dataclass(frozen=True)
class Party:
    """Where the browser's page came from: a key answers for the host of its `origin` alone."""

    origin: str

    @property
    def rp_id(self) -> str:
        """The relying party: the origin's host."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True)
class Key:
    """A key's public half, and how often it says that it was used."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def new_challenge() -> bytes:
    """Return 64 random bytes, good for one ceremony."""
    return generate_challenge()


def creation(
    party: Party, name: str, account_id: int, username: str, challenge: bytes, has: Sequence[bytes]
) -> dict[str, Any]:
    """Return the options of `navigator.credentials.create`, as JSON. `has` are the account's keys
    already, which can't be enrolled twice."""
    options = webauthn.generate_registration_options(
        rp_id=party.rp_id,
        rp_name=name,
        user_name=username,
        user_id=str(account_id).encode(),
        challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in has],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return options_to_json_dict(options)


def created(party: Party, challenge: bytes, credential: dict[str, Any]) -> Key | None:
    """Return the key that the browser made for the challenge; None where it didn't."""
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
        )
    except _BAD:
        return None
    return Key(made.credential_id, made.credential_public_key, made.sign_count)


def request(party: Party, challenge: bytes, has: Sequence[bytes]) -> dict[str, Any]:
    """Return the options of `navigator.credentials.get`, as JSON, for one of the keys `has`."""
    options = webauthn.generate_authentication_options(
        rp_id=party.rp_id,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in has],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return options_to_json_dict(options)


def named(credential: dict[str, Any]) -> bytes:
    """Return which key a browser says that it used; empty for garbage."""
    try:
        return base64url_to_bytes(credential["rawId"])
    except _BAD:
        return b""


def signed(party: Party, challenge: bytes, credential: dict[str, Any], key: Key) -> int | None:
    """Return the key's new count where it signed the challenge; None where it didn't, or where the
    count went back, as a copy's does."""
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
        )
    except _BAD:
        return None
    return verified.new_sign_count
