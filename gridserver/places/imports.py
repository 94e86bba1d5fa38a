"""Imports under way: a file made ready once, and written part by part, so that whoever waits sees
how far it is and nothing is held up for long. A part that is written twice changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from gis import killable
from gridserver.access.rules import Principal
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base import reading
from gridserver.base.errors import NotFound
from gridserver.places import gazetteer
from gridserver.places.preparing import REJECTS, Asked, prepare, read_part
from gridserver.places.rules import read_kind

KEPT = dt.timedelta(days=1)
#: A table of half a million rows takes its time.
_SECONDS = 300.0
_LONGEST_SOURCE = 100
_RECORD = "import.json"


@dataclass(frozen=True)
class Import:
    """A file that was made ready.

    Attributes
    ----------
    id
        What to write its parts by.
    source
        Where its places are from.
    file, kind
        Its name; what all its places are.
    rows, rejected, parts
        As `gridserver.places.preparing.Prepared`.
    at
        When.
    account_id
        Who did it; nobody else can go on with it. None: the command line.
    """

    id: uuid.UUID
    source: str
    file: str
    kind: str
    rows: int
    rejected: int
    parts: int
    at: dt.datetime
    account_id: int | None


class Imports:
    """The imports of an installation.

    Parameters
    ----------
    folder : Path
        A folder of its own in the installation's `var`; made when needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(
        self, actor: Principal | None, file: Path, source: object, asked: Asked, at: dt.datetime
    ) -> Import:
        """Read a file in a process of its own. What is older than a day goes.

        Raises
        ------
        GisError
            Of what can't be imported; nothing is kept then.
        Invalid
            ``place.bad_kind``, ``input.*`` naming ``source``.
        """
        source = reading.text(source, "source", longest=_LONGEST_SOURCE)
        kind = read_kind(asked.kind)
        self._make_room(at)
        new = uuid.uuid4()
        place = self._folder / new.hex
        with ExitStack() as on_refusal:
            on_refusal.callback(shutil.rmtree, place, ignore_errors=True)
            place.mkdir(parents=True)
            done = killable.run(prepare, file, place, asked, seconds=_SECONDS)
            account_id = actor.account_id if actor else None
            counts = (done.rows, done.rejected, done.parts)
            record = Import(new, source, file.name, kind, *counts, at, account_id)
            text = json.dumps(asdict(record), ensure_ascii=False, default=str)
            (place / _RECORD).write_text(text, "utf-8")
            on_refusal.pop_all()
        return record

    def find(self, actor: Principal | None, import_id: uuid.UUID) -> Import:
        """Return an import of the actor's. Raises `NotFound`."""
        account_id = actor.account_id if actor else None
        for record in self._all():
            if record.id == import_id and record.account_id == account_id:
                return record
        raise NotFound(
            "place.unknown_import",
            "There is no such import; it may be more than a day old. Start it again.",
            field="import",
        )

    def write(
        self, session: Session, actor: Principal | None, record: Import, part: int
    ) -> Counter[str]:
        """Have the gazetteer say what a part says.

        Returns
        -------
        Counter
            As `gridserver.places.gazetteer.put`.

        Raises
        ------
        NotFound
            ``place.unknown_part``.
        """
        if not 0 <= part < record.parts:
            raise NotFound("place.unknown_part", f"The import has {record.parts} parts.")
        entries = read_part(self._folder / record.id.hex, part)
        counts = gazetteer.put(session, record.source, entries)
        audit.record(
            session,
            actor,
            Tag.PLACE_IMPORT,
            subject_kind="place_import",
            subject_id=record.id,
            data={"source": record.source, "file": record.file, "kind": record.kind, "part": part}
            | counts,
        )
        return counts

    def rejects(self, record: Import) -> Path | None:
        """Return the table of bad rows, with the reason of each; None where all are good."""
        return self._folder / record.id.hex / REJECTS if record.rejected else None

    def remove(self, record: Import) -> None:
        """Keep nothing of it."""
        shutil.rmtree(self._folder / record.id.hex, ignore_errors=True)

    def _make_room(self, at: dt.datetime) -> None:
        for record in list(self._all()):
            if at - record.at > KEPT:
                self.remove(record)

    def _all(self) -> Iterator[Import]:
        for path in self._folder.glob(f"*/{_RECORD}"):
            said: dict[str, Any] = json.loads(path.read_text("utf-8"))
            made = {"id": uuid.UUID(said["id"]), "at": dt.datetime.fromisoformat(said["at"])}
            yield Import(**said | made)
