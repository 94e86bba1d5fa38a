"""The socket interface is documented as it is.

What the server sends in any socket test is held against the document as well (`connect` in
conftest); here: what it takes.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import pytest

from gridserver.api.live import COMMAND
from gridserver.api.positions import PositionSchema
from gridserver.api.sockets import AuthenticatedNamespace, AuthSchema
from gridserver.api.sockets_command import CommandView
from gridserver.api.sockets_terminal import NAMESPACE, AckSchema, Terminal
from gridserver.api.terminal_commands import CommandSchema
from gridserver.delivery.rules import WINDOW
from gridserver.force.positions import MOST_POSITIONS
from tests import asyncapi

SCHEMAS = asyncapi.DOCUMENT["components"]["schemas"]


@pytest.mark.parametrize(("namespace", "address"), [(Terminal, NAMESPACE), (CommandView, COMMAND)])
def test_the_events_taken_are_those_documented(
    namespace: type[AuthenticatedNamespace], address: str
) -> None:
    assert set(asyncapi.events(address, "receive")) == namespace.events
    handled = {name.removeprefix("on_") for name in dir(namespace) if name.startswith("on_")}
    assert handled - {"connect", "disconnect"} == namespace.events


@pytest.mark.parametrize(
    ("schema", "documented"),
    [
        (AuthSchema(), SCHEMAS["Auth"]),
        (AckSchema(), SCHEMAS["Ack"]),
        (CommandSchema(), SCHEMAS["Command"]),
        (PositionSchema(), SCHEMAS["Positions"]["items"]),
    ],
    ids=["auth", "ack", "command", "position"],
)
def test_the_payloads_taken_are_those_documented(
    schema: ma.Schema, documented: dict[str, Any]
) -> None:
    assert set(schema.fields) == set(documented["properties"])
    required = {name for name, field in schema.fields.items() if field.required}
    assert required == set(documented.get("required", ()))
    assert documented["additionalProperties"] is False


def test_the_limits_documented_are_those_that_hold() -> None:
    assert SCHEMAS["Positions"]["maxItems"] == MOST_POSITIONS
    assert f"At most {WINDOW} messages" in asyncapi.DOCUMENT["channels"]["terminal"]["description"]
