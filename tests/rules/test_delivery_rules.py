"""Where a stream starts, what a window holds, what a wake-up says: without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridserver.delivery import channels
from gridserver.delivery.rules import (
    WINDOW,
    Cursor,
    Standing,
    room,
    start,
    tombstone,
    worth_resuming,
)

HERE = Standing(epoch="here", head=10, acknowledged=7)


@pytest.mark.parametrize(
    ("cursor", "after"),
    [
        (Cursor(), 7),
        (Cursor(epoch="here"), 7),
        (Cursor(seq=0), 0),
        (Cursor(epoch="here", seq=3), 3),
        (Cursor(epoch="here", seq=10), 10),
        (Cursor(epoch="here", seq=11), None),
        (Cursor(epoch="here", seq=-1), None),
        (Cursor(epoch="before the restore", seq=3), None),
        (Cursor(epoch="before the restore"), None),
    ],
)
def test_where_a_stream_starts(cursor: Cursor, after: int | None) -> None:
    assert start(cursor, HERE) == after


@pytest.mark.parametrize(
    ("seq", "after"), [(None, None), (0, None), (8, None), (9, 9), (10, 10), (11, None)]
)
def test_a_cursor_from_before_what_was_purged_needs_a_snapshot(
    seq: int | None, after: int | None
) -> None:
    """Even one that the server itself would suggest, by the last receipt."""
    purged = Standing(epoch="here", head=10, acknowledged=7, purged_through=9)
    assert start(Cursor(seq=seq), purged) == after


def test_a_tombstone_names_what_it_was_about_and_nothing_else() -> None:
    said = {"task": {"id": 7, "state": "assigned"}, "reason": "returned", "order": {"text": "go"}}
    assert tombstone("task.offered", said) == {"type": "task.offered", "task": {"id": 7}}


def test_the_window_is_at_least_a_hundred_and_never_exceeded() -> None:
    assert WINDOW >= 100
    assert room(sent=WINDOW, acknowledged=0) == 0
    assert room(sent=WINDOW, acknowledged=1) == 1
    assert not worth_resuming(sent=WINDOW, acknowledged=1)
    assert worth_resuming(sent=WINDOW, acknowledged=WINDOW // 2)


@given(st.sets(st.integers(min_value=1, max_value=2**62)))
def test_a_wake_up_names_everyone_or_means_all(recipients: set[int]) -> None:
    payload = channels.recipients_payload(recipients)
    assert len(payload.encode()) < 8_000
    named = channels.recipients_of(payload)
    assert named is None or named == recipients


def test_too_many_recipients_for_a_payload_means_all() -> None:
    payload = channels.recipients_payload(range(1_000_000, 1_010_000))
    assert channels.recipients_of(payload) is None
