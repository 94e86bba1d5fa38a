"""Words of arrest, which a bulletin of somebody who isn't wanted can't carry: pure.

The list is checked in what describes the person and in what is to be done. *What not to do* may
name them: "do not arrest" is just what belongs there.

The database refuses them too (`has_words_of_arrest`, of a migration): a word more here is a
migration more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: As they are written; Chinese has no word boundaries, so each is looked for as it stands.
CHINESE = (
    "逮捕",
    "拘捕",
    "拘留",
    "拘传",
    "抓捕",
    "抓获",
    "捉拿",
    "缉拿",
    "缉捕",
    "追捕",
    "通缉",
    "布控",
    "羁押",
    "扣押",
    "扣留",
    "押解",
    "押送",
    "上铐",
    "戴手铐",
    "归案",
    "在逃",
    "逃犯",
    "嫌疑人",
    "嫌犯",
)
#: Stems, each with the endings that English gives it.
ENGLISH = (
    "arrest",
    "detain",
    "detention",
    "apprehend",
    "apprehension",
    "handcuff",
    "imprison",
    "incarcerate",
    "fugitive",
    "manhunt",
    "take into custody",
    "taken into custody",
    "use force",
)

_ENDING = r"(?:s|ed|ing|ee|ment|d|able)?"
_FOUND = re.compile(
    "|".join(map(re.escape, CHINESE))
    + r"|(?<![A-Za-z])(?:"
    + "|".join(ENGLISH)
    + rf"){_ENDING}(?![A-Za-z])",
    re.IGNORECASE,
)
#: What stands between the signs of a word to hide it: blanks, dots, dashes, signs without width.
_FILLING = re.compile("[\\s\u200b-\u200d\u2060\ufeff·.,、。*_\\-]+")


def words_of_arrest(texts: Iterable[str | None]) -> str | None:
    """Return the first word of arrest in `texts`, as it is listed or written; None without one."""
    for text in texts:
        if not text:
            continue
        if found := _FOUND.search(text):
            return found.group(0)
        joined = _FILLING.sub("", text)
        for word in CHINESE:
            if word in joined:
                return word
    return None
