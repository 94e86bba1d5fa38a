"""Files made to do harm, each written by a function of its own; what they are for is their name."""

import json
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely

from gis import testing
from gis.features import Cell
from gis.files import write_layer
from tests.gis.samples import KML, SQUARE, collection, polygon, write_shapefile

DEPTH = 12_000  # levels of nesting that crash GEOS: 110 KB of WKB
Attack = Callable[[Path], Path]


def _text(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def _geojson(folder: Path, geometry: str) -> Path:
    feature = f'{{"type":"Feature","properties":{{"code":"1"}},"geometry":{geometry}}}'
    return _text(folder, "a.geojson", f'{{"type":"FeatureCollection","features":[{feature}]}}')


# GeoJSON


def nested_collections(folder: Path) -> Path:
    start, end = '{"type":"GeometryCollection","geometries":[', "]}"
    # Fewer than the JSON parser's own limit of levels.
    return _geojson(folder, start * 400 + json.dumps(polygon(SQUARE)) + end * 400)


def nested_collections_too_deep_for_json(folder: Path) -> Path:
    start, end = '{"type":"GeometryCollection","geometries":[', "]}"
    return _geojson(folder, start * DEPTH + json.dumps(polygon(SQUARE)) + end * DEPTH)


def deep_coordinates(folder: Path) -> Path:
    return _geojson(folder, '{"type":"Polygon","coordinates":' + "[" * 900 + "]" * 900 + "}")


def unclosed_brackets(folder: Path) -> Path:
    return _text(folder, "a.geojson", "[" * 5_000_000)


def not_a_number(folder: Path) -> Path:
    return _geojson(folder, json.dumps(polygon(SQUARE)).replace("118.1", "NaN"))


def infinity(folder: Path) -> Path:
    return _geojson(folder, json.dumps(polygon(SQUARE)).replace("118.1", "-Infinity"))


def number_beyond_double(folder: Path) -> Path:
    return _geojson(folder, json.dumps(polygon(SQUARE)).replace("118.1", "1e999"))


def number_of_many_digits(folder: Path) -> Path:
    return _geojson(folder, json.dumps(polygon(SQUARE)).replace("118.1", "1" * 1_000_000))


def empty_file(folder: Path) -> Path:
    return _text(folder, "a.geojson", "")


def too_many_vertices(folder: Path) -> Path:
    ring = "[118,29]," * 5_100_000 + "[118,30]"
    return _geojson(folder, f'{{"type":"Polygon","coordinates":[[{ring}]]}}')


def too_many_features(folder: Path) -> Path:
    feature = json.dumps(collection(polygon(SQUARE))["features"][0])
    features = ",".join([feature] * 60_000)
    return _text(folder, "a.geojson", f'{{"type":"FeatureCollection","features":[{features}]}}')


# Size


def huge(ending: str) -> Attack:
    def attack(folder: Path) -> Path:
        start = {".shp": b"\x00\x00\x27\x0a", ".gpkg": b"SQLite format 3\x00", ".kml": b"<kml"}
        path = folder / f"a{ending}"
        with path.open("wb") as file:
            file.write(start.get(ending, b"PK\x03\x04" if ending == ".zip" else b"{"))
            file.truncate(300_000_000)  # sparse: it takes no room
        return path

    attack.__name__ = f"huge{ending}"
    return attack


def empty(ending: str) -> Attack:
    def attack(folder: Path) -> Path:
        return _text(folder, f"a{ending}", "")

    attack.__name__ = f"empty{ending}"
    return attack


# Zip


def _member(name: bytes, data: bytes, size: int, *, utf8: bool = False) -> tuple[bytes, bytes]:
    """A zip member of deflated `data` that says it unpacks to `size` bytes, and its entry."""
    big = size >= 0xFFFFFFFF
    extra = struct.pack("<HHQQ", 1, 16, size, len(data)) if big else b""
    sizes = (0xFFFFFFFF, 0xFFFFFFFF) if big else (len(data), size)
    flags = 0x800 if utf8 else 0
    common = struct.pack("<HHHHHLLLHH", 45, flags, 8, 0, 0x21, 0, *sizes, len(name), len(extra))
    entry = struct.pack("<4sH", b"PK\x01\x02", 0x0314) + common
    entry += struct.pack("<HHHLL", 0, 0, 0, 0o100644 << 16, 0) + name + extra
    return b"PK\x03\x04" + common + name + extra + data, entry


def _archive(path: Path, member: bytes, entry: bytes) -> Path:
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(member), 0)
    path.write_bytes(member + entry + end)
    return path


