"""The field of every moment that a request brings or an answer shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from gridserver.base import reading


class Moment(ma.fields.AwareDateTime):  # noqa: TID251 (of which this is the one use)
    """A time with its offset, which a view gets in UTC.

    ISO 8601 knows offsets of up to a day, PostgreSQL none of 16 hours or more: what comes as it was
    said could be no parameter of a query.

    Raises `gridserver.base.errors.Invalid` (``input.not_moment``) for a year that UTC doesn't have.
    """

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dt.datetime:
        return reading.moment(super()._deserialize(value, attr, data, **kwargs), attr or "moment")
