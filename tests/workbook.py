"""A small force as a workbook carries it, with something of everything."""

from __future__ import annotations

import datetime as dt

from gridserver.force.tables import (
    AbsenceRow,
    LeaderRow,
    OfficerRow,
    OwnershipRow,
    PostRow,
    ShiftRow,
    Tables,
    UnitRow,
)

DAY = dt.datetime(2026, 3, 10, 0, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)

TABLES = Tables(
    units=(
        UnitRow("330824", "bureau", "开化县公安局", "Kaihua"),
        UnitRow(
            "33082401", "station", "华埠派出所", None, "330824", "two_teams_one_room", 118.35, 29.01
        ),
        UnitRow("33082401-1", "team", "一队", None, "33082401"),
    ),
    officers=(
        OfficerRow("0001", "=警员", "officer", "33082401-1", "一级警司"),
        OfficerRow("330824002", "330824002", "officer", "33082401"),
        OfficerRow("F1", "F1 辅警", "auxiliary", "33082401"),
    ),
    ownership=(
        OwnershipRow("330824001001001", "primary", "0001", DAY),
        OwnershipRow("330824001001001", "backup", "330824002", DAY, DAY + HOUR),
    ),
    rosters=(
        ShiftRow("0001", "community", DAY, DAY + 9 * HOUR, "33082401-1"),
        ShiftRow(
            "0001", "pool", DAY + 9 * HOUR, DAY + dt.timedelta(days=1, microseconds=1), "33082401"
        ),
        ShiftRow("330824002", "post", DAY, DAY + HOUR, "33082401", "P1"),
    ),
    absences=(AbsenceRow("330824002", "leave", DAY, DAY + 72 * HOUR, "0001"),),
    leaders=(
        LeaderRow("33082401", "330824002", DAY),
        LeaderRow("33082401-1", "0001", DAY, DAY + HOUR),
    ),
    posts=(
        PostRow("P1", "桥头警务站", "33082401", True, 118.36, 29.02),
        PostRow("P2", "北门警务室", "33082401-1", False),
    ),
)
