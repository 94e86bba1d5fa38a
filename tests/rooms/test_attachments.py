"""Uploads: in pieces, from where they were, each content one file, whatever crashes."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from gridserver import worker
from gridserver.attachments import queries, service, sweep
from gridserver.attachments.inspection import WRONG_HASH, examine
from gridserver.attachments.models import Attachment, AttachmentLink
from gridserver.attachments.rules import KEPT, MOST_UNFINISHED, read_announcement
from gridserver.attachments.service import Progress
from gridserver.attachments.store import Store, Upload
from gridserver.audit.models import AuditEntry
from gridserver.base.clock import SetClock
from gridserver.base.errors import Conflict, Forbidden, NotFound
from gridserver.base.settings import from_environment
from tests.county import County
from tests.photos import Photo, photo

OFFICER, OTHER = "330824001", "330824002"
PIECE = 1_000


class Device:
    """An officer's device, and what the web process does for it."""

    def __init__(self, session: Session, county: County, store: Store, username: str) -> None:
        self.session, self.store = session, store
        self.actor = county.principal(username)

    def announce(self, what: Photo, **changes: object) -> Progress:
        said = read_announcement(what.announcement | changes)
        return service.announce(self.session, self.actor, self.store, said)

    def send(self, what: Photo, offset: int, piece: bytes) -> Progress:
        return service.receive(self.session, self.actor, self.store, what.sha256, offset, piece)

    def send_all(self, what: Photo) -> Progress:
        progress = self.announce(what)
        for offset, piece in what.pieces(PIECE):
            if offset >= progress.received:
                progress = self.send(what, offset, piece)
        return progress

    def check(self, what: Photo) -> Progress:
        found = service.candidate(self.session, self.actor, self.store, what.sha256)
        assert found is not None
        refusal = examine(found.path, found.sha256, found.media_type)
        return service.settle(self.session, self.actor, self.store, found, refusal)

    def bring(self, what: Photo) -> Progress:
        self.send_all(what)
        return self.check(what)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "attachments")


@pytest.fixture
def device(session: Session, county: County, store: Store) -> Device:
    return Device(session, county, store, OFFICER)


@pytest.fixture
def other(session: Session, county: County, store: Store) -> Device:
    return Device(session, county, store, OTHER)


def files(store: Store) -> set[str]:
    return {name for folder in store.contents() for name in folder}


def refused(call: object, *arguments: object) -> Conflict:
    with pytest.raises(Conflict) as refusal:
        call(*arguments)
    return refusal.value


def test_a_photo_in_pieces(device: Device, store: Store) -> None:
    what = photo()
    assert len(what.content) > 2 * PIECE
    progress = device.send_all(what)
    assert (progress.state, progress.received) == ("uploading", len(what.content))
    assert progress.is_all_here
    assert device.check(what).state == "complete"
    assert store.content(what.sha256).read_bytes() == what.content
    assert list(store.uploads()) == []


def test_a_piece_at_another_offset_is_told_the_present_one(device: Device) -> None:
    what = photo()
    device.announce(what)
    device.send(what, 0, what.content[:PIECE])
    for offset in (0, PIECE - 1, PIECE + 1):  # the first is a piece sent again
        error = refused(device.send, what, offset, b"x")
        assert (error.code, error.extra["offset"]) == ("attachment.wrong_offset", PIECE)
    assert device.announce(what).received == PIECE


def test_what_a_crash_left_behind_a_piece_is_written_over(device: Device, store: Store) -> None:
    """The piece was written, and the process was killed before the row was."""
    what = photo()
    device.announce(what)
    row = device.session.scalars(sa.select(Attachment)).one()
    store.write(Upload(row.id, row.attempt), 0, b"\xff" * (PIECE + 7))
    assert device.announce(what).received == 0
    assert device.bring(what).state == "complete"


def test_a_file_that_lacks_what_the_row_says_is_sent_again(device: Device, store: Store) -> None:
    """Power failed before the disk had it all, or the folder was restored from an older backup."""
    what = photo()
    device.announce(what)
    device.send(what, 0, what.content[:PIECE])
    row = device.session.scalars(sa.select(Attachment)).one()
    store.write(Upload(row.id, row.attempt), 100, b"")
    assert device.announce(what).received == 100
    store.discard(Upload(row.id, row.attempt))
    assert device.announce(what).received == 0
    assert device.bring(what).state == "complete"


def test_a_crash_between_the_renaming_and_the_commit(device: Device, store: Store) -> None:
    what = photo()
    device.send_all(what)
    row = device.session.scalars(sa.select(Attachment)).one()
    store.keep(Upload(row.id, row.attempt), what.sha256)
    assert device.announce(what).is_all_here
    assert device.check(what).state == "complete"
    assert store.content(what.sha256).read_bytes() == what.content


