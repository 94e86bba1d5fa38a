"""Asking once more who somebody is, in the two steps of a sign-in, before a view goes on."""

from __future__ import annotations

from typing import Any

from flask import Response

from gridserver.access.reauthentication import Given, reauthenticate
from gridserver.access.rules import Principal
from gridserver.api.knocking import Knock
from gridserver.api.sessions_opened import tools, wanting
from gridserver.api.sessions_second import shown


def wanted_again(knock: Knock, actor: Principal, body: dict[str, Any]) -> Response | None:
    """Return the answer that says what is wanted besides; None where all was shown, and the view
    does what it is asked for.

    `body` was loaded by an `AgainSchema`. Raises as `reauthenticate` does.
    """
    given = Given(body.get("password"), body.get("ticket"), shown(body))
    wanted = reauthenticate(knock.session, actor, given, tools())
    if wanted:
        return wanting(knock, wanted)
    knock.passed()
    return None
