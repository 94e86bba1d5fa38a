"""What the first rules stored with a decision: its facts and its steps."""

from __future__ import annotations

from typing import Any

FACTS = {
    "place": {
        "cell": "330824001001001",
        "cell_name": "村00",
        "station": "33082401",
        "station_name": "南所",
        "grid_version": "v1",
        "method": "covers",
        "neighbours": [],
        "distance_m": 0.0,
    },
    "priority": 2,
    "primaries": [
        {"account_id": 1, "username": "1", "display_name": "1", "on_duty": True, "absent": True}
    ],
    "backups": [
        {"account_id": 2, "username": "2", "display_name": "2", "on_duty": False, "absent": False},
        {"account_id": 3, "username": "3", "display_name": "3", "on_duty": True, "absent": False},
    ],
    "station_room": [{"account_id": 8, "username": "8", "display_name": "8"}],
    "bureau_room": [{"account_id": 9, "username": "9", "display_name": "9"}],
}
_WHERE = {
    "cell": "330824001001001",
    "cell_name": "村00",
    "station": "33082401",
    "station_name": "南所",
}


def _step(number: int, kind: str, who: str, code: str, **params: Any) -> dict[str, Any]:
    return {
        "step": number,
        "kind": kind,
        "who": {"account_id": int(who), "username": who, "display_name": who},
        "because": {"code": code, "params": _WHERE | params},
        "sign_within_s": 120,
    }


STEPS = [
    _step(1, "backup", "3", "backup.primary_absent", absent=["1"], off_duty=["2"]),
    _step(2, "station_room", "8", "station_room.unsigned"),
    _step(3, "bureau_room", "9", "bureau_room.unsigned"),
]