def test_a_refused_content_begins_anew(device: Device, store: Store) -> None:
    what = photo()
    torn = b"\0" * len(what.content)
    device.announce(what)
    for offset, piece in Photo(torn).pieces(PIECE):
        device.send(what, offset, piece)
    assert (device.check(what).refusal, files(store)) == (WRONG_HASH, set())
    assert list(store.uploads()) == []
    assert refused(device.send, what, 0, b"x").code == "attachment.refused"
    again = device.announce(what)
    assert (again.state, again.received) == ("uploading", 0)
    assert device.bring(what).state == "complete"


def test_what_was_announced_wrongly_begins_anew(device: Device, store: Store) -> None:
    what = photo()
    device.announce(what, size=5_000_000)
    device.send(what, 0, what.content[:PIECE])
    assert device.announce(what).received == 0
    assert device.bring(what).state == "complete"


def test_an_examination_of_a_former_attempt_says_nothing(device: Device, store: Store) -> None:
    """Else one could have good bytes examined and others kept in their place."""
    what = photo()
    device.send_all(what)
    examined = service.candidate(device.session, device.actor, store, what.sha256)
    device.announce(what, media_type="image/png")
    settled = service.settle(device.session, device.actor, store, examined, None)
    assert (settled.state, settled.received, files(store)) == ("uploading", 0, set())


def test_what_is_complete_stays_so(device: Device) -> None:
    what = photo()
    device.bring(what)
    for progress in (device.announce(what), device.send(what, 0, b"x"), device.send(what, 9, b"")):
        assert progress.state == "complete"
    assert service.candidate(device.session, device.actor, device.store, what.sha256) is None


def test_two_who_bring_one_content_share_the_file(
    device: Device, other: Device, store: Store
) -> None:
    what = photo()
    device.bring(what)
    assert other.announce(what).received == 0  # to know a hash is not to have the content
    assert other.bring(what).state == "complete"
    assert files(store) == {what.sha256}


def test_nobody_goes_on_with_another_ones_upload(device: Device, other: Device) -> None:
    what = photo()
    device.announce(what)
    with pytest.raises(NotFound) as refusal:
        other.send(what, 0, b"x")
    assert refusal.value.code == "attachment.unknown"


def test_who_neither_patrols_nor_commands_sends_nothing(
    session: Session, county: County, store: Store
) -> None:
    for username in ("auditor", "gis", "admin"):
        with pytest.raises(Forbidden):
            Device(session, county, store, username).announce(photo())


def test_too_many_unfinished(device: Device) -> None:
    for number in range(MOST_UNFINISHED):
        device.announce(Photo(str(number).encode()))
    error = refused(device.announce, photo())
    assert error.code == "attachment.too_many"
    assert device.announce(Photo(b"7")).state == "uploading"  # the same again is no other


def test_each_step_that_counts_is_on_the_ledger(device: Device, session: Session) -> None:
    device.bring(photo())
    tags = session.scalars(sa.select(AuditEntry.tag).where(AuditEntry.tag.like("attachment:%")))
    assert list(tags) == ["attachment:accept"]


# --- what they belong to


def test_it_belongs_before_it_is_here(device: Device, session: Session) -> None:
    what = photo()
    service.link(session, device.actor, "task", 7, [what.sha256])
    service.link(session, device.actor, "task", 7, [what.sha256])  # again is no second
    (card,) = queries.of_subject(session, "task", 7)
    assert (card.state, card.media_type, card.received) == ("on_its_way", None, 0)
    device.announce(what, taken_at=dt.datetime(2026, 3, 10, tzinfo=dt.UTC), lon=118.4, lat=29.1)
    device.send(what, 0, what.content[:PIECE])
    (card,) = queries.of_subject(session, "task", 7)
    assert (card.state, card.received) == ("on_its_way", PIECE)
    assert card.to_json()["taken_at"] == "2026-03-10T00:00:00+00:00"
    assert (card.lon, card.lat) == (118.4, 29.1)
    with pytest.raises(NotFound) as refusal:
        queries.content_of(session, "task", 7, what.sha256)
    assert refusal.value.code == "attachment.on_its_way"
    device.bring(what)
    assert queries.content_of(session, "task", 7, what.sha256).media_type == "image/jpeg"


def test_to_name_another_ones_photo_shows_nothing(
    device: Device, other: Device, session: Session
) -> None:
    what = photo()
    device.bring(what)
    service.link(session, other.actor, "task", 8, [what.sha256])
    with pytest.raises(NotFound):
        queries.content_of(session, "task", 8, what.sha256)
    with pytest.raises(NotFound):
        queries.content_of(session, "task", 9, what.sha256)


