"""What a review says, and its life: pure."""

from __future__ import annotations

import datetime as dt

from gridserver.base import reading
from gridserver.base.errors import Invalid
from gridserver.base.lifecycle import Lifecycle

#: `settle` says of a lesson that it was done; a lesson binds once the review is signed off.
REVIEW = Lifecycle(
    states=("drafted", "submitted", "signed"),
    transitions={
        ("drafted", "remark"): "drafted",
        ("drafted", "learn"): "drafted",
        ("drafted", "submit"): "submitted",
        ("submitted", "send_back"): "drafted",
        ("submitted", "sign_off"): "signed",
        ("signed", "settle"): "signed",
    },
)

#: verb → the permission that it takes at the review's unit.
SAID_BY = {
    "remark": "review.write",
    "learn": "review.write",
    "submit": "review.write",
    "send_back": "review.sign",
    "sign_off": "review.sign",
    "settle": "review.write",
}

#: As many incidents as one review is about.
MOST_INCIDENTS = 500
_LONGEST_TITLE = 200
_LONGEST_TEXT = 4000


def read_title(value: object) -> str:
    """Return a title. Raises `Invalid` naming ``title``."""
    return reading.text(value, "title", longest=_LONGEST_TITLE)


def read_text(value: object, field: str = "text") -> str:
    """Return a remark, a lesson or a conclusion. Raises `Invalid` naming `field`."""
    return reading.text(value, field, longest=_LONGEST_TEXT)


def read_due(value: dt.date, today: dt.date) -> dt.date:
    """Return until when a lesson is to be done. Raises `Invalid` for a day that is over."""
    if value < today:
        raise Invalid(
            "review.due_in_the_past", "due_on: give today or a later day.", field="due_on"
        )
    return value


def check_count(count: int) -> None:
    """Raise `Invalid` unless a review is about 1 to `MOST_INCIDENTS` incidents."""
    if not 1 <= count <= MOST_INCIDENTS:
        raise Invalid(
            "review.incidents",
            f"incidents: a review is about 1 to {MOST_INCIDENTS} incidents, these are {count}.",
            field="incidents",
        )