def _zeros(gigabytes: int) -> bytes:
    """A Shapefile's magic number and so many GB of zeros, deflated to a thousandth."""
    packer = zlib.compressobj(9, wbits=-15)
    start = packer.compress(b"\x00\x00\x27\x0a") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * (64 * gigabytes) + packer.flush()


def zip_bomb(folder: Path) -> Path:
    """40 GB, and it says so."""
    return _archive(folder / "a.zip", *_member(b"a.shp", _zeros(40), 40 << 30))


def zip_bomb_that_says_it_is_small(folder: Path) -> Path:
    return _archive(folder / "a.zip", *_member(b"a.shp", _zeros(40), 1_000))


def zip_bomb_just_too_large(folder: Path) -> Path:
    return _archive(folder / "a.zip", *_member(b"a.shp", _zeros(1), 1 << 30))


def zip_of_many_members(folder: Path) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number}.shp", b"")
    return path


def zip_slip(folder: Path) -> Path:
    path = folder / "a.zip"
    inner = folder / "inner"
    inner.mkdir()
    write_layer(inner / "a.shp", testing.grid(1, 1))
    with zipfile.ZipFile(path, "w") as archive:
        for part in inner.iterdir():
            archive.write(part, f"../../../../{folder.name}-slipped{part.suffix}")
        archive.writestr(f"../{folder.name}-slipped.txt", "slipped")
        archive.writestr("/etc/slipped.txt", "slipped")
    return path


def symlink_in_a_zip(folder: Path) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for ending in (".shp", ".shx", ".dbf"):
            link = zipfile.ZipInfo(f"a{ending}")
            link.create_system, link.external_attr = 3, 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
    return path


def name_that_is_no_utf8(folder: Path) -> Path:
    return _archive(folder / "a.zip", *_member(b"\xff\xfe.shp", b"\x03\x00", 0, utf8=True))


def zip_with_a_password(folder: Path) -> Path:
    member, entry = _member(b"a.shp", b"\x03\x00", 0)
    locked = b"\x01\x00"
    return _archive(
        folder / "a.zip", member[:6] + locked + member[8:], entry[:8] + locked + entry[10:]
    )


# Shapefile


def _damaged(folder: Path, ending: str, offset: int, data: bytes) -> Path:
    path = folder / "a.shp"
    write_layer(path, testing.grid())
    part = path.with_suffix(ending)
    whole = bytearray(part.read_bytes())
    whole[offset : offset + len(data)] = data
    part.write_bytes(whole)
    return path


def header_of_another_shape(folder: Path) -> Path:
    return _damaged(folder, ".shp", 32, struct.pack("<i", 31))


def record_of_two_billion_parts(folder: Path) -> Path:
    return _damaged(folder, ".shp", 100 + 8 + 36, struct.pack("<i", 2**31 - 1))


def record_of_two_billion_points(folder: Path) -> Path:
    return _damaged(folder, ".shp", 100 + 8 + 40, struct.pack("<i", 2**31 - 1))


def record_of_minus_one_points(folder: Path) -> Path:
    return _damaged(folder, ".shp", 100 + 8 + 40, struct.pack("<i", -1))


def index_beyond_the_file(folder: Path) -> Path:
    return _damaged(folder, ".shx", 100, struct.pack(">ii", 2**30, 2**30))


def part_that_starts_beyond_its_points(folder: Path) -> Path:
    return _damaged(folder, ".shp", 100 + 8 + 44, struct.pack("<i", 1_000))


def coordinates_that_are_nan(folder: Path) -> Path:
    return _damaged(folder, ".shp", 100 + 8 + 48, struct.pack("<d", float("nan")))


def table_of_two_billion_rows(folder: Path) -> Path:
    return _damaged(folder, ".dbf", 4, struct.pack("<i", 2**31 - 1))


def table_whose_rows_have_no_length(folder: Path) -> Path:
    return _damaged(folder, ".dbf", 10, struct.pack("<H", 0))


def shapefile_without_index_or_table(folder: Path) -> Path:
    path = folder / "a.shp"
    write_shapefile(path, {"code": ["1"]})
    path.with_suffix(".shx").unlink()
    path.with_suffix(".dbf").unlink()
    return path


