"""What an attachment may be, and how its upload goes."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PIL import Image

from gridserver.attachments import inspection, rules
from gridserver.attachments.rules import UPLOAD
from gridserver.base.errors import Conflict, Invalid
from tests.photos import Photo, photo

#: As the brief says it, apart from the code's table: from, verb, to.
EXPECTED = {
    "uploading": {
        "receive": "uploading",
        "restart": "uploading",
        "accept": "complete",
        "refuse": "refused",
    },
    "complete": {},
    "refused": {"restart": "uploading"},
}
VERBS = sorted({verb for verbs in EXPECTED.values() for verb in verbs})
GOOD = {"sha256": "0" * 64, "size": 10, "media_type": "image/jpeg"}


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(EXPECTED, VERBS)))
def test_every_verb_in_every_state(state: str, verb: str) -> None:
    assert UPLOAD.after(state, verb) == EXPECTED[state].get(verb)
    assert set(UPLOAD.states) == set(EXPECTED)
    assert sorted(UPLOAD.verbs) == VERBS


def test_an_announcement_is_read() -> None:
    said = rules.read_announcement(GOOD | {"lon": 118.4, "lat": 29.1})
    assert (said.size, said.lon, said.taken_at) == (10, 118.4, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sha256": "0" * 63}, "sha256"),
        ({"sha256": "A" * 64}, "sha256"),
        ({"sha256": "../../etc/passwd"}, "sha256"),
        ({"sha256": None}, "sha256"),
        ({"size": 0}, "size"),
        ({"size": True}, "size"),
        ({"size": rules.LARGEST_BYTES + 1}, "size"),
        ({"media_type": "image/svg+xml"}, "media_type"),
        ({"media_type": "text/html"}, "media_type"),
        ({"lon": 118.4}, "lat"),
        ({"lat": 29.1}, "lon"),
        ({"lon": float("nan"), "lat": 1.0}, "lon"),
    ],
)
def test_a_bad_announcement_names_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.read_announcement(GOOD | change)
    assert refusal.value.field == field


def test_a_list_of_attachments_has_each_once() -> None:
    one, other = "1" * 64, "2" * 64
    assert rules.read_hashes([one, other, one], "photos") == (one, other)
    assert rules.read_hashes(None, "photos") == ()


@pytest.mark.parametrize("given", ["1" * 64, [["1" * 64]], [1], ["1" * 64] * 13, {"a": 1}, 7])
def test_a_bad_list_is_refused(given: object) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.read_hashes(given, "photos")
    assert refusal.value.field == "photos"


@pytest.mark.parametrize(
    ("present", "offset", "length", "code"),
    [
        (0, 5, 1, "attachment.wrong_offset"),
        (5, 0, 1, "attachment.wrong_offset"),
        (0, 0, rules.PIECE_BYTES + 1, "attachment.piece_size"),
        (8, 8, 3, "attachment.beyond_size"),
    ],
)
def test_a_piece_that_does_not_fit(present: int, offset: int, length: int, code: str) -> None:
    size = rules.LARGEST_BYTES if "piece" in code else 10
    with pytest.raises((Conflict, Invalid)) as refusal:
        rules.require_fitting(present, size, offset, length)
    assert refusal.value.code == code


def test_a_piece_that_fits() -> None:
    rules.require_fitting(8, 10, 8, 2)
    rules.require_fitting(10, 10, 10, 0)


# --- the content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "content"


def examined(file: Path, given: Photo, *, sha256: str | None = None) -> str | None:
    file.write_bytes(given.content)
    return inspection.examine(file, sha256 or given.sha256, given.media_type)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_as_it_was_said_passes(file: Path, kind: str) -> None:
    assert examined(file, photo(kind=kind)) is None


def test_a_wrong_hash(file: Path) -> None:
    assert examined(file, photo(), sha256="0" * 64) == inspection.WRONG_HASH


@pytest.mark.parametrize(
    "content",
    [b"<html><script>alert(1)</script>", b"GIF89a" + b"\0" * 40, b"<svg/>", b"%PDF-1.7", b"\0"],
)
def test_what_is_no_picture(file: Path, content: bytes) -> None:
    assert examined(file, Photo(content)) == inspection.WRONG_TYPE


def test_one_type_given_out_for_another(file: Path) -> None:
    assert examined(file, Photo(photo(kind="PNG").content, "image/jpeg")) == inspection.WRONG_TYPE


def test_a_picture_cut_off(file: Path) -> None:
    whole = photo(side=256)
    assert examined(file, Photo(whole.content[: len(whole.content) // 2])) == inspection.UNDECODABLE


@pytest.mark.parametrize("side", [7_100, 20_000])
def test_a_pixel_bomb(file: Path, side: int) -> None:
    """A few kilobytes that claim to be a picture of gigabytes."""
    bomb = file.with_suffix(".png")
    Image.new("1", (side, side)).save(bomb)
    assert bomb.stat().st_size < 200_000
    assert examined(file, Photo(bomb.read_bytes(), "image/png")) == inspection.TOO_MANY_PIXELS
