"""What a grid version may be called, when it may take force, and what it looks like: pure."""

from __future__ import annotations

import datetime as dt

from gridserver.base.errors import Invalid

LONGEST_NAME = 100
#: A draft of which less than this share of its extent lies in the grid in force is warned of.
LEAST_COMMON_EXTENT = 0.5

Bounds = tuple[float, float, float, float]


def check_name(name: str) -> str:
    """Return `name`, which must fit into an address and a line of text. Raises `Invalid`."""
    printable = name.isprintable() and name == name.strip() and "/" not in name
    if not printable or not 0 < len(name) <= LONGEST_NAME or not name.strip("."):
        raise Invalid(
            "grid.bad_name",
            f"A version's name has 1 to {LONGEST_NAME} printable characters, no '/', no space "
            f"around it, and is not only dots; {name!r} can't be used.",
            field="name",
        )
    return name


def state_at(state: str, valid_to: dt.datetime | None, at: dt.datetime) -> str:
    """Return the state to show at `at`: a published version whose time is over has retired.

    The row of a version that was followed by a later one is written when that one is published,
    maybe weeks before; nothing needs to run at the moment of the change itself.
    """
    over = valid_to is not None and valid_to <= at
    return "retired" if state == "published" and over else state


def starting(since: dt.datetime | None, at: dt.datetime) -> dt.datetime:
    """Return from when (in UTC) a version published at `at` is in force.

    Raises
    ------
    Invalid
        ``grid.past``: what was asked of the grid until now has been answered.
        ``grid.naive_time``: a moment without an offset.
    """
    if since is None:
        return at
    if since.tzinfo is None:
        raise Invalid("grid.naive_time", f"Give {since.isoformat()} an offset.", field="from")
    if since < at:
        raise Invalid(
            "grid.past",
            f"A grid can't take force in the past: {since.isoformat()} is before now "
            f"({at.isoformat()}). Leave the moment out, or give a later one.",
            field="from",
        )
    return since.astimezone(dt.UTC)


def common_extent(draft: Bounds, present: Bounds) -> float:
    """Return the share of the draft's box (west, south, east, north) that lies in the present's."""
    width = min(draft[2], present[2]) - max(draft[0], present[0])
    height = min(draft[3], present[3]) - max(draft[1], present[1])
    whole = (draft[2] - draft[0]) * (draft[3] - draft[1])
    return max(width, 0.0) * max(height, 0.0) / whole if whole > 0.0 else 0.0


def is_far(draft: Bounds, present: Bounds) -> bool:
    """Say whether the draft lies so far from the present grid that its CRS is to be doubted."""
    return common_extent(draft, present) < LEAST_COMMON_EXTENT


def is_swapped(draft: Bounds, expected: Bounds) -> bool:
    """Say whether the draft lies where it is expected only once its axes change places."""
    west, south, east, north = draft
    return is_far(draft, expected) and not is_far((south, west, north, east), expected)