# GeoPackage


def no_sqlite(folder: Path) -> Path:
    return _text(folder, "a.gpkg", "SQLite format 4\x00" + "x" * 5_000)


def sqlite_in_name_only(folder: Path) -> Path:
    path = folder / "a.gpkg"
    path.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 64)
    return path


def _geopackage(folder: Path, *statements: str, blob: bytes | None = None) -> Path:
    path = folder / "a.gpkg"
    write_layer(path, testing.grid(1, 1))
    with sqlite3.connect(path) as database:
        for (trigger,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        for statement in statements:
            database.execute(statement)
        if blob is not None:
            database.execute(
                "UPDATE a SET geom = ?", (b"GP\x00\x01" + struct.pack("<i", 4326) + blob,)
            )
    database.close()
    return path


def nested_collections_in_a_geopackage(folder: Path) -> Path:
    wkb = struct.pack("<BII", 1, 7, 1) * DEPTH + shapely.to_wkb(shapely.Point(0, 0))
    return _geopackage(folder, blob=wkb)


def ring_of_four_billion_points(folder: Path) -> Path:
    return _geopackage(folder, blob=struct.pack("<BIII", 1, 3, 1, 2**32 - 1))


def multipolygon_of_four_billion_parts(folder: Path) -> Path:
    return _geopackage(folder, blob=struct.pack("<BII", 1, 6, 2**32 - 1))


def view_without_end(folder: Path) -> Path:
    view = (
        "CREATE VIEW a AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT h.fid, h.geom, h.code FROM hidden h, n WHERE i < 0"
    )
    return _geopackage(folder, "ALTER TABLE a RENAME TO hidden", view)


def view_that_loads_a_library(folder: Path) -> Path:
    return _geopackage(
        folder,
        "ALTER TABLE a RENAME TO hidden",
        "CREATE VIEW a AS SELECT fid, geom, load_extension('none.so') AS code FROM hidden",
    )


def trigger_that_deletes(folder: Path) -> Path:
    """Harmless to whoever only reads."""
    return _geopackage(folder, "CREATE TRIGGER gone AFTER INSERT ON a BEGIN DELETE FROM a; END")


# KML


def billion_laughs(folder: Path) -> Path:
    entities = '<!ENTITY l0 "lollollollollol">' + "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12)
    )
    text = KML.replace("<kml", f"<!DOCTYPE kml [{entities}]><kml", 1)
    return _text(folder, "a.kml", text.replace("<name>城关", "<name>&l11;"))


def quadratic_entity(folder: Path) -> Path:
    entity = f'<!--<kml--><!DOCTYPE kml [<!ENTITY a "{"a" * 100_000}">]><kml'
    return _text(
        folder,
        "a.kml",
        KML.replace("<kml", entity, 1).replace("<name>城关", "<name>" + "&a;" * 30_000),
    )


def entity_of_a_file(folder: Path) -> Path:
    entity = '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml'
    return _text(folder, "a.kml", KML.replace("<kml", entity, 1).replace("001", "&a;"))


def nested_multigeometry(folder: Path) -> Path:
    text = KML.replace("<Polygon>", "<MultiGeometry>" * DEPTH + "<Polygon>")
    return _text(
        folder, "a.kml", text.replace("</Polygon>", "</Polygon>" + "</MultiGeometry>" * DEPTH)
    )


def kml_with_nan(folder: Path) -> Path:
    return _text(folder, "a.kml", KML.replace("118.1,29,5", "nan,29,5"))


def virtual_dataset(folder: Path) -> Path:
    return _text(
        folder,
        "a.kml",
        "<!--<kml--><OGRVRTDataSource><OGRVRTLayer name='a'>"
        "<SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    )


# Cells that can be read but not checked or mended without care


def star(points: int = 2_001) -> list[Cell]:
    return [*testing.grid(), Cell("star", testing.star(points))]


def stars(count: int = 30) -> list[Cell]:
    return [Cell(f"star {number}", testing.star(1_999)) for number in range(count)]


def one_code(count: int = 10_000) -> list[Cell]:
    side = int(np.sqrt(count))
    return [Cell("1", cell.geom) for cell in testing.grid(side, side)]


def one_place(count: int = 10_000) -> list[Cell]:
    return [Cell(str(number), testing.square(0, 0)) for number in range(count)]
