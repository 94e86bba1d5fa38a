"""What the system refuses to be, as its schema and its doors show it."""

from __future__ import annotations

import json
import re

import pytest

from gridserver import schema
from gridserver.base.settings import ROOT

#: All that is stored of a bulletin. A column more is a decision that belongs into the guardrails.
FINGERPRINT = {
    "bulletin": (
        "approve_by approved_at approver_id area_cells area_reason area_units area_whole "
        "author_id basis_authority basis_date basis_number basis_type created_at "
        "earlier_origins end_reason ended_at ended_by expires_at id is_exercise is_urgent "
        "issued_at kind lasts_h looked_at origin purged_at reaches renewed_by role runs_from "
        "state unit_id updated_at validate_by version"
    ),
    "bulletin_contents": ("bulletin_id fact last_seen_at last_seen_place not_to_do opinion to_do"),
    "bulletin_copy": "account_id bulletin_id device fetched_at removed_at version",
    "bulletin_recipient": "account_id bulletin_id read_at told_at unit_id",
    "bulletin_sighting": (
        "account_id answer answer_by answered_at answered_by bulletin_id escalated_at id is_urgent "
        "lat lon occurred_at place said_at state version words"
    ),
}
#: Parts of names that no column and no table may have, and no path either.
REFUSED = (
    "ethnic|nationality|minority|religion|belief|politic|petition|union_member|health|disease|"
    "biometric|fingerprint|iris|gait|voiceprint|dna|facial|face_id|face_template|plates?|number_plate|imei|imsi|"
    "phone_number|id_card|id_number|resident|population|household_member|relative|associate|"
    "social|watch_?list|blacklist|suspicion|risk_score|person_score|person_label|person_tag"
)
_REFUSED = re.compile(rf"(?:^|_|/)(?:{REFUSED})(?:s|_|/|$)")
TABLES = dict(schema.metadata.tables)


def test_a_bulletin_has_these_columns_and_no_other() -> None:
    stored = {
        name: " ".join(sorted(table.columns.keys()))
        for name, table in TABLES.items()
        if name.startswith("bulletin")
    }
    assert stored == FINGERPRINT


def test_no_table_and_no_column_is_for_what_is_refused() -> None:
    names = [name for name in TABLES if _REFUSED.search(name)]
    columns = [
        f"{name}.{column.name}"
        for name, table in TABLES.items()
        for column in table.columns
        if _REFUSED.search(column.name)
    ]
    assert (names, columns) == ([], [])


def test_there_is_no_table_of_persons() -> None:
    assert not {"person", "persons", "people", "subject", "subjects", "citizen"} & set(TABLES)


def test_no_key_joins_two_persons() -> None:
    """What a bulletin says hangs on that bulletin alone, and nothing hangs on it."""
    pointing = {
        (name, key.column.table.name)
        for name, table in TABLES.items()
        for key in table.foreign_keys
    }
    of_contents = {to for name, to in pointing if name == "bulletin_contents"}
    assert of_contents == {"bulletin"}
    assert not {name for name, to in pointing if to == "bulletin_contents"}
    to_bulletins = {name for name, to in pointing if to == "bulletin"}
    parts = {"bulletin_contents", "bulletin_copy", "bulletin_recipient", "bulletin_sighting"}
    assert to_bulletins == parts
    contents = TABLES["bulletin_contents"]
    assert [column.name for column in contents.primary_key] == ["bulletin_id"]
    assert not contents.indexes, "nothing to look a person up by"
    sightings = TABLES["bulletin_sighting"]
    indexed = {column.name for index in sightings.indexes for column in index.columns}
    assert indexed == {"bulletin_id", "id", "answer_by"}, "neither by place nor by officer"


def test_no_door_is_for_what_is_refused() -> None:
    described = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    assert [path for path in described["paths"] if _REFUSED.search(path.replace("-", "_"))] == []


def test_no_door_searches_bulletins_or_gives_many_at_once() -> None:
    described = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    listing = described["paths"]["/api/v1/bulletins"]["get"]
    asked = {parameter["name"] for parameter in listing["parameters"] if "name" in parameter}
    assert asked == {"cursor", "limit", "unit", "state"}
    schemas = described["components"]["schemas"]
    saying = {name for name, each in schemas.items() if "not_to_do" in each.get("properties", {})}
    assert saying == {"BulletinContents", "CapContents", "NewBulletinContents"}
    naming = {
        name for name, each in schemas.items() if 'schemas/BulletinContents"' in json.dumps(each)
    }
    assert naming == {"BulletinSheet"}


@pytest.mark.parametrize("name", ["fact", "opinion", "photo", "last_seen_place"])
def test_no_list_has_a_field_of_a_person(name: str) -> None:
    described = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    schemas = described["components"]["schemas"]
    assert name not in json.dumps(schemas["BulletinHeadPage"]) + json.dumps(schemas["BulletinHead"])
