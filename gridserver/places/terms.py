"""What a place is found by: each of its names as a term, and the numbers beside it. Pure.

Many places share a term: the houses of a street differ in their numbers alone. So the terms of
200,000 addresses are some ten thousand, and only these are searched for what sounds or looks alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gridserver.places import pinyin
from gridserver.places.rules import Draft, Role
from gridserver.places.spelling import grams, spell, without_county


@dataclass(frozen=True)
class Key:
    """A name that a place goes by: the term's words, and the numbers that stood among them."""

    words: str
    numbers: tuple[int, ...]
    role: Role


@dataclass(frozen=True)
class Term:
    """Words with what an index finds them by.

    Attributes
    ----------
    words
        As `spelling.spell` gives them.
    grams
        Their pairs of characters.
    syllables
        Their readings, apart by ``|``, the syllables of each apart by blanks.
    initials, sound
        Of each reading the initials, and what it sounds like; apart by blanks.
    """

    words: str
    grams: list[str]
    syllables: str
    initials: str
    sound: str


def keys_of(draft: Draft) -> list[Key]:
    """Return what a place is found by, the best first; none of a name that is a number alone."""
    found: dict[tuple[str, tuple[int, ...]], Key] = {}
    for text, role in _names(draft):
        spelling = spell(text)
        for words in (spelling.words, without_county(spelling.words)):
            if words:
                found.setdefault((words, spelling.numbers), Key(words, spelling.numbers, role))
    return list(found.values())


def term_of(words: str) -> Term:
    """Return `words` with what they are found by."""
    readings = pinyin.readings(words)
    joined = dict.fromkeys("".join(reading) for reading in readings)
    return Term(
        words,
        grams(words),
        "|".join(" ".join(reading) for reading in readings),
        " ".join(dict.fromkeys("".join(s[0] for s in reading) for reading in readings)),
        " ".join(dict.fromkeys(pinyin.sound(letters) for letters in joined)),
    )


def _names(draft: Draft) -> Iterator[tuple[str, Role]]:
    yield draft.name, "name"
    for alias in draft.aliases:
        yield alias, "alias"
    if draft.address:
        yield draft.address, "address"
