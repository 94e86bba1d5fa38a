"""Signing out at the bureau's identity provider, once one has signed out here."""

from __future__ import annotations

from gridserver.api import context
from gridserver.api.sessions_opened import tools

#: Where the provider sends the browser back to afterwards: register it there, below each origin.
AFTERWARDS = "/login"


def leaving() -> str | None:
    """Return where the browser is to go; None where there is no such place, or no page of ours
    asks: a program has nothing to leave there."""
    provider, party = context.provider(), tools().party
    if provider is None or party is None:
        return None
    return provider.end(party.origin + AFTERWARDS, context.database().clock.now())