def test_of_two_who_bring_it_the_farther_counts(
    device: Device, other: Device, session: Session
) -> None:
    what = photo()
    service.link(session, device.actor, "task", 7, [what.sha256])
    service.link(session, other.actor, "task", 7, [what.sha256])
    other.bring(what)
    (card,) = queries.of_subject(session, "task", 7)
    assert card.state == "complete"
    assert queries.of_subjects(session, "task", []) == {}


# --- the sweep


def test_the_sweep_leaves_another_database_s_folder_alone(
    device: Device, session: Session, store: Store, clock: SetClock
) -> None:
    """A worker was started on one database with the folder of another."""
    store.claim(uuid.uuid4())
    device.bring(photo())
    clock.advance(KEPT + dt.timedelta(seconds=1))
    assert swept(session, store) == (1, 0)
    assert files(store) == {photo().sha256}
    store.disown()  # as a restore does; the next upload makes it this database's
    device.bring(photo(1))
    assert swept(session, store) == (0, 1)
    assert files(store) == {photo(1).sha256}


def swept(session: Session, store: Store) -> tuple[int, int]:
    return sweep.forget_rows(session, 100), sweep.remove_files(session, store, 100)


def test_the_sweep_leaves_what_is_young_or_belongs_somewhere(
    device: Device, session: Session, store: Store, clock: SetClock
) -> None:
    linked, young, begun = photo(1), photo(2), photo(3)
    device.bring(linked)
    service.link(session, device.actor, "task", 7, [linked.sha256])
    clock.advance(KEPT)
    device.bring(young)
    device.announce(begun)
    device.send(begun, 0, begun.content[:PIECE])
    assert swept(session, store) == (0, 0)
    assert files(store) == {linked.sha256, young.sha256}


def test_the_sweep_takes_what_nobody_finished_or_refers_to(
    device: Device, session: Session, store: Store, clock: SetClock
) -> None:
    device.bring(photo(1))
    device.announce(photo(2))
    device.send(photo(2), 0, photo(2).content[:PIECE])
    service.link(session, device.actor, "task", 7, [photo(2).sha256])
    clock.advance(KEPT + dt.timedelta(seconds=1))
    assert swept(session, store) == (2, 2)
    assert (files(store), list(store.uploads())) == (set(), [])
    assert session.scalars(sa.select(AttachmentLink)).one()  # the report still names it
    assert device.bring(photo(2)).state == "complete"  # late, and not too late


def test_the_sweep_takes_files_that_no_row_speaks_of(
    device: Device, session: Session, store: Store
) -> None:
    what = photo()
    device.send_all(what)
    row = session.scalars(sa.select(Attachment)).one()
    store.write(Upload(row.id, row.attempt + 1), 0, b"of another attempt")
    store.write(Upload(row.id + 1, 1), 0, b"of another upload")
    store.write(Upload(99, 1), 0, b"x")
    (store.content("f" * 64).parent).mkdir()
    foreign = store.content("f" * 64).with_suffix(".restoring")
    foreign.touch()
    store.keep(Upload(99, 1), "f" * 64)
    assert swept(session, store) == (0, 3)
    assert foreign.exists()
    assert list(store.uploads()) == [Upload(row.id, row.attempt)]
    assert device.check(what).state == "complete"


def test_a_content_that_two_brought_stays_for_the_other(
    device: Device, other: Device, session: Session, store: Store, clock: SetClock
) -> None:
    what = photo()
    device.bring(what)
    other.bring(what)
    service.link(session, other.actor, "task", 7, [what.sha256])
    clock.advance(KEPT + dt.timedelta(seconds=1))
    assert swept(session, store) == (1, 0)
    assert files(store) == {what.sha256}


def test_no_sweep_takes_more_than_its_share(
    device: Device, session: Session, store: Store, clock: SetClock
) -> None:
    for shade in range(3):
        device.bring(photo(shade))
    clock.advance(KEPT + dt.timedelta(seconds=1))
    assert [sweep.forget_rows(session, 2), sweep.forget_rows(session, 2)] == [2, 1]
    taken = [sweep.remove_files(session, store, 2), sweep.remove_files(session, store, 2)]
    assert (taken, files(store)) == ([2, 1], set())


def test_the_worker_sweeps_the_installation_s_folder(
    device: Device, session: Session, store: Store, tmp_path: Path, clock: SetClock
) -> None:
    device.bring(photo())
    clock.advance(KEPT + dt.timedelta(seconds=1))
    chores = worker.hourly_chores(from_environment({"GRIDSERVER_VAR": str(tmp_path)}))
    assert [chores[name](session, 100) for name in ("forget_uploads", "remove_files")] == [1, 1]
    assert files(store) == set()
