"""Finding places by what somebody types: characters, pinyin, initials, a mixture, with mistakes.

What was typed is first held against the terms (`gridserver.places.terms`), which are far fewer than
the places: by pairs of characters, by initials, and by the sound of it with pg_trgm's word
similarity. Then come the places that go by the best terms, by their numbers and their distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Double, Integer, Row, Text, bindparam, text
from sqlalchemy.orm import Session

from gridserver.base import db
from gridserver.places import pinyin
from gridserver.places.entries import Standing
from gridserver.places.rules import Matched
from gridserver.places.spelling import grams, is_chinese, spell, without_county

MOST_FOUND = 50
LONGEST_QUERY = 100
#: Less alike than this (pg_trgm's word similarity) are two names, not one misspelt.
_ALIKE = 0.45
#: Of one letter too much sounds alike.
_FEWEST_LETTERS_ALIKE = 3
#: What stands in no reading.
_NEVER = "-"

Point = tuple[float, float]


@dataclass(frozen=True)
class Found(Standing):
    """A place that was found; `distance_m` is on the sphere, from the caller."""

    distance_m: float | None
    matched: Matched
    score: float


def search(
    session: Session,
    typed: str,
    *,
    near: Point | None = None,
    kinds: Sequence[str] = (),
    limit: int = 10,
) -> list[Found]:
    """Return the valid places that `typed` may mean, the best first. One round trip.

    Parameters
    ----------
    typed
        As in `LONGEST_QUERY` characters at most; a number alone finds nothing.
    near
        Longitude and latitude of the caller, EPSG:4326: of what fits equally well the nearest
        comes first, and what is far away has to fit better.
    kinds
        Only these; none: all.
    limit
        Up to `MOST_FOUND`.
    """
    asked = parameters(typed, near=near, kinds=kinds, limit=limit)
    if asked is None:
        return []
    return [_found(row) for row in db.rows(session, STATEMENT, asked)]


def parameters(
    typed: str, *, near: Point | None, kinds: Sequence[str], limit: int
) -> dict[str, Any] | None:
    """Return what `STATEMENT` is asked with; None where there is nothing to search for."""
    spelling = spell(typed[:LONGEST_QUERY])
    words = without_county(spelling.words)
    if not words:
        return None
    letters = pinyin.letters(words)
    is_one = is_chinese(words) and len(words) == 1
    initials = () if is_one or not letters else pinyin.initials_of(letters)
    lon, lat = near or (None, None)
    return {
        "words": words,
        "grams": grams(words)[1:] if len(words) > 1 else grams(words),
        "letters": letters,
        "initials": [f"{start}%" if len(start) < 3 else f"%{start}%" for start in initials],
        "syllables": len(initials[0]) if initials else len(words),
        "whole": f"(^|[ |]){pinyin.whole_pattern(letters or _NEVER)}",
        "mixed": f"(^|[ |]){pinyin.pattern(letters or _NEVER)}",
        "sound": "" if is_one or len(letters) < _FEWEST_LETTERS_ALIKE else pinyin.sound(letters),
        "numbers": list(spelling.numbers),
        "kinds": list(kinds),
        "lon": lon,
        "lat": lat,
        "limit": limit,
        "alike": str(_ALIKE),
    }


def _found(row: Row) -> Found:
    said = row._asdict()
    is_alias = said.pop("role") == "alias" and row.matched == "name"
    return Found(**said | {"matched": "alias" if is_alias else row.matched})


#: Scores are between 0 and 1.2. What fits wholly is better than what only begins with the words,
#: that than what holds them, that than what is read alike; a number that fits is worth as much as
#: being there instead of far away, so that 解放街17号 next door doesn't hide behind number 1.
STATEMENT = text(
    """
    SET LOCAL pg_trgm.word_similarity_threshold = :alike;
    WITH exact AS MATERIALIZED (
        SELECT id FROM place_term WHERE grams @> :grams
        UNION SELECT id FROM place_term WHERE initials LIKE ANY (:initials) AND syllables ~ :mixed
    ), hit AS MATERIALIZED (
        SELECT id FROM exact
        UNION SELECT id FROM place_term WHERE :sound <> '' AND sound %> :sound
            AND (SELECT count(*) FROM exact) < :limit
    ), matched AS MATERIALIZED (
        SELECT term.*, CASE
            WHEN strpos(words, :words) > 0 THEN 'name'
            WHEN syllables ~ :whole THEN 'pinyin'
            WHEN syllables ~ :mixed THEN 'initials'
            ELSE 'fuzzy'
        END AS matched
        FROM hit JOIN place_term AS term USING (id)
    ), scored AS MATERIALIZED (
        SELECT id, matched, CASE matched
            WHEN 'name' THEN CASE strpos(words, :words) WHEN 1 THEN 0.9 ELSE 0.85 END
                + 0.1 * length(:words) / length(words)
            WHEN 'pinyin' THEN 0.75
                + 0.2 * least(1, 1.0 * length(:letters) / length(first_reading))
            WHEN 'initials' THEN 0.65
                + 0.25 * least(1, 1.0 * :syllables / length(split_part(initials, ' ', 1)))
            ELSE 0.5 * word_similarity(:sound, sound) + 0.25 * similarity(:sound, sound)
                + 0.15 * (SELECT count(*) FROM unnest(grams) AS gram WHERE gram = ANY (:grams))
                    / cardinality(:grams)
        END AS score
        FROM matched, replace(split_part(syllables, '|', 1), ' ', '') AS first_reading
        ORDER BY score DESC, id LIMIT 200
    ), called AS (
        SELECT key.place_id, key.fit, key.role, scored.matched, scored.score
        FROM scored CROSS JOIN LATERAL (
            SELECT place_id, role, CASE
                WHEN numbers = :numbers THEN 0.12
                WHEN :numbers = '{}' THEN 0
                WHEN numbers[1:cardinality(:numbers)] = :numbers THEN 0.1
                WHEN numbers = '{}' THEN -0.05
                WHEN numbers[1] = (:numbers)[1] THEN 0.05
                ELSE -0.15
            END AS fit
            FROM place_key WHERE term_id = scored.id
            ORDER BY fit DESC, abs(numbers[1] - (:numbers)[1]), numbers
            FETCH FIRST (SELECT greatest(3, :limit / count(*)) FROM scored) ROWS WITH TIES
        ) AS key
    ), placed AS (
        SELECT DISTINCT ON (place.id) place.*, matched, role,
            score + fit
            - CASE role WHEN 'name' THEN 0 WHEN 'alias' THEN 0.02 ELSE 0.08 END
            + CASE kind WHEN 'address' THEN 0 ELSE 0.03 END
            - coalesce(0.12 * metres / (metres + 5000), 0) AS score
        FROM called JOIN place ON place.id = place_id, ST_DistanceSphere(
            place.point, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) AS metres
        WHERE state = 'valid' AND (:kinds = '{}' OR kind = ANY (:kinds))
        ORDER BY place.id, score DESC
    )
    SELECT id, kind, name, aliases, address, ST_X(point) AS lon, ST_Y(point) AS lat,
        extent IS NOT NULL AS has_extent, source, external_id, by_hand, state, reason, version,
        updated_at, matched, role, CAST(score AS float8) AS score, ST_DistanceSphere(
            CASE WHEN extent IS NULL THEN point ELSE ST_ClosestPoint(extent, caller) END, caller
        ) AS distance_m
    FROM (SELECT * FROM placed ORDER BY score DESC, id LIMIT :limit) AS best,
        ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS caller
    ORDER BY score DESC, id
    """
).bindparams(
    bindparam("grams", type_=ARRAY(Text)),
    bindparam("initials", type_=ARRAY(Text)),
    bindparam("numbers", type_=ARRAY(Integer)),
    bindparam("kinds", type_=ARRAY(Text)),
    bindparam("lon", type_=Double),
    bindparam("lat", type_=Double),
)
