"""Files that were uploaded and wait to be imported: kept for a day, in the installation's folder.

A file from outside is never opened here: what it holds is found out by `gis.summary`, in a process
of its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from gis import killable
from gis.features import Limits
from gis.summary import FieldSummary, LayerSummary, summarize
from gridserver.access.rules import Principal
from gridserver.base.errors import Invalid, NotFound

LARGEST_BYTES = Limits().max_bytes
KEPT = dt.timedelta(days=1)
_MOST_OF_ONE_ACCOUNT = 5
_LONGEST_NAME = 60  # a character may take four of the 255 bytes that a file's name has
_SHAPEFILE_PARTS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
_RECORD = "upload.json"
_FILE = "file"  # a folder of its own, so that no name can be the record's
_COPY_BYTES = 1 << 20

Look = Callable[[Path], tuple[LayerSummary, ...]]


@dataclasses.dataclass(frozen=True)
class Upload:
    """A file as it came.

    Attributes
    ----------
    id
        What to import it by.
    account_id
        Who brought it; nobody else can import it.
    name, size
        As the client calls it, without folders; bytes.
    at
        When it came.
    layers
        What can be imported from it.
    """

    id: uuid.UUID
    account_id: int
    name: str
    size: int
    at: dt.datetime
    layers: tuple[LayerSummary, ...]


class Uploads:
    """The uploads of an installation.

    Parameters
    ----------
    folder : Path
        A folder of its own in the installation's `var`; made when needed.
    look
        Says what layers a file has, or refuses it with a `GisError`; run in a process of its own.
    """

    def __init__(self, folder: Path, look: Look = summarize) -> None:
        self._folder = folder
        self._look = look

    def keep(self, actor: Principal, name: str, content: IO[bytes], at: dt.datetime) -> Upload:
        """Keep a file that came at `at`, once it is known what layers it holds.

        What is older than a day goes, and so do all but the actor's latest few.

        Raises
        ------
        GisError
            Of what can't be imported; nothing is kept then.
        Invalid
            ``upload.name``: the file's name is of no use. ``upload.shapefile_part``: it is one of
            the several files that a Shapefile is.
        """
        _refuse_part(name)
        self._make_room(actor, at)
        upload_id = uuid.uuid4()
        place = self._folder / upload_id.hex
        with ExitStack() as on_refusal:
            on_refusal.callback(shutil.rmtree, place, ignore_errors=True)
            (place / _FILE).mkdir(parents=True)
            file = place / _FILE / _bare(name)
            size = _copy(content, file)
            layers = killable.run(self._look, file)
            upload = Upload(upload_id, actor.account_id, file.name, size, at, layers)
            (place / _RECORD).write_text(_to_json(upload), "utf-8")
            on_refusal.pop_all()
        return upload

    def remove(self, upload: Upload) -> None:
        """Keep a file no longer."""
        shutil.rmtree(self._folder / upload.id.hex, ignore_errors=True)

    def file(self, actor: Principal, upload_id: uuid.UUID) -> Path:
        """Return where an upload of the actor's lies. Raises `NotFound`."""
        for upload in self._all():
            if upload.id == upload_id and upload.account_id == actor.account_id:
                return self._folder / upload.id.hex / _FILE / upload.name
        raise NotFound(
            "upload.unknown",
            "There is no such upload; it may be more than a day old. Upload the file again.",
            field="upload",
        )

    def _make_room(self, actor: Principal, at: dt.datetime) -> None:
        newest_first = sorted(self._all(), key=lambda upload: upload.at, reverse=True)
        own = [upload for upload in newest_first if upload.account_id == actor.account_id]
        old = [upload for upload in newest_first if at - upload.at > KEPT]
        for upload in {*old, *own[_MOST_OF_ONE_ACCOUNT - 1 :]}:
            self.remove(upload)

    def _all(self) -> Iterator[Upload]:
        for record in self._folder.glob(f"*/{_RECORD}"):
            yield _from_json(record.read_text("utf-8"))


def _refuse_part(name: str) -> None:
    if Path(name).suffix.lower() in _SHAPEFILE_PARTS:
        raise Invalid(
            "upload.shapefile_part",
            "A Shapefile is several files: put its .shp, .shx, .dbf, .prj and .cpg into a zip, and "
            "upload that.",
            field="file",
        )


def _bare(name: str) -> str:
    """Return a file's name without folders and what no name needs; the ending stays."""
    path = Path(name.replace("\\", "/"))
    stem = "".join(character for character in path.stem if character.isprintable())
    bare = f"{stem[:_LONGEST_NAME]}{path.suffix[:_LONGEST_NAME]}"
    if not bare.isprintable() or not stem.strip(". "):
        raise Invalid("upload.name", f"Give the file another name than {name!r:.80}.", field="file")
    return bare


def _copy(content: IO[bytes], file: Path) -> int:
    with file.open("xb") as target:
        while block := content.read(_COPY_BYTES):
            target.write(block)
            time.sleep(0)  # under gevent a long copy would hold up every other request
        return target.tell()


def _to_json(upload: Upload) -> str:
    return json.dumps(dataclasses.asdict(upload), ensure_ascii=False, default=str)


def _from_json(text: str) -> Upload:
    record: dict[str, Any] = json.loads(text)
    layers = tuple(
        LayerSummary(
            name=layer["name"],
            fields=tuple(FieldSummary(f["name"], tuple(f["sample"])) for f in layer["fields"]),
            features=layer["features"],
            crs=layer["crs"],
        )
        for layer in record["layers"]
    )
    return Upload(
        uuid.UUID(record["id"]),
        record["account_id"],
        record["name"],
        record["size"],
        dt.datetime.fromisoformat(record["at"]),
        layers,
    )
