"""The bureau's tables: a change closes a row and opens another, and says who and why."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from gridserver.audit.models import AuditEntry
from gridserver.base.effective import key_of
from gridserver.base.errors import Conflict, Forbidden, GridserverError, Invalid, NotFound
from gridserver.dispatch.tables import queries, service
from gridserver.dispatch.tables.changes import Change
from gridserver.dispatch.tables.columns import PARAMETERS, TABLES
from gridserver.incidents import queries as incidents
from tests.conftest import MORNING
from tests.rooms.dispatching import a_report, take

STATION = "33082401"
DAY = dt.timedelta(days=1)


@pytest.fixture
def say(session, county):
    """Change one row as the admin, and return whether that made a difference."""

    def change(table, key, values, since=None, who="admin"):
        actor = county.principal(who)
        given = [Change(table, key, values)]
        return bool(service.change(session, actor, given, why="局务会决定", since=since))

    return change


def route(kind, **fields):
    return {"kind": kind, "unit": None, "agency": None} | fields


def kind_at(session, at, category="dispute", station=STATION):
    return queries.norms(queries.book(session), at, category, station).route.kind


OWN = {"scope": STATION, "category": "dispute"}
BUREAUS = {"scope": "bureau", "category": "dispute"}


def test_the_tables_are_keyed_as_they_are_constrained():
    for name, table in TABLES.items():
        assert tuple(column.name for column in table.key) == key_of(queries.MODELS[name])
        assert set(TABLES) | {"mobilisation"} == set(queries.MODELS)


def test_every_parameter_has_a_row_that_its_own_column_takes(session, county):
    rows = queries.rows(session, "parameter", MORNING)
    assert {row.key["name"] for row in rows} == set(PARAMETERS)
    given = [Change("parameter", row.key, row.values) for row in rows]
    assert service.change(session, county.principal("admin"), given, why="as it was") == []


def test_a_change_holds_from_now_and_what_was_stays(session, county, say, clock):
    clock.advance(DAY)
    assert say("route", BUREAUS, route("command"))
    assert kind_at(session, MORNING) == "community"
    assert kind_at(session, clock.now()) == "command"
    first, second = reversed(queries.history(session, "route", BUREAUS, before=None, limit=9))
    assert (first.valid_from, first.valid_to, first.by) == (None, clock.now(), None)
    assert (second.valid_from, second.valid_to, second.why) == (clock.now(), None, "局务会决定")
    assert second.by is not None and second.by.username == "admin"


def test_the_same_again_writes_nothing(session, county, say):
    assert say("route", OWN, route("command"))
    before = queries.tag(session, "route")
    assert not say("route", OWN, route("command"))
    assert queries.tag(session, "route") == before


def test_a_planned_change_waits_and_can_be_taken_back(session, county, say, clock):
    begins = MORNING + 7 * DAY
    say("route", OWN, route("case"))
    say("route", OWN, route("command"), since=begins)
    assert kind_at(session, MORNING) == "case"
    assert kind_at(session, begins) == "command"
    (planned,) = [row for row in queries.rows(session, "route", MORNING) if row.key == OWN][1:]
    assert planned.valid_from == begins
    tag = queries.tag(session, "route")
    service.take_back(session, county.principal("admin"), "route", planned.id, why="缓行")
    assert kind_at(session, begins) == "case"
    assert queries.tag(session, "route") != tag
    (latest, *_) = queries.history(session, "route", OWN, before=None, limit=9)
    assert latest.id == planned.id and latest.withdrawn_at == clock.now()


def test_what_holds_can_not_be_taken_back(session, county, say):
    say("route", OWN, route("case"))
    row = queries.history(session, "route", OWN, before=None, limit=1)[0]
    for row_id in (row.id, 10**9):
        with pytest.raises(Conflict) as refusal:
            service.take_back(session, county.principal("admin"), "route", row_id, why="缓行")
        assert refusal.value.code == "effective.not_planned"


def test_a_change_ends_where_the_next_is_planned(session, county, say):
    begins = MORNING + 7 * DAY
    say("route", OWN, route("command"), since=begins)
    say("route", OWN, route("case"))
    assert kind_at(session, begins - dt.timedelta(seconds=1)) == "case"
    assert kind_at(session, begins) == "command"


def test_a_planned_change_is_replaced_by_another_for_the_same_moment(session, county, say):
    begins = MORNING + 7 * DAY
    say("route", OWN, route("command"), since=begins)
    say("route", OWN, route("case"), since=begins)
    assert kind_at(session, begins) == "case"
    assert kind_at(session, MORNING) == "community"


def test_a_station_s_row_is_taken_away(session, county, say, clock):
    say("route", OWN, route("command"))
    clock.advance(DAY)
    assert say("route", OWN, None)
    assert kind_at(session, MORNING) == "command"
    assert kind_at(session, clock.now()) == "community"
    assert not say("route", OWN, None)


def test_the_ledger_names_who_and_why(session, county, say):
    say("sign_limit", {"scope": STATION, "priority": 1}, {"seconds": 90})
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.tag, entry.subject_kind, entry.subject_id) == (
        "norms:change",
        "sign_limit",
        f"{STATION}/1",
    )
    assert entry.purpose == "局务会决定"
    assert entry.actor_account_id == county.accounts["admin"]
    assert queries.norms(queries.book(session), MORNING, "help", STATION).sign_limits_s[1] == 90
    assert queries.norms(queries.book(session), MORNING, "help", "33082402").sign_limits_s[1] == 60


@pytest.mark.parametrize("who", ["command", "gis", "auditor", "room-33082401", "330824001"])
def test_only_an_admin_changes_the_tables(session, county, say, who):
    with pytest.raises(Forbidden):
        say("route", OWN, route("command"), who=who)


REFUSED = [
    ("route", OWN, route("hand_over"), "norms.agency", "agency"),
    ("route", OWN, route("command", agency="12345"), "norms.agency", "agency"),
    ("route", OWN, route("specialist"), "norms.unit", "unit"),
    ("route", OWN, route("community", unit=STATION), "norms.unit", "unit"),
    ("route", OWN, route("specialist", unit="nowhere"), "norms.unknown_unit", "unit"),
    ("route", OWN, route("walk"), "input.choice", "kind"),
    ("route", OWN, {"unit": None, "agency": None}, "input.missing", "kind"),
    ("route", OWN | {"category": "murder"}, route("case"), "norms.unknown_category", "category"),
    ("route", OWN | {"scope": "33082499"}, route("case"), "norms.unknown_scope", "scope"),
    ("route", OWN | {"scope": "330824"}, route("case"), "norms.unknown_scope", "scope"),
    ("route", OWN | {"colour": "red"}, route("case"), "input.unknown_field", "colour"),
    ("route", BUREAUS, None, "norms.needed", "values"),
    ("parameter", {"name": "day_from"}, None, "norms.needed", "values"),
    ("parameter", {"name": "day_from"}, {"value": "17:30"}, "norms.hours", "day_from"),
    ("parameter", {"name": "day_from"}, {"value": "8h"}, "input.not_time", "value"),
    ("parameter", {"name": "three_or_more"}, {"value": 2.5}, "input.number", "value"),
    ("parameter", {"name": "three_or_more"}, {"value": None}, "input.missing", "value"),
    ("parameter", {"name": "three_or_more_unit"}, {"value": "X"}, "norms.unknown_unit", "value"),
    ("parameter", {"name": "nothing"}, {"value": 1}, "input.choice", "name"),
    ("sign_limit", {"scope": STATION, "priority": 5}, {"seconds": 9}, "input.number", "priority"),
    ("sign_limit", {"scope": STATION, "priority": 1}, {"seconds": 0}, "input.number", "seconds"),
    ("weather", {}, {}, "norms.unknown_table", "table"),
]
LADDER = {"scope": STATION, "route": "case", "hours": "day"}
REFUSED += [
    ("ladder", LADDER, {"rungs": rungs}, "input.choice", "rungs")
    for rungs in ([], ["case_team", "case_team"], ["bureau_room"], "case_team", [1])
]


@pytest.mark.parametrize(("table", "key", "values", "code", "field"), REFUSED)
def test_what_makes_no_sense_is_refused(session, county, say, table, key, values, code, field):
    with pytest.raises(GridserverError) as refusal:
        say(table, key, values)
    assert (refusal.value.code, refusal.value.field) == (code, field)


def test_the_past_is_not_changed(session, county, say):
    with pytest.raises(Invalid) as refusal:
        say("route", OWN, route("case"), since=MORNING - dt.timedelta(seconds=1))
    assert (refusal.value.code, refusal.value.field) == ("norms.in_the_past", "from")


def test_a_reason_is_needed(session, county):
    with pytest.raises(Invalid) as refusal:
        service.change(
            session, county.principal("admin"), [Change("route", OWN, route("case"))], why=" "
        )
    assert refusal.value.field == "why"


def test_two_parameters_change_together(session, county):
    later = [
        Change("parameter", {"name": "day_from"}, {"value": "18:00"}),
        Change("parameter", {"name": "day_to"}, {"value": "23:00"}),
    ]
    service.change(session, county.principal("admin"), later, why="夏令")
    hours = queries.parameters(session, MORNING)
    assert (hours.day_from, hours.day_to) == (dt.time(18), dt.time(23))


def category(parent=None, broad_class="criminal", **fields):
    names = {"name_zh": "盗窃", "name_en": "Theft", "priority": 3, "position": 100}
    return {"parent": parent, "broad_class": broad_class} | names | fields


def codes(*pairs):
    return [Change("category", {"code": code}, values) for code, values in pairs]


def test_a_code_table_comes_at_once_in_any_order(session, county):
    given = codes(
        ("01010101", category("010101")),
        ("01", category("criminal")),
        ("010101", category("0101")),
        ("0101", category("01")),
    )
    assert len(service.change(session, county.principal("admin"), given, why="标准代码")) == 4
    before = MORNING - 400 * DAY
    assert incidents.category(session, "01010101", before).broad_class == "criminal"
    assert queries.norms(queries.book(session), MORNING, "01010101").route.category == "criminal"


def test_a_category_can_be_planned(session, county, say):
    say("category", {"code": "01"}, category(), since=MORNING + DAY)
    assert "01" not in {row.code for row in incidents.categories(session, MORNING)}
    with pytest.raises(Invalid):
        incidents.category(session, "01", MORNING)
    assert incidents.category(session, "01", MORNING + DAY).name_zh == "盗窃"


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("01", category("09"))], "category.no_parent"),
        ([("01", category("traffic"))], "category.broad_class"),
        ([("01", category("01"))], "category.too_deep"),
        ([("01", category("02")), ("02", category("01"))], "category.too_deep"),
        (
            [("1", category())] + [(f"{n + 1}", category(f"{n}")) for n in range(1, 5)],
            "category.too_deep",
        ),
    ],
)
def test_categories_are_a_tree_of_four_levels(session, county, pairs, code):
    with pytest.raises(GridserverError) as refusal:
        service.change(session, county.principal("admin"), codes(*pairs), why="标准代码")
    assert refusal.value.code.replace("norms.unknown_category", "category.no_parent") == code


def test_a_category_with_others_below_it_stays(session, county, say):
    say("category", {"code": "01"}, category())
    say("category", {"code": "0101"}, category("01"))
    with pytest.raises(Invalid) as refusal:
        say("category", {"code": "01"}, None)
    assert refusal.value.code == "category.no_parent"
    given = codes(("01", None), ("0101", None))
    assert len(service.change(session, county.principal("admin"), given, why="废止")) == 2


def test_a_broad_class_stays(session, county, say):
    with pytest.raises(Conflict) as refusal:
        say("category", {"code": "criminal"}, None)
    assert refusal.value.code == "norms.needed"


def test_a_renamed_category_keeps_its_name_on_older_incidents(session, county, say, clock):
    old = take(session, county, a_report()).incident
    clock.advance(DAY)
    say(
        "category",
        {"code": "dispute"},
        category(broad_class="dispute", name_zh="矛盾纠纷", name_en="Quarrel"),
    )
    new = take(session, county, a_report()).incident
    found = incidents.by_ids(session, [old.id, new.id])
    assert found[old.id].category.name_zh == "纠纷"
    assert found[new.id].category.name_zh == "矛盾纠纷"


def test_a_report_by_a_fast_clock_keeps_its_category(session, county, say, clock):
    say("category", {"code": "01"}, category())
    ahead = clock.now() + dt.timedelta(minutes=4)
    taken = take(session, county, a_report(category="01", reported_at=ahead)).incident
    clock.advance(dt.timedelta(minutes=2))
    say("category", {"code": "01"}, None)
    assert incidents.by_ids(session, [taken.id])[taken.id].category.name_zh == "盗窃"


def test_there_is_no_history_of_an_unknown_table(session, county):
    for ask in (
        lambda: queries.tag(session, "weather"),
        lambda: queries.rows(session, "weather", MORNING),
        lambda: queries.history(session, "weather", {}, before=None, limit=1),
    ):
        with pytest.raises(NotFound):
            ask()
