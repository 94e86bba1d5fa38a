"""A row's bytes, a seal's line, and the words of the ledger."""

from __future__ import annotations

import ast
import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridserver.audit import canonical, seals, signing
from gridserver.audit.canonical import Row
from gridserver.audit.findings import Finding, joined
from gridserver.audit.seals import NOTHING, Line, Seal, line_of, read_line
from gridserver.audit.tags import Tag
from gridserver.base.errors import Invalid
from gridserver.base.keeping import ENDING, Keep, from_environment

AT = dt.datetime(2026, 3, 10, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
ROW = Row(7, AT, "task:sign", 3, "330824001", None, "task", "5", None, 118.4, 29.1, '{"b":1,"a":2}')
SEAL = Seal("5f0c", 2, AT, "7-9,12", 4, bytes(32), NOTHING)


def test_the_bytes_of_a_row() -> None:
    assert canonical.encode(ROW).decode() == (
        '{"actor":"330824001","actor_id":3,"at":"2026-03-10T01:30:00.000000Z",'
        '"data":{"a":2,"b":1},"device":null,"id":7,"lat":29.1,"lon":118.4,"purpose":null,'
        '"subject_id":"5","subject_kind":"task","tag":"task:sign"}'
    )


def test_what_a_browser_would_write_differently_is_written_alike() -> None:
    """RFC 8785, 3.2.2 and appendix B: numbers as ECMAScript's, keys by UTF-16."""
    data = '{"\\ud83d\\ude00": 1e21, "\\ufb33": 0.000001, "€": 1e-7, "\\n": 4.50, "n": 100.0}'
    written = canonical.encode(replace(ROW, data=data)).decode()
    expected = '"data":{"\\n":4.5,"n":100,"€":1e-7,"😀":1e+21,"\ufb33":0.000001}'
    assert expected in written


@pytest.mark.parametrize(
    "data",
    [
        '{"n":9007199254740993}',
        '{"n":0.1000000000000000001}',
        '{"n":1e400}',
        '{"n":' + "9" * 5000 + "}",
    ],
)
def test_a_number_that_readers_disagree_on_is_kept_as_it_stands(data: str) -> None:
    assert json.loads(canonical.encode(replace(ROW, data=data)))["data"] == data


def test_nesting_beyond_reason_has_bytes_too() -> None:
    deep = '{"a":' + "[" * 20_000 + "]" * 20_000 + "}"
    assert json.loads(canonical.encode(replace(ROW, data=deep)))["data"] == deep


@pytest.mark.parametrize(
    "change",
    [
        {"id": 8},
        {"at": AT + dt.timedelta(microseconds=1)},
        {"tag": "task:depart"},
        {"actor_id": None},
        {"actor": None},
        {"device": ""},
        {"subject_id": "05"},
        {"purpose": ""},
        {"lon": 118.40000000000002},
        {"data": '{"a":2,"b":"1"}'},
    ],
)
def test_any_change_is_another_leaf(change: dict[str, object]) -> None:
    assert canonical.leaf(replace(ROW, **change)) != canonical.leaf(ROW)


@given(st.sets(st.integers(1, 300), min_size=1))
def test_ids_as_ranges(ids: set[int]) -> None:
    written = seals.ids_of(sorted(ids))
    assert list(seals.expand(written)) == sorted(ids)
    assert seals.count(written) == len(ids)


def test_a_line_says_its_seal() -> None:
    line = line_of(SEAL)
    assert read_line(line.text()) == line
    assert line.said == SEAL.hash
    assert (SEAL.first, SEAL.last) == (7, 12)


@pytest.mark.parametrize("name", ["ledger", "number", "at", "ids", "rows", "root", "previous"])
def test_every_word_of_a_seal_is_hashed(name: str) -> None:
    other = {
        "ledger": "5f0d",
        "number": 3,
        "at": AT + dt.timedelta(seconds=1),
        "ids": "7-10",
        "rows": 5,
        "root": bytes(31) + b"x",
        "previous": bytes(31) + b"x",
    }[name]
    assert replace(SEAL, **{name: other}).hash != SEAL.hash


@pytest.mark.parametrize("text", ["", "{}", "no JSON", "[]", '{"number": "x"}', "[" * 3000])
def test_what_is_no_line(text: str) -> None:
    assert read_line(text) is None


def test_a_line_that_contradicts_itself_is_none() -> None:
    document = json.loads(line_of(SEAL).text())
    assert read_line(json.dumps(document | {"first": 1})) is None


def test_a_signature_is_the_keys_and_the_hashs(tmp_path: Path) -> None:
    signer = signing.signer(tmp_path / "key.pem")
    again = signing.signer(tmp_path / "key.pem")
    assert again.public == signer.public
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    line = line_of(SEAL).signed(signer.name, signer.sign(SEAL.hash))
    read = read_line(line.text())
    assert isinstance(read, Line)
    assert signing.holds(signer.public, read.signature or b"", read.said)
    assert not signing.holds(signer.public, read.signature or b"", NOTHING)
    assert not signing.holds(NOTHING, read.signature or b"", read.said)


def test_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("hello")
    with pytest.raises(Invalid, match=r"key\.pem holds no Ed25519 key"):
        signing.signer(tmp_path / "key.pem")


def test_what_holds_for_batch_after_batch_is_one_finding() -> None:
    found = [
        Finding("row_missing", (1, 1), "1-4", 4),
        Finding("row_missing", (2, 2), "5-6,9", 3),
        Finding("row_altered", (3, 3), "8", 1),
        Finding("row_missing", (4, 4), "10", 1),
    ]
    assert list(joined(found)) == [
        Finding("row_missing", (1, 2), "1-6,9", 7),
        Finding("row_altered", (3, 3), "8", 1),
        Finding("row_missing", (4, 4), "10", 1),
    ]


def test_every_tag_says_what_it_means() -> None:
    for tag in Tag:
        assert tag.zh
        assert tag.en
        assert tag.keep in Keep
    assert len({tag.zh for tag in Tag}) == len(Tag)


@pytest.mark.parametrize("text", ["task:dance", "task", "Task:sign", ""])
def test_a_tag_that_is_not_declared_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no declared tag"):
        Tag(text)


def test_every_tag_in_the_source_is_declared() -> None:
    """Those written out; a verb of a lifecycle is met when it is used."""
    root = Path(__file__).resolve().parents[2] / "gridserver"
    rooms = {tag.room for tag in Tag}
    for file in root.rglob("*.py"):
        if file.parent.name == "audit":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            room, colon, verb = node.value.partition(":")
            if colon and room in rooms and verb.replace("_", "").isalpha():
                assert node.value in list(Tag), f"{file.name}: {node.value}"


def test_nobody_keeps_for_less_than_the_law_asks() -> None:
    assert from_environment({}) == {keep: keep.usual for keep in ENDING}
    kept = from_environment({"GRIDSERVER_AUDIT_KEEP_OPERATION": "184"})
    assert kept[Keep.OPERATION] == Keep.OPERATION.least
    for value in ("183", "0", "-1", "soon", "99999"):
        with pytest.raises(Invalid, match="GRIDSERVER_AUDIT_KEEP_OPERATION"):
            from_environment({"GRIDSERVER_AUDIT_KEEP_OPERATION": value})
