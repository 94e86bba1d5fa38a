"""Every type of message and feed entry that the source posts is documented, and no other."""

from __future__ import annotations

import pytest

from tests import asyncapi, posted

SCHEMAS = asyncapi.DOCUMENT["components"]["schemas"]
#: What the relay puts in the place of a message; nobody posts it.
MADE_WHEN_SENT = {"expired"}


@pytest.mark.parametrize(
    ("schema", "posting"), [("Message", posted.MESSAGE), ("FeedEntry", posted.FEED)]
)
def test_the_types_documented_are_those_posted(schema: str, posting: dict[str, int]) -> None:
    documented = {each["const"] for each in SCHEMAS[schema]["properties"]["type"]["oneOf"]}
    assert documented - MADE_WHEN_SENT == posted.types(posting)
