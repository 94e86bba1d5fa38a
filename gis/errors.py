"""Refusals of bad input, each with a stable code, the field it is about and the remedy."""

from collections.abc import Mapping
from typing import Any


class GisError(ValueError):
    """Input that this package refuses.

    Parameters
    ----------
    code
        Stable and dotted, such as ``crs.unknown``; clients and translations go by it.
    message
        One English sentence for a person: what is wrong and what to do about it.
    field
        The input that is at fault, such as ``crs``, ``code_field`` or ``features[3].geometry``.
    params
        The values named in the message, so that it can be said in another language.
    """

    def __init__(
        self,
        code: str,
        message: str,
        field: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.params: dict[str, Any] = dict(params or {})

    def __reduce__(self) -> tuple[type["GisError"], tuple[Any, ...]]:
        # The default would pass `message` as `code`: a reader in a process of its own needs this.
        return type(self), (self.code, self.message, self.field, self.params)


class CrsError(GisError):
    """A coordinate reference system that is unknown, missing or can't be converted."""


class CoordinateError(GisError):
    """A coordinate that can't be what it is said to be."""


class GeometryError(GisError):
    """A geometry of a kind, size or shape that is not taken."""


class FileError(GisError):
    """A file that can't be read or written, or lacks what was asked of it."""


class BusyError(GisError):
    """Work that was not begun, since too much is under way; it may be asked for again."""


class ProcessError(GisError):
    """Work in a process of its own that was stopped or broke down."""
