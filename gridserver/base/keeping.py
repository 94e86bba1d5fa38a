"""How long the rows of the audit ledger keep their contents, and the law that asks for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from gridserver.base.errors import Invalid

_PREFIX = "GRIDSERVER_AUDIT_KEEP_"
#: What nobody outlives; a number beyond it is a slip.
_MOST_DAYS = 36_500


class Keep(StrEnum):
    """A kind of row. `least` is the lawful minimum, `usual` the default; what is kept for good has
    neither."""

    least: dt.timedelta
    usual: dt.timedelta
    law: str

    #: What was seen of, or done with, personal data.
    PERSONAL = (
        "personal",
        3 * 366,
        5 * 366,
        "《个人信息保护法》第五十六条：处理情况记录至少保存三年",
    )
    #: Who signed in, and what was set: the network's log.
    OPERATION = "operation", 184, 3 * 366, "《网络安全法》：网络日志留存不少于六个月"
    #: What was done with the ledger itself, and who may see it.
    LEDGER = "ledger", None, None, "永久保存"

    def __new__(
        cls, value: str, least: int | None = None, usual: int | None = None, law: str = ""
    ) -> Keep:
        self = str.__new__(cls, value)
        self._value_ = value
        self.least = dt.timedelta.max if least is None else dt.timedelta(days=least)
        self.usual = dt.timedelta.max if usual is None else dt.timedelta(days=usual)
        self.law = law
        return self


#: Those that end.
ENDING = tuple(keep for keep in Keep if keep.usual != dt.timedelta.max)


def from_environment(environ: Mapping[str, str]) -> dict[Keep, dt.timedelta]:
    """Read ``GRIDSERVER_AUDIT_KEEP_PERSONAL`` and ``…_OPERATION``: days.

    Raises
    ------
    Invalid
        ``settings.bad_value``: fewer than the law asks for, or no number.
    """
    return {keep: _period(environ, keep) for keep in ENDING}


def _period(environ: Mapping[str, str], keep: Keep) -> dt.timedelta:
    name = _PREFIX + keep.name
    value = environ.get(name)
    if not value:
        return keep.usual
    if not (value.isascii() and value.isdigit() and keep.least.days <= int(value) <= _MOST_DAYS):
        raise Invalid(
            "settings.bad_value",
            f"{name}={value!r} can't be used: give days, {keep.least.days} or more ({keep.law}).",
            field=name,
        )
    return dt.timedelta(days=int(value))
