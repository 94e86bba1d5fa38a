"""The file to be read: found in a folder or zip, of a size and format that is taken."""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gis.errors import FileError
from gis.features import Limits

JSON_ENDINGS = (".geojson", ".json")
ENDINGS_READ = (".shp", ".zip", ".gpkg", ".kml", *JSON_ENDINGS)
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MAGIC = {
    ".shp": b"\x00\x00\x27\x0a",
    ".gpkg": b"SQLite format 3\x00",
    ".zip": b"PK\x03\x04",
}
# What the zipfile module lets through for a broken, encrypted or odd archive.
_UNZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, UnicodeDecodeError),
)
_COPY_BYTES = 1 << 20
_MOST_NAMED = 10


@contextmanager
def opened(path: Path, layer: str | None, limits: Limits) -> Iterator[tuple[Path, str | None]]:
    """Find the one file behind `path`, checked for size and format, and the layer to ask it for.

    A Shapefile in a zip is unpacked for the time of the context.

    Raises
    ------
    FileError
        ``file.not_found``, ``file.format``, ``file.not_one_shapefile``, ``file.too_large``,
        ``file.unreadable``.
    """
    file = _only_shapefile(path) if path.is_dir() else path
    check_source(file, limits)
    if file.suffix.lower() != ".zip":
        yield file, layer
        return
    with _unzipped(file, layer, limits) as shapefile:
        yield shapefile, None


def check_source(file: Path, limits: Limits) -> None:
    """Refuse a file that is not there, too large, or not of the format that its ending says.

    Raises
    ------
    FileError
        ``file.not_found``, ``file.format``, ``file.too_large``.
    """
    if not file.is_file():
        raise FileError("file.not_found", f"There is no file {file.name}.", "file")
    limits.check_bytes(_size(file))
    _check_format(file)


def shapefiles_in(path: Path, limits: Limits) -> list[str]:
    """Return the names that the Shapefiles in a zip go by as layers, as `opened` takes them.

    Raises
    ------
    FileError
        ``file.not_found``, ``file.format``, ``file.too_large``, ``file.unreadable``.
    """
    check_source(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            return [found.stem for found in _shapefiles(archive.namelist())]
    except _UNZIP_ERRORS as error:
        raise _not_unpacked(error) from error


def unknown_format(path: Path, endings: Sequence[str]) -> FileError:
    """Return the refusal of a file that is of none of the formats with these endings."""
    known = ", ".join(endings)
    return FileError(
        "file.format",
        f"{path.name} is of no format that is taken; give one of {known}.",
        "file",
        {"endings": list(endings)},
    )


def _size(path: Path) -> int:
    """Bytes of a file, a Shapefile with its parts."""
    if path.suffix.lower() != ".shp":
        return path.stat().st_size
    return sum(part.stat().st_size for part in path.parent.glob("*") if part.stem == path.stem)


def _check_format(path: Path) -> None:
    # GDAL opens by content: a .gpkg that is a virtual dataset would make it read other files.
    ending = path.suffix.lower()
    if ending not in ENDINGS_READ:
        raise unknown_format(path, ENDINGS_READ)
    with path.open("rb") as file:
        start = file.read(1024)
    fits = b"<kml" in start if ending == ".kml" else start.startswith(_MAGIC.get(ending, b""))
    if not fits:
        raise unknown_format(path, ENDINGS_READ)


def _only_shapefile(folder: Path) -> Path:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".shp")
    if len(found) != 1:
        raise _not_one_shapefile([path.name for path in found])
    return found[0]


def _not_one_shapefile(names: list[str]) -> FileError:
    found = ", ".join(names[:_MOST_NAMED]) or "none"
    found += f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return FileError(
        "file.not_one_shapefile",
        f"Give a folder or zip with one Shapefile in it; found: {found}.",
        "file",
        {"found": names[:_MOST_NAMED]},
    )


@contextmanager
def _unzipped(path: Path, layer: str | None, limits: Limits) -> Iterator[Path]:
    """Unpack the Shapefile in a zip under names of our own, counting the bytes that come out."""
    with tempfile.TemporaryDirectory(prefix="gridserver-") as folder:
        try:
            _unpack(path, Path(folder), layer, limits)
        except _UNZIP_ERRORS as error:
            raise _not_unpacked(error) from error
        shapefile = Path(folder) / "cells.shp"
        _check_format(shapefile)
        yield shapefile


def _not_unpacked(error: Exception) -> FileError:
    message = f"The zip can't be unpacked ({error}); pack it again, without a password."
    return FileError("file.unreadable", message, "file")


def _unpack(path: Path, folder: Path, layer: str | None, limits: Limits) -> None:
    size = 0
    with zipfile.ZipFile(path) as archive:
        stem = _stem_in_zip(archive.namelist(), layer)
        members = [member for member in archive.infolist() if _is_part(member.filename, stem)]
        limits.check_bytes(sum(member.file_size for member in members))
        for member in members:
            target = folder / f"cells{Path(member.filename).suffix.lower()}"
            with archive.open(member) as packed, target.open("wb") as part:
                while block := packed.read(_COPY_BYTES):
                    size += len(block)  # what it says it holds may be a lie
                    limits.check_bytes(size)
                    part.write(block)


def _is_part(name: str, stem: str) -> bool:
    path = Path(name)
    return str(path.with_suffix("")) == stem and path.suffix.lower() in _SHAPEFILE_PARTS


def _shapefiles(names: Sequence[str]) -> list[Path]:
    return [
        Path(name)
        for name in names
        if name.lower().endswith(".shp") and not name.startswith("__MACOSX/")
    ]


def _stem_in_zip(names: Sequence[str], layer: str | None) -> str:
    shapefiles = _shapefiles(names)
    chosen = [path for path in shapefiles if layer in (None, path.stem)]
    if len(chosen) != 1:
        raise _not_one_shapefile([path.name for path in shapefiles])
    return str(chosen[0].with_suffix(""))
