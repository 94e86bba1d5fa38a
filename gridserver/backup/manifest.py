"""What a backup says of itself."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from dataclasses import asdict, dataclass

from gridserver.base.errors import Invalid

NAME = "manifest.json"
DUMP = "database.dump"
ATTACHMENTS = "attachments/"

#: The form of the file. A form that this code doesn't know is refused.
FORM = 1


@dataclass(frozen=True)
class Manifest:
    """The last entry of a backup.

    Attributes
    ----------
    form : int
        The form of the file.
    gridserver, revision : str
        The version that wrote it, and the revision of the schema.
    at : str
        When, RFC 3339.
    epoch : str
        The life of the database that it is from.
    dump_sha256 : str
        Digest of the database's dump. An attachment's name is its own digest.
    attachments : int
        How many there are.
    """

    form: int
    gridserver: str
    revision: str
    at: str
    epoch: str
    dump_sha256: str
    attachments: int

    @property
    def moment(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.at)

    def write(self, archive: zipfile.ZipFile) -> None:
        """Add it to an archive."""
        archive.writestr(NAME, json.dumps(asdict(self), indent=1))


def read(archive: zipfile.ZipFile) -> Manifest:
    """Return an archive's manifest. Raises `Invalid` (``backup.unreadable``) where it has none, or
    one of another form."""
    try:
        document = json.loads(archive.read(NAME))
        if document["form"] != FORM:
            raise Invalid(
                "backup.unreadable",
                f"The backup has form {document['form']}, this version reads form {FORM}: "
                "use the gridserver that wrote it, or a newer one.",
            )
        return Manifest(**document)
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise Invalid(
            "backup.unreadable", "The file is no whole backup: it has no manifest."
        ) from error
