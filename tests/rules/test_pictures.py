"""The pictures of the docs: each that is shown is there, and can be taken anew."""

from docs.pictures import DOCS, SETS, shown_in_the_docs
from docs.studio import LOOKS


def test_every_picture_that_the_docs_show_is_there():
    shown = shown_in_the_docs()
    assert shown
    assert not {name for name in shown if not (DOCS / "pictures" / f"{name}.png").is_file()}


def test_every_picture_that_the_docs_show_belongs_to_a_set():
    subjects = {subject for pictures in SETS.values() for subject in pictures.subjects}
    can_be_taken = {f"{subject}-{look.name}" for subject in subjects for look in LOOKS}
    assert shown_in_the_docs() <= can_be_taken


def test_no_picture_lies_about_that_nothing_shows():
    assert {file.stem for file in (DOCS / "pictures").glob("*.png")} <= shown_in_the_docs()
