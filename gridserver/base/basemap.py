"""The bureau's own background map: a PMTiles file on the server's disk, or a tile service inside
the police network. Without one the map shows the grid alone.

Browsers draw tiles of the Web Mercator scheme (EPSG:3857) and nothing else. What comes in another
CRS would lie beside the grid, so it is refused here, with the reason.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gridserver.base.errors import Invalid

BASEMAP, CRS = "GRIDSERVER_BASEMAP", "GRIDSERVER_BASEMAP_CRS"
ATTRIBUTION = "GRIDSERVER_BASEMAP_ATTRIBUTION"
#: Where browsers get the file of this host.
FILE_ADDRESS = "/tiles/basemap.pmtiles"
_SERVICE_ZOOMS = (0, 18)
_WORLD = (-180.0, -85.0511, 180.0, 85.0511)

_MERCATOR = frozenset({"epsg:3857", "epsg:900913"})
_SHIFTED = frozenset({"gcj02", "gcj-02", "bd09", "bd-09"})
_DEGREES = frozenset({"epsg:4490", "epsg:4326", "crs:84"})
#: WMTS tile matrix sets in degrees, as Tianditu (`c`) and most servers call them.
_MATRIX_IN_DEGREES = re.compile(r"tilematrixset=(c|[^&]*(4490|4326|crs84)[^&]*)(&|$)", re.I)
#: The names that WMTS gives the parts of a tile's address (OGC 07-057r7).
_WMTS_NAMES = {"{TileMatrix}": "{z}", "{TileCol}": "{x}", "{TileRow}": "{y}"}

#: PMTiles 3: magic, version, and from byte 99 tile type, zooms and bounds in 1e-7 degrees.
_HEADER_BYTES = 127
_TYPE_AT = 99
_VECTOR, _RASTERS = 1, frozenset({2, 3, 4})


@dataclass(frozen=True)
class Basemap:
    """A background map in the Web Mercator scheme.

    Attributes
    ----------
    kind : str
        ``vector`` (MVT) or ``raster``.
    file : Path or None
        The PMTiles file; None for a service.
    address : str
        Of the file on this host, or the service's template with {z}, {x}, {y}.
    zooms : tuple of int
        The first and the last zoom that has tiles.
    bounds : tuple of float
        West, south, east, north in degrees, EPSG:4326.
    attribution : str or None
        What the data's licence asks to be shown.
    """

    kind: str
    file: Path | None
    address: str
    zooms: tuple[int, int]
    bounds: tuple[float, float, float, float]
    attribution: str | None

    @property
    def origin(self) -> str | None:
        """The other host that browsers must be let reach; None for a file of this one."""
        if self.file is not None:
            return None
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


def from_environment(environ: Mapping[str, str]) -> Basemap | None:
    """Read the setting; None without one.

    Raises
    ------
    Invalid
        ``settings.bad_value``: a CRS that can't be drawn or isn't stated, no readable PMTiles 3
        file, or an address that isn't a template.
    """
    value = (environ.get(BASEMAP) or "").strip()
    if not value:
        return None
    attribution = (environ.get(ATTRIBUTION) or "").strip() or None
    stated = (environ.get(CRS) or "").strip()
    if value.startswith(("http://", "https://")):
        _check_crs(stated or None)
        return _service(value, attribution)
    # PMTiles are in EPSG:3857 by their specification; what is stated must agree.
    _check_crs(stated or "EPSG:3857")
    return _file(Path(value).expanduser().resolve(), attribution)


def _check_crs(stated: str | None) -> None:
    if stated is None:
        raise _bad(CRS, "", "state the CRS of the tiles, e.g. EPSG:3857.")
    name = stated.lower()
    if name in _SHIFTED:
        raise _bad(
            CRS, stated, "tiles in it lie up to 700 m beside the grid, and can't be moved back."
        )
    if name in _DEGREES:
        raise _bad(CRS, stated, _IN_DEGREES)
    if name not in _MERCATOR:
        raise _bad(CRS, stated, "only tiles in EPSG:3857 can be drawn.")


_IN_DEGREES = (
    "tiles cut in degrees can't be drawn: use the service's EPSG:3857 tiles (Tianditu: the layers "
    "ending in _w, tile matrix set w)."
)


def _service(template: str, attribution: str | None) -> Basemap:
    if _MATRIX_IN_DEGREES.search(template):
        raise _bad(BASEMAP, template, _IN_DEGREES)
    for name, ours in _WMTS_NAMES.items():
        template = template.replace(name, ours)
    host = urlsplit(template).netloc
    if not all(part in template for part in ("{z}", "{x}", "{y}")):
        raise _bad(BASEMAP, template, "give a template with {z}, {x} and {y}.")
    # It goes into a response header: nothing that could end the directive there.
    if not re.fullmatch(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?", host):
        raise _bad(BASEMAP, template, "give a plain host name, with its port where it has one.")
    return Basemap("raster", None, template, _SERVICE_ZOOMS, _WORLD, attribution)


def _file(path: Path, attribution: str | None) -> Basemap:
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise _bad(BASEMAP, str(path), "the file can't be read.") from error
    if len(header) < _HEADER_BYTES or not header.startswith(b"PMTiles\x03"):
        raise _bad(BASEMAP, str(path), "give a PMTiles file of version 3.")
    tile_type, first, last, *bounds = struct.unpack_from("<3B4i", header, _TYPE_AT)
    if tile_type != _VECTOR and tile_type not in _RASTERS:
        raise _bad(BASEMAP, str(path), "give one with MVT, PNG, JPEG or WebP tiles.")
    kind = "vector" if tile_type == _VECTOR else "raster"
    west, south, east, north = (value / 1e7 for value in bounds)
    area = (west, south, east, north)
    return Basemap(kind, path, FILE_ADDRESS, (first, last), area, attribution)


def _bad(name: str, value: str, remedy: str) -> Invalid:
    return Invalid("settings.bad_value", f"{name}={value!r} can't be used: {remedy}", field=name)
