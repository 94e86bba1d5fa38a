"""Reports from other systems: translated, taken once, or kept as rejects until they can be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gridserver.audit.models import AuditEntry
from gridserver.base.errors import Conflict, Forbidden, Invalid, NotFound
from gridserver.dispatch.models import Task, TaskEvent
from gridserver.dispatch.service import Taken
from gridserver.exchange import mappings, rejects, service
from gridserver.exchange.models import Reject
from gridserver.exchange.service import Kept
from gridserver.incidents.models import Incident
from gridserver.partners.models import Partner
from tests.county import County
from tests.exchange import RULES, a_message, add_partner


@pytest.fixture
def source(session: Session, county: County) -> Partner:
    return add_partner(session, county, rules=RULES)


def send(session: Session, source: Partner, **changes: Any) -> Taken | Kept:
    return service.take(session, source, json.dumps(a_message(**changes), ensure_ascii=False))


def kept(session: Session, source: Partner, **changes: Any) -> Kept:
    outcome = send(session, source, **changes)
    assert isinstance(outcome, Kept)
    return outcome


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table))


def mend(session: Session, county: County, **changes: Any) -> None:
    mappings.put(session, county.principal("admin"), "110", RULES | changes, "mended")


# --- taking


def test_a_report_is_dispatched_like_any_other(session: Session, source: Partner) -> None:
    taken = send(session, source)
    assert isinstance(taken, Taken) and taken.created
    incident = taken.dossier.incident
    assert (incident.source, incident.external_id) == ("110", "A1")
    assert (incident.category.code, incident.description) == ("dispute", "两人争吵")
    assert incident.reported_at.isoformat() == "2026-03-10T01:29:00+00:00"
    assert taken.dossier.steps[0].who.username == "330824001"


def test_the_ledger_says_which_system_reported(session: Session, source: Partner) -> None:
    taken = send(session, source)
    actor = session.scalar(
        select(AuditEntry.actor_account_id).where(AuditEntry.tag == "incident:report")
    )
    first = session.scalar(
        select(TaskEvent.actor_account_id).where(TaskEvent.task_id == taken.dossier.task.id)
    )
    assert actor == first == source.account_id


def test_the_same_report_again_changes_nothing(session: Session, source: Partner) -> None:
    first, again = send(session, source), send(session, source)
    assert isinstance(again, Taken) and not again.created
    assert again.dossier.incident.id == first.dossier.incident.id
    assert (count(session, Incident), count(session, Task)) == (1, 1)


def test_without_a_mapping_everything_is_kept(session: Session, county: County) -> None:
    outcome = send(session, add_partner(session, county))
    assert isinstance(outcome, Kept)
    assert outcome.refusal.code == "exchange.no_mapping"


# --- rejects


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"bjlb": "9901"}, "incident.unknown_category", "category"),
        ({"jjdbh": None}, "exchange.missing", "external_id"),
        ({"wz": {"jd": "29.1", "wd": "118.4"}}, "coordinates.swapped", "lat"),
        ({"bjsj": "20270310092900"}, "incident.from_the_future", "reported_at"),
    ],
)
def test_what_cant_be_taken_is_kept_with_the_reason(
    session: Session, source: Partner, changes: dict[str, Any], code: str, field: str
) -> None:
    outcome = kept(session, source, **changes)
    reject = session.get_one(Reject, outcome.reject_id)
    assert (reject.code, reject.field, reject.state) == (code, field, "open")
    assert json.loads(reject.body) == a_message(**changes)
    assert (count(session, Incident), count(session, Task)) == (0, 0)


def test_a_changed_report_under_an_old_number_is_kept(session: Session, source: Partner) -> None:
    send(session, source)
    outcome = kept(session, source, bjnr="三人争吵")
    assert outcome.refusal.code == "incident.exists_differently"


def test_the_same_body_is_kept_once(session: Session, source: Partner) -> None:
    first, again = kept(session, source, bjlb="99"), kept(session, source, bjlb="99")
    assert first.reject_id == again.reject_id
    session.expire_all()
    assert session.get_one(Reject, first.reject_id).times == 2


def test_no_json_is_not_kept(session: Session, source: Partner) -> None:
    for body in ("", "{", "NaN", '{"a": Infinity}', "[" * 100_000):
        with pytest.raises(Invalid) as refusal:
            service.take(session, source, body)
        assert refusal.value.code == "exchange.no_json"
    assert count(session, Reject) == 0


def test_a_nul_in_a_text_is_kept_as_it_came(session: Session, source: Partner) -> None:
    outcome = kept(session, source, bjnr="a\0b")
    assert outcome.refusal.field == "description"


def test_mended_and_replayed(session: Session, county: County, source: Partner) -> None:
    admin = county.principal("admin")
    reject_id = kept(session, source, bjlb="0301").reject_id
    assert isinstance(service.replay(session, admin, reject_id), Kept)
    card = rejects.card_of(session, reject_id)
    assert (card.state, card.times) == ("open", 1)
    mend(session, county, categories={"03*": "help"})
    taken = service.replay(session, admin, reject_id)
    assert isinstance(taken, Taken) and taken.dossier.incident.category.code == "help"
    card, body = rejects.body(session, admin, reject_id)
    assert (card.state, card.incident_id, body) == ("taken", taken.dossier.incident.id, None)
    with pytest.raises(Conflict):
        service.replay(session, admin, reject_id)


def test_all_of_a_partner_are_replayed(session: Session, county: County, source: Partner) -> None:
    for number in ("A", "B"):
        kept(session, source, number=number, bjlb="0301")
    kept(session, source, number="C", bjlb="0401")
    mend(session, county, categories={"03*": "help"})
    admin = county.principal("admin")
    assert service.replay_all(session, admin, "110") == (2, 1)
    assert rejects.counts(session) == {"110": 1}
    assert [card.code for card in rejects.page(session, admin, state="open")] == [
        "incident.unknown_category"
    ]


def test_dismissed_and_wiped(session: Session, county: County, source: Partner) -> None:
    admin = county.principal("admin")
    reject_id = kept(session, source, bjlb="99").reject_id
    assert service.dismiss(session, admin, reject_id).state == "dismissed"
    assert rejects.body(session, admin, reject_id)[1] is None
    # It is sent once more, and still can't be taken: somebody should look again.
    assert kept(session, source, bjlb="99").reject_id == reject_id
    assert rejects.body(session, admin, reject_id)[0].state == "open"


def test_a_look_at_a_message_is_recorded(session: Session, county: County, source: Partner) -> None:
    reject_id = kept(session, source, bjlb="99").reject_id
    admin = county.principal("admin")
    rejects.body(session, admin, reject_id)
    looked = session.execute(
        select(AuditEntry.actor_account_id, AuditEntry.subject_id).where(
            AuditEntry.tag == "exchange:read_reject"
        )
    ).one()
    assert looked == (admin.account_id, str(reject_id))


def test_only_an_admin_sees_rejects(session: Session, county: County, source: Partner) -> None:
    reject_id = kept(session, source, bjlb="99").reject_id
    for username in ("command", "gis", "auditor", "330824001"):
        actor = county.principal(username)
        for look in (
            lambda actor=actor: rejects.page(session, actor, state="open"),
            lambda actor=actor: rejects.body(session, actor, reject_id),
            lambda actor=actor: service.replay(session, actor, reject_id),
            lambda actor=actor: service.dismiss(session, actor, reject_id),
            lambda actor=actor: service.replay_all(session, actor, "110"),
        ):
            with pytest.raises(Forbidden):
                look()
    with pytest.raises(NotFound):
        rejects.body(session, county.principal("admin"), 0)


# --- mappings


def test_versions_are_added_and_never_changed(
    session: Session, county: County, source: Partner
) -> None:
    admin = county.principal("admin")
    mend(session, county, crs="gcj02")
    found = mappings.history(session, admin, "110")
    assert [(v.version, v.rules.crs, v.remark) for v in found] == [
        (2, "gcj02", "mended"),
        (1, "EPSG:4326", None),
    ]
    assert found[0].by.username == "admin"
    assert mappings.in_force(session, source).crs == "gcj02"


def test_a_mapping_to_no_category_of_ours_is_refused(session: Session, county: County) -> None:
    add_partner(session, county)
    for changes in ({"categories": {"*": "weather"}}, {"constants": {"category": "weather"}}):
        with pytest.raises(Invalid) as refusal:
            mend(session, county, **changes)
        assert refusal.value.code == "incident.unknown_category"


def test_a_sample_is_previewed_and_nothing_written(
    session: Session, county: County, source: Partner
) -> None:
    admin = county.principal("admin")
    report = mappings.preview(session, admin, "110", RULES | {"crs": "gcj02"}, a_message())
    assert report.external_id == "A1" and report.crs == "gcj02"
    with pytest.raises(Invalid) as refusal:
        mappings.preview(session, admin, "110", RULES, a_message(bjlb="99"))
    assert refusal.value.code == "incident.unknown_category"
    assert (count(session, Incident), count(session, Reject)) == (0, 0)
    assert mappings.present(session, admin, "110").version == 1
