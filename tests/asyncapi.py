"""`docs/asyncapi.yaml` as the tests hold it against what goes over the wire."""

from __future__ import annotations

from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tests.processes import ROOT

DOCUMENT = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text("utf-8"))


def events(namespace: str, action: str) -> dict[str, dict[str, Any]]:
    """Return event → payload schema of what the server does: `send` or `receive`."""
    found = {}
    for operation in DOCUMENT["operations"].values():
        if operation["action"] == action and _at(operation["channel"])["address"] == namespace:
            for reference in operation["messages"]:
                message = _at(_at(reference))
                found[message["name"]] = message["payload"]
    return found


def check(namespace: str, event: str, payload: Any) -> None:
    """Fail for an event that the server isn't said to send, or a payload of another shape."""
    documented = events(namespace, "send")
    assert event in documented, f"{namespace} {event} is not in docs/asyncapi.yaml"
    _validate(documented[event], payload)


def check_answer(answer: Any) -> None:
    """Fail for an answer of another shape than documented."""
    _validate({"$ref": "#/components/schemas/Answer"}, answer)


def _validate(schema: dict[str, Any], payload: Any) -> None:
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(payload)


def _at(reference: dict[str, str]) -> Any:
    place = DOCUMENT
    for key in reference["$ref"].removeprefix("#/").split("/"):
        place = place[key]
    return place
