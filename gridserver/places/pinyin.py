"""How a place's name is read: syllables, initials, and what sounds alike. Pure.

Syllables are written without tones, ü as v, as Chinese keyboards take them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice, product

from pypinyin import lazy_pinyin

#: Characters that are read otherwise in the names of places, or that many read otherwise. Only of
#: these other readings are kept: of all characters with several, most have one in any name.
OTHER_READINGS: Mapping[str, str] = {
    "长": "chang zhang",
    "重": "zhong chong",
    "行": "xing hang",
    "乐": "le yue",
    "都": "du dou",
    "朝": "chao zhao",
    "单": "dan shan",
    "会": "hui kuai",
    "曾": "zeng ceng",
    "厦": "sha xia",
    "六": "liu lu",
    "堡": "bao bu pu",
    "弄": "nong long",
    "圩": "xu wei",
    "埔": "pu bu",
    "埠": "bu fu",
    "解": "jie xie",
    "查": "cha zha",
    "盛": "sheng cheng",
    "陂": "bei pi",
    "莘": "shen xin",
    "溪": "xi qi",
    "畈": "fan ban",
    "坞": "wu ou",
    "畲": "she yu",
    "栅": "zha shan",
    "宿": "su xiu",
    "泊": "bo po",
    "柏": "bai bo",
    "仇": "qiu chou",
    "沈": "shen chen",
    "覃": "qin tan",
    "尉": "wei yu",
    "洞": "dong tong",
    "薄": "bo bao",
}
_MOST_READINGS = 6
_MOST_SPLITS = 6

_FINALS: Mapping[str, str] = {
    "": "a o e ai ei ao ou an en ang eng er",
    "b": "a o ai ei ao an en ang eng i ie iao ian in ing u",
    "p": "a o ai ei ao ou an en ang eng i ie iao ian in ing u",
    "m": "a o e ai ei ao ou an en ang eng i ie iao iu ian in ing u",
    "f": "a o ei ou an en ang eng u",
    "d": "a e ai ei ao ou an en ang eng ong i ie iao iu ian ing u uo ui uan un",
    "t": "a e ai ao ou an ang eng ong i ie iao ian ing u uo ui uan un",
    "n": "a e ai ei ao ou an en ang eng ong i ie iao iu ian in iang ing u uo uan v ve",
    "l": "a e ai ei ao ou an ang eng ong i ia ie iao iu ian in iang ing u uo uan un v ve",
    "g": "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
    "k": "a e ai ao ou an en ang eng ong u ua uo uai ui uan un uang",
    "h": "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
    "j": "i ia ie iao iu ian in iang ing iong u ue uan un",
    "q": "i ia ie iao iu ian in iang ing iong u ue uan un",
    "x": "i ia ie iao iu ian in iang ing iong u ue uan un",
    "zh": "a e i ai ao ou an en ang eng ong u ua uo uai ui uan un uang",
    "ch": "a e i ai ao ou an en ang eng ong u ua uo uai ui uan un uang",
    "sh": "a e i ai ei ao ou an en ang eng u ua uo uai ui uan un uang",
    "r": "e i ao ou an en ang eng ong u ua uo ui uan un",
    "z": "a e i ai ei ao ou an en ang eng ong u uo ui uan un",
    "c": "a e i ai ao ou an en ang eng ong u uo ui uan un",
    "s": "a e i ai ao ou an en ang eng ong u uo ui uan un",
    "y": "a o e ao ou an ang i in ing ong u ue uan un",
    "w": "a o ai ei an en ang eng u",
}
_SYLLABLES = frozenset(
    initial + final for initial, finals in _FINALS.items() for final in finals.split()
)
_BEGINNINGS = frozenset(s[:length] for s in _SYLLABLES for length in range(1, len(s) + 1))
_LONGEST_SYLLABLE = max(map(len, _SYLLABLES))
_LETTERS = re.compile(r"[a-z]+")
_READ = re.compile(r"[a-z]+|[\u3007㐀-鿿\U00020000-\U0003ffff]")


def readings(words: str) -> list[tuple[str, ...]]:
    """Return the ways in which `words` are read, the likeliest first, each as its syllables.

    Letters that stand among the characters are one syllable as they stand.
    """
    likeliest = lazy_pinyin(words, errors=_letters_alone)
    characters = _READ.findall(words)
    if len(characters) != len(likeliest):  # one of them is in no dictionary
        return [tuple(likeliest)]
    choices = [
        dict.fromkeys((syllable, *OTHER_READINGS.get(character, "").split()))
        for character, syllable in zip(characters, likeliest, strict=True)
    ]
    return list(islice(product(*choices), _MOST_READINGS))


def letters(words: str) -> str:
    """Return `words` in letters alone, each character as its likeliest reading."""
    return "".join(lazy_pinyin(words, errors=_letters_alone))


def sound(letters: str) -> str:
    """Return `letters` so that what many don't tell apart is the same: zh and z, ang and an, ü."""
    plain = re.sub("([zcs])h", r"\1", letters).replace("ng", "n").replace("v", "u")
    return re.sub(r"(.)\1+", r"\1", plain)


@lru_cache(maxsize=4096)
def initials_of(letters: str) -> tuple[str, ...]:
    """Return the initials that somebody may mean who typed `letters`: whole syllables, beginnings
    of syllables, or both (huabz: hbz). Those of the fewest syllables come first."""
    found: list[list[str]] = [[] for _ in letters] + [[""]]
    for start in reversed(range(len(letters))):
        ends = range(start + 1, min(len(letters), start + _LONGEST_SYLLABLE) + 1)
        ways = {
            letters[start] + rest: None
            for end in ends
            if letters[start:end] in _BEGINNINGS
            for rest in found[end]
        }
        found[start] = sorted(ways, key=len)[:_MOST_SPLITS]
    # What was typed may be initials throughout, however many ways there are with fewer syllables.
    by_letter = [letters] if all(letter in _BEGINNINGS for letter in letters) else []
    return tuple(dict.fromkeys([*found[0], *by_letter]))


def pattern(letters: str) -> str:
    """Return the regular expression (POSIX) of syllables, apart by blanks, that begin with
    `letters`, each whole or cut short: huabz fits hua bu zhen."""
    between = "([a-z]* )?"
    return between.join("[uv]" if letter in "uv" else letter for letter in letters)


def whole_pattern(letters: str) -> str:
    """Return the regular expression (POSIX) of `letters` as whole syllables, apart by blanks; the
    last may be cut short."""
    return " ?".join("[uv]" if letter in "uv" else letter for letter in letters)


def _letters_alone(others: str) -> str:
    return "".join(_LETTERS.findall(others))
