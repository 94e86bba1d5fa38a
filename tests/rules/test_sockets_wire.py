"""Frames that are packets, and frames that are not."""

from __future__ import annotations

import pytest

from gridserver.api.sockets_wire import is_packet


@pytest.mark.parametrize(
    "frame",
    [
        "1",
        "2probe",
        "3",
        "5",
        '40/terminal,{"token":"x"}',
        "40",
        "41/terminal,",
        '42["dance"]',
        '42/terminal,7["ack",{"seq":NaN}]',
        "43/terminal,7[]",
    ],
)
def test_what_a_client_sends_is_a_packet(frame: str) -> None:
    assert is_packet(frame)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "2",
        "9",
        "x",
        "b!",
        b"42",
        "4",
        "42",
        "42/terminal",
        "42/terminal,",
        "42/terminal,7{",
        "42/terminal,7[]",
        '42/terminal,7"ack"',
        "42/terminal,7[1]",
        '42/terminal,7[["ack"],{}]',
        '42/terminal,7["ack",{"seq":' + "9" * 200 + "}]",
        '42/terminal,7["ack",' + "[" * 30_000 + "]" * 30_000 + "]",
        '42/terminal,7["ack",' + "[" * 60 + "]" * 60 + "]",
        "40/terminal," + '{"token":' * 60 + "1" + "}" * 60,
        "42/terminal," + "9" * 200 + '["ack"]',
        '44/terminal,{"message":"no"}',
        '451-/terminal,7["ack",{"_placeholder":true,"num":0}]',
        '4９/terminal,["ack"]',
        "4²",
    ],
)
def test_what_is_no_packet(frame: str | bytes) -> None:
    assert not is_packet(frame)
