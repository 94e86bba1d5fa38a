"""CSV files, plain or gzipped by their ending: read with a progress bar, written whole or not at
all."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.progress import Progress

from gridserver.base.errors import Invalid, Unavailable
from gridserver.cli.context import console

Row = list[str]


@contextmanager
def reading(source: Path) -> Iterator[Iterator[Row]]:
    """Give the rows of a CSV file, with a progress bar on a terminal.

    Raises
    ------
    Invalid
        ``csv.encoding``, ``csv.malformed``.
    Unavailable
        ``file.unusable``: this file, or one that the block works on.
    """
    try:
        with (
            Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
            progress.open(source, "rb", description=source.name) as raw,
            _unpacked(source, raw) as binary,
            io.TextIOWrapper(binary, "utf-8-sig", newline="") as text,
        ):
            yield csv.reader(text)
    except UnicodeDecodeError as error:
        raise Invalid("csv.encoding", f"{source.name} is not UTF-8: convert it.") from error
    except (csv.Error, gzip.BadGzipFile, EOFError) as error:
        raise Invalid("csv.malformed", f"{source.name} can't be read as CSV: {error}.") from error
    except OSError as error:
        raise Unavailable("file.unusable", f"{error.filename}: {error.strerror}.") from error


@contextmanager
def writing(target: Path) -> Iterator[Any]:
    """Give a CSV writer of a file that takes the target's place in the end."""
    with tempfile.TemporaryDirectory(prefix=".gridserver-", dir=target.parent) as folder:
        made = Path(folder) / target.name
        with (
            made.open("wb") as raw,
            _unpacked(target, raw) as binary,
            io.TextIOWrapper(binary, "utf-8", newline="") as text,
        ):
            yield csv.writer(text, lineterminator="\n")
        made.replace(target)


def _unpacked(path: Path, raw: Any) -> Any:
    if path.suffix.lower() != ".gz":
        return raw
    return gzip.GzipFile(fileobj=raw, mode=raw.mode, mtime=0)
