"""Writing the gazetteer: what a file says of many places, and what a hand says of one."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict
from gridserver.places.entries import locked_place, place_of
from gridserver.places.models import Place
from gridserver.places.rules import BY_HAND, PLACE, Draft, Entry, read_reason
from gridserver.places.terms import Key, keys_of, term_of


def put(session: Session, source: str, entries: Sequence[Entry]) -> Counter[str]:
    """Have the gazetteer say what `source` says, each place by its external id, once in `entries`.

    Returns
    -------
    Counter
        How many were ``added``, ``changed``, the ``same`` as before, and ``kept`` since somebody
        changed or retired them by hand.
    """
    rows = json.dumps([_row(entry) for entry in entries], ensure_ascii=False)
    asked = {"source": source, "rows": rows, "at": now(session)}
    written = session.execute(_PUT, asked).all()
    drafts = {entry.external_id: entry.draft for entry in entries}
    file_under(session, {row.id: drafts[row.external_id] for row in written})
    counts = Counter("added" if row.added else "changed" for row in written)
    external_ids = list(drafts)
    kept = session.scalar(_KEPT, {"source": source, "external_ids": external_ids}) or 0
    return counts + Counter(kept=kept, same=len(entries) - len(written) - kept)


def add(
    session: Session,
    actor: audit.Actor | None,
    draft: Draft,
    *,
    source: str = BY_HAND,
    external_id: str | None = None,
) -> int:
    """Enter a place by hand; return its id.

    Raises
    ------
    Conflict
        ``place.exists``: `source` has a place with that id.
    """
    external_id = external_id or str(uuid.uuid4())
    if place_of(session, source, external_id) is not None:
        raise Conflict(
            "place.exists", f"{source} {external_id} is in the gazetteer: change it there."
        )
    moment = now(session)
    row = Place(
        source=source,
        external_id=external_id,
        by_hand=True,
        state=PLACE.states[0],
        created_at=moment,
        updated_at=moment,
        **_columns(draft),
    )
    session.add(row)
    session.flush()
    file_under(session, {row.id: draft})
    _record(session, actor, "add", row, {"name": row.name, "source": source})
    return row.id


def change(session: Session, actor: audit.Actor | None, place_id: int, draft: Draft) -> None:
    """Have a place be what `draft` says; no import changes it from now on. What it covers is
    forgotten where it was moved.

    Raises
    ------
    NotFound
        ``place.unknown``.
    """
    row = locked_place(session, place_id)
    before = _told(row)
    if session.scalar(_MOVED, {"id": place_id, "lon": draft.lon, "lat": draft.lat}):
        row.extent = None
    for column, value in _columns(draft).items():
        setattr(row, column, value)
    _touch(session, row)
    file_under(session, {place_id: draft})
    _record(session, actor, "change", row, before=before, after=_told(row))


def retire(session: Session, actor: audit.Actor | None, place_id: int, reason: object) -> None:
    """Have a place be found no longer, for a reason.

    Raises
    ------
    NotFound, Conflict, Invalid
        ``place.unknown``; ``place.wrong_state`` with the present `state`; ``input.*``.
    """
    row = _step(session, place_id, "retire")
    row.reason, row.retired_at = read_reason(reason), now(session)
    _record(session, actor, "retire", row, {"name": row.name, "reason": row.reason})


def restore(session: Session, actor: audit.Actor | None, place_id: int) -> None:
    """Have a retired place be found again. Raises as `retire` does."""
    row = _step(session, place_id, "restore")
    row.reason = row.retired_at = None
    _record(session, actor, "restore", row, {"name": row.name})


def _step(session: Session, place_id: int, verb: str) -> Place:
    row = locked_place(session, place_id)
    after = PLACE.after(row.state, verb)
    if after is None:
        raise Conflict("place.wrong_state", f"The place is {row.state} already.", state=row.state)
    row.state = after
    _touch(session, row)
    return row


def _touch(session: Session, row: Place) -> None:
    row.by_hand, row.updated_at = True, now(session)
    row.version += 1


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "kind": draft.kind,
        "name": draft.name,
        "aliases": list(draft.aliases),
        "address": draft.address,
        "point": f"SRID=4326;POINT({draft.lon!r} {draft.lat!r})",
    }


def _told(row: Place) -> dict[str, Any]:
    """Return what the ledger keeps of a place before and after a change: not where it is, which a
    row of the ledger says by itself."""
    return {
        "name": row.name,
        "kind": row.kind,
        "aliases": list(row.aliases),
        "address": row.address,
    }


def _record(
    session: Session,
    actor: audit.Actor | None,
    verb: str,
    row: Place,
    data: dict[str, Any] | None = None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    session.flush()
    audit.record(
        session,
        actor,
        Tag.of("place", verb),
        subject_kind="place",
        subject_id=row.id,
        data=data,
        before=before,
        after=after,
    )


def file_under(session: Session, drafts: dict[int, Draft]) -> None:
    """Have each place, by its id, be found by what its draft calls it, and by nothing else.

    A term that no place goes by any longer stays: nothing is found by it.
    """
    keys = {place_id: keys_of(draft) for place_id, draft in drafts.items()}
    _know_terms(session, {key.words for found in keys.values() for key in found})
    session.execute(_UNFILE, {"ids": list(keys)})
    rows = [_key(place_id, key) for place_id, found in keys.items() for key in found]
    session.execute(_FILE, {"rows": json.dumps(rows)})


def _know_terms(session: Session, words: set[str]) -> None:
    known = set(session.scalars(_KNOWN, {"words": sorted(words)}))
    terms = [vars(term_of(each)) for each in sorted(words - known)]
    if terms:
        session.execute(_LEARN, {"rows": json.dumps(terms)})


def _row(entry: Entry) -> dict[str, object]:
    extent = None if entry.extent is None else entry.extent.hex()
    return vars(entry.draft) | {"external_id": entry.external_id, "extent": extent}


def _key(place_id: int, key: Key) -> dict[str, object]:
    return vars(key) | {"place_id": place_id}


# What is the same isn't written again, and what a hand changed stays as it is.
_PUT = text(
    """
    INSERT INTO place (kind, name, aliases, address, point, extent, source, external_id, by_hand,
        state, created_at, updated_at)
    SELECT kind, name, coalesce(aliases, '{}'), address,
        ST_SetSRID(ST_MakePoint(lon, lat), 4326), ST_GeomFromWKB(decode(extent, 'hex'), 4326),
        :source, external_id, false, 'valid', :at, :at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given(kind text, name text, aliases text[],
        address text, lon float8, lat float8, extent text, external_id text)
    ORDER BY external_id
    ON CONFLICT (source, external_id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
        aliases = excluded.aliases, address = excluded.address, point = excluded.point,
        extent = excluded.extent, updated_at = excluded.updated_at, version = place.version + 1
    WHERE NOT place.by_hand
        AND (place.kind, place.name, place.aliases, place.address) IS DISTINCT FROM
            (excluded.kind, excluded.name, excluded.aliases, excluded.address)
        OR NOT place.by_hand AND (ST_AsBinary(place.point), ST_AsBinary(place.extent))
            IS DISTINCT FROM (ST_AsBinary(excluded.point), ST_AsBinary(excluded.extent))
    RETURNING id, external_id, xmax = 0 AS added
    """
)
_KEPT = text(
    "SELECT count(*) FROM place WHERE source = :source AND external_id = ANY (:external_ids)"
    " AND by_hand"
)
_MOVED = text("SELECT ST_X(point) <> :lon OR ST_Y(point) <> :lat FROM place WHERE id = :id")
_KNOWN = text("SELECT words FROM place_term WHERE words = ANY (:words)")
_LEARN = text(
    """
    INSERT INTO place_term (words, grams, syllables, initials, sound)
    SELECT words, grams, syllables, initials, sound
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given(words text, grams text[],
        syllables text, initials text, sound text)
    ON CONFLICT (words) DO NOTHING
    """
)
_UNFILE = text("DELETE FROM place_key WHERE place_id = ANY (:ids)")
_FILE = text(
    """
    INSERT INTO place_key (place_id, term_id, numbers, role)
    SELECT place_id, term.id, numbers, role
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given(place_id bigint, words text,
        numbers int[], role text)
    JOIN place_term AS term USING (words)
    """
)
