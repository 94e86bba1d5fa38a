"""How a place's name is spelt for searching: its words without house numbers, in characters. Pure.

A house number is compared as a number, so that 解放街17号, 解放街十七号 and 解放街 17 are one
address and a whole street shares its words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

#: What stands for a house, a stairway, a room after its number.
_UNITS = "单元|门牌|号楼|号院|[号弄幢栋座室层楼组队户]|h(?:ao)?(?![a-z])"
_DIGITS = "零〇一二三四五六七八九"
_CHINESE_NUMBER = f"[{_DIGITS}两十百千]+"
_LONGEST_NUMBER = 6

#: 十七号 is a house, 三江口 is not: a number is one before its unit, or last after a street's name.
_SPOKEN = re.compile(f"{_CHINESE_NUMBER}(?={_UNITS})|(?<=[路街巷道弄村]){_CHINESE_NUMBER}$")
_NUMBER = re.compile(f"(?<![0-9])([0-9]{{1,{_LONGEST_NUMBER}}})(?![0-9])(?: *(?:{_UNITS}))?")
#: A county with or without what lies above it, where something is left after it.
_COUNTY = re.compile(r"^(?:[^\W\da-z_]{2,3}省)?(?:[^\W\da-z_]{2,3}市)?[^\W\da-z_]{2,3}县(?=..)")
_CHARACTER = re.compile(r"[㐀-鿿\U00020000-\U0003ffff]")


@dataclass(frozen=True)
class Spelling:
    """Words as they are compared, and the numbers that stood among them.

    `words` has neither blanks nor punctuation nor case; `numbers` are the house's, the stairway's,
    the room's, in the order in which they stood.
    """

    words: str
    numbers: tuple[int, ...]


def spell(text: str) -> Spelling:
    """Return how `text` is compared."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    spoken = _SPOKEN.sub(lambda found: str(_as_number(found[0])), _without_marks(plain, keep=" "))
    numbers = tuple(int(found[1]) for found in _NUMBER.finditer(spoken))
    return Spelling(_without_marks(_NUMBER.sub(" ", spoken)), numbers)


def without_county(words: str) -> str:
    """Return `words` without the province, city and county at their beginning, where they name
    something beyond that."""
    return _COUNTY.sub("", words)


def is_chinese(words: str) -> bool:
    """Say whether there is any Chinese character among `words`."""
    return _CHARACTER.search(words) is not None


def grams(words: str) -> list[str]:
    """Return what an index finds `words` by: each two neighbouring characters, and the first one
    marked as such.

    Words of two characters are most of what is asked for; the trigrams of PostgreSQL's pg_trgm
    can't find those, and see no Chinese at all in a database whose locale is C.
    """
    pairs = (first + second for first, second in pairwise(words))
    return sorted({f"^{words[:1]}", *pairs}) if words else []


def _without_marks(text: str, *, keep: str = "") -> str:
    return "".join(c for c in text if c in keep or unicodedata.category(c)[0] in "LNM")


def _as_number(chinese: str) -> int:
    """Return what 十七, 一百零五 or 一七 stand for."""
    if not set(chinese) & set("十百千"):
        return int("".join(str(_digit(c)) for c in chinese))
    total, digit = 0, None
    for character in chinese:
        scale = {"十": 10, "百": 100, "千": 1000}.get(character)
        if scale is None:
            digit = _digit(character)
        else:
            total += (1 if digit is None else digit) * scale
            digit = None
    return total + (digit or 0)


def _digit(character: str) -> int:
    if character == "两":
        return 2
    return max(0, _DIGITS.index(character) - 1)
