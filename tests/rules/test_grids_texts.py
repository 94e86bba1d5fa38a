"""Whatever is said of a grid, it can be said in Chinese, with the values that are at hand."""

from __future__ import annotations

import ast
import string
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from gis import diff, faults, repair, testing
from gis.coverage import faults as find_faults
from gis.errors import GisError
from gis.features import Remark
from gis.repair import proposal
from gridserver.base import texts as sentences
from gridserver.base.errors import Conflict
from gridserver.grids import edit_verbs, proposing, reports, texts

ROOT = Path(__file__).parents[2]
CHINESE = sentences.load(texts.ROOM, "zh-CN")

#: Those who make a code of the first argument: how, and which values each adds to those given.
MAKERS = {
    "refusal": ("arcs.{}", {"lon", "lat"}),
    "geometry_error": ("geometry.{}", {"row"}),
    "_malformed": ("arcs.{}", set()),
    "_not_taken": ("crs.{}", {"crs"}),
    "_Refusal": ("{}", {"index", "x", "y"}),
    "Remark": ("{}", set()),
}
#: What GridserverErrors carry beside the values given.
COMMON = {"field"}
#: Rooms of their own have texts of their own.
OURS = ("arcs", "edit", "coordinates", "coverage", "crs", "diff", "file", "geometry", "locate",
        "outline", "process", "repair", "warning", "grid", "upload")  # fmt: skip


class Raised(typing.NamedTuple):
    """A place that says something: its code, and the values it gives; None where they are worked
    out elsewhere."""

    where: str
    code: str
    values: frozenset[str] | None


