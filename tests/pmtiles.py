"""Writes small PMTiles files for tests, after the PMTiles specification, version 3.

One directory, nothing compressed: enough for a few tiles.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MVT, PNG = 1, 2
_HEADER_BYTES = 127
_UNCOMPRESSED = 1

Address = tuple[int, int, int]


def write(
    path: Path,
    tiles: Mapping[Address, bytes],
    *,
    tile_type: int,
    bounds: tuple[float, float, float, float],
    metadata: Mapping[str, Any] | None = None,
) -> Path:
    """Write tiles, by (z, x, y), into a file; `bounds` are west, south, east, north in degrees."""
    ordered = sorted((tile_id(*address), content) for address, content in tiles.items())
    directory, about = _directory(ordered), json.dumps(dict(metadata or {})).encode()
    data = b"".join(content for _, content in ordered)
    root, after_root = _HEADER_BYTES, _HEADER_BYTES + len(directory)
    after_about = after_root + len(about)
    zooms = [z for z, _, _ in tiles]
    corners = [round(value * 1e7) for value in bounds]
    centre = [(corners[0] + corners[2]) // 2, (corners[1] + corners[3]) // 2]
    header = struct.pack(
        "<7sB11Q6B4iB2i",
        b"PMTiles",
        3,
        *(root, len(directory), after_root, len(about), after_about, 0, after_about, len(data)),
        *([len(ordered)] * 3),
        *(1, _UNCOMPRESSED, _UNCOMPRESSED, tile_type, min(zooms), max(zooms)),
        *corners,
        min(zooms),
        *centre,
    )
    path.write_bytes(header + directory + about + data)
    return path


def tile_id(z: int, x: int, y: int) -> int:
    """Return a tile's number: all zooms before it, then its place on the Hilbert curve."""
    before = sum(4**zoom for zoom in range(z))
    place, side = 0, 1 << z >> 1
    while side:
        right, down = int(x & side > 0), int(y & side > 0)
        place += side * side * ((3 * right) ^ down)
        if not down:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        side >>= 1
    return before + place


def _directory(ordered: list[tuple[int, bytes]]) -> bytes:
    """Return the entries: counts and differences as variable-length integers, column by column."""
    ids = [number for number, _ in ordered]
    columns = [
        [len(ids)],
        [number - last for number, last in zip(ids, [0, *ids], strict=False)],
        [1] * len(ids),
        [len(content) for _, content in ordered],
        # An offset of 0 says that a tile follows the one before it; the first is 0, told as 1.
        [1, *([0] * (len(ids) - 1))],
    ]
    return b"".join(_varint(value) for column in columns for value in column)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