def raised() -> Iterator[Raised]:
    for path in sorted([*ROOT.glob("gis/**/*.py"), *ROOT.glob("gridserver/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and (code := _code(node)):
                yield Raised(f"{path.name}:{node.lineno}", code, _values(node))


def _name(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def _code(node: ast.Call) -> str | None:
    first, name = _literal(node), _name(node)
    maker = first is not None and name in MAKERS
    code = MAKERS[name][0].format(first) if maker else first
    if name == "_Refusal":
        code = node.args[1].value if isinstance(node.args[1], ast.Constant) else None
    if code is None or " " in code or "." not in code:
        return None
    is_error = maker or name == "_Refusal" or name in ERRORS
    return code if is_error and code.split(".")[0] in OURS else None


def _literal(node: ast.Call) -> str | None:
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _values(node: ast.Call) -> frozenset[str] | None:
    name, keywords = _name(node), {word.arg: word.value for word in node.keywords}
    common = MAKERS[name][1] if name in MAKERS else COMMON
    given = keywords.get("params")
    if given is None and name in GIS and len(node.args) > 3:
        given = node.args[3]
    if name == "Remark":
        given = node.args[2] if len(node.args) > 2 else given
    if given is None:
        return frozenset({word for word in keywords if word} | common)
    if not isinstance(given, ast.Dict) or None in given.keys:
        return None
    keys = {key.value for key in given.keys if isinstance(key, ast.Constant)}
    return frozenset(keys | common | {word for word in keywords if word})


GIS = {"GisError", "CrsError", "CoordinateError", "GeometryError", "FileError"}
GIS |= {"ProcessError", "BusyError"}
ERRORS = GIS | {"Invalid", "Conflict", "NotFound", "Stale", "Unavailable", "Forbidden"}
RAISED = list(raised())


def wanted(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_the_walk_finds_what_there_is() -> None:
    codes = {each.code for each in RAISED}
    assert {"arcs.crossing", "geometry.null", "crs.old_datum", "coordinates.swapped"} <= codes
    assert {"process.timeout", "repair.cell_lost", "grid.stale", "warning.far"} <= codes
    assert len(codes) > 100


@pytest.mark.parametrize("each", RAISED, ids=lambda each: f"{each.code}-{each.where}")
def test_every_refusal_and_warning_is_said_in_chinese(each: Raised) -> None:
    assert each.code in CHINESE, f"{each.where} says {each.code}, which has no Chinese text"
    if each.values is not None:
        assert wanted(CHINESE[each.code]) <= each.values, each.where


@pytest.mark.parametrize(
    ("room", "english"),
    [("coverage", faults.TEXTS), ("repair", proposal.TEXTS), ("diff", diff.TEXTS)],
)
def test_every_kind_is_said_in_chinese_with_the_same_values(
    room: str, english: dict[str, str]
) -> None:
    for kind, sentence in english.items():
        assert wanted(CHINESE[f"{room}.{kind}"]) <= wanted(sentence), kind


def test_every_verb_is_said_in_chinese_with_the_same_values() -> None:
    for verb in edit_verbs.VERBS.values():
        assert wanted(CHINESE[verb.code]) == wanted(verb.text), verb.code


def test_no_text_is_left_over() -> None:
    kinds = {f"coverage.{kind}" for kind in faults.TEXTS}
    kinds |= {f"repair.{kind}" for kind in repair.KINDS} | {f"diff.{kind}" for kind in diff.TEXTS}
    said = {each.code for each in RAISED} | {verb.code for verb in edit_verbs.VERBS.values()}
    parts = {key for key in CHINESE if ":" in key or key.startswith(("move.", "list.", "edit."))}
    assert set(CHINESE) - parts - kinds - said == set()


def test_faults_and_proposals_are_said_with_their_values() -> None:
    cells = testing.with_overlap()
    found = find_faults(cells)
    assert texts.sentence(found[0], "en") == found[0].text
    assert texts.sentence(found[0], "zh-CN").startswith("网格 1 与 2 重叠")
    first = repair.proposals(cells, found)[0]
    said = proposing.document(first, "zh-CN")["text"]
    assert said.startswith("1 与 2 的重叠部分划归 2：")
    assert "平方米" in said


def test_lists_and_words_are_those_of_the_language() -> None:
    params = {"around": ["1", "2", "3", "4", "5"], "area_m2": 12.34}
    assert texts.translated("coverage.gap", params, "", "zh-CN").startswith("1、2、3、4等5个 之间")
    ring = Remark("coverage.invalid_ring", "…", {"code": "1", "reason": "Self-intersection"})
    assert "（自相交）" in texts.sentence(ring, "zh-CN")


def test_a_kept_report_is_said_in_the_language_of_who_reads_it() -> None:
    cells = testing.with_overlap()
    kept = reports.Report("v", cells, find_faults(cells)).to_keep()
    assert reports.said_in(kept, "en") == kept
    assert reports.said_in(kept, "zh-CN")["faults"][0]["text"].startswith("网格 1 与 2 重叠")
    (former,) = (
        {name: fault[name] for name in fault if name not in ("code", "params")}
        for fault in kept["faults"]
    )
    assert reports.said_in(kept | {"faults": [former]}, "zh-CN")["faults"] == [
        former | {"code": "coverage.overlap", "params": {}}
    ]


def test_moves_are_said_the_largest_first() -> None:
    moves = [{"from": "1", "to": str(to), "area_m2": 10.0 * to} for to in range(2, 7)]
    said = texts.translated("repair.snap", {"around": ["1"], "moves": moves}, "", "zh-CN")
    assert said == (
        "使 1 的边界吻合：60.0 平方米由 1 划归 6，50.0 平方米由 1 划归 5，40.0 平方米由 1 划归 4，"
        "另有 2 处共 50.0 平方米。"
    )
    assert "不变更范围" in texts.translated("repair.snap", {"around": [], "moves": []}, "", "zh-CN")


def test_a_refusal_without_a_text_keeps_its_own() -> None:
    assert texts.refusal(Conflict("task.wrong_state", "Signed."), "zh-CN") == "Signed."
    lost = GisError("repair.cell_lost", "Nothing is left of 1.", params={"code": "1"})
    assert texts.refusal(lost, "en") == "Nothing is left of 1."
    assert texts.refusal(lost, "zh-CN") == "网格 1 将不复存在，请另选一项修复。"
    present = Conflict("grid.wrong_state", "It is published.", state="published")
    assert "已发布" in texts.refusal(present, "zh-CN")
