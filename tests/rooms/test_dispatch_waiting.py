"""What is overdue and what is without owner is the same on the card, in lists, in figures and in a
watch's report."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from gridserver.base.clock import SetClock, now
from gridserver.dispatch import dossier, escalation, listing, queries, waiting
from gridserver.dispatch.listing import Wanted
from gridserver.dispatch.models import Task
from gridserver.indicators import behind, day
from gridserver.journals import watch
from gridserver.org import queries as org
from tests.county import County
from tests.rooms.dispatching import (
    BUREAU_ROOM,
    PRIMARY,
    STATION_ROOM,
    a_report,
    bring_to,
    minutes,
    say,
    take,
)

SECOND = dt.timedelta(seconds=1)
OUTSIDE = (118.2, 29.4)


def compare(session: Session, county: County) -> tuple[set[int], set[int]]:
    """Return the tasks that are overdue and those without owner, as everybody says."""
    actor, at = county.principal(BUREAU_ROOM), now(session)
    every = dossier.load(session, session.scalars(select(Task).order_by(Task.id)).all())
    cards = queries.command_snapshot(session, actor)["tasks"]
    froms = {card["id"]: card["overdue_from"] for card in cards}
    overdue = {
        id_ for id_, since in froms.items() if since and dt.datetime.fromisoformat(since) < at
    }
    unowned = {card["id"] for card in cards if card["unowned"]}

    def chosen(condition: ColumnElement[bool]) -> set[int]:
        return set(session.scalars(select(Task.id).where(condition)))

    def listed(figure: str) -> set[int]:
        return {row.task_id for row in behind.of_day(session, actor, figure, limit=100)[1]}

    assert {each.task.id for each in every if waiting.is_unowned(each)} == unowned
    assert chosen(waiting.unowned()) == listed("unowned") == unowned
    late = listing.page(session, actor, Wanted(is_overdue=True), limit=100)
    assert chosen(waiting.overdue_at(at)) == {each.task.id for each in late} == overdue
    assert listed("overdue") == overdue
    parts = watch.report(session, org.bureau(session), at - minutes(1), at)["parts"]
    task_of = {each.incident.id: each.task.id for each in every}
    for part, tasks in (("overdue", overdue), ("no_owner", unowned)):
        assert {task_of[row["incident"]] for row in parts[part]["items"]} == tasks, part
    standing = day.day(session, actor).standing
    assert (standing.overdue, standing.unowned) == (len(overdue), len(unowned))
    return overdue, unowned


def test_all_say_the_same_of_every_task_at_every_time(
    session: Session, county: County, clock: SetClock
) -> None:
    waits, signed, returned, given = (take(session, county).task.id for _ in range(4))
    outside = take(session, county, a_report(OUTSIDE)).task.id
    closed = take(session, county).task.id
    bring_to(session, county, closed, "closed")
    assert compare(session, county) == (set(), {outside})
    say(session, county, PRIMARY, signed, "sign")
    say(session, county, PRIMARY, returned, "sign")
    say(session, county, PRIMARY, returned, "return")
    say(session, county, STATION_ROOM, given, "reassign", {"to": PRIMARY})
    assert compare(session, county) == (set(), {outside, returned})
    seen: set[tuple[frozenset[int], frozenset[int]]] = set()
    for _ in range(12):
        (task,) = dossier.load(session, [session.get_one(Task, waits)])
        deadlines = [task.deadline(each) for each in task.open_offers]
        following = min((each for each in deadlines if each and each >= now(session)), default=None)
        clock.set(following or now(session) + minutes(10))
        for _ in range(3):  # to its very end, past it, and once the next was told
            overdue, unowned = compare(session, county)
            seen.add((frozenset(overdue), frozenset(unowned)))
            clock.advance(SECOND)
        escalation.escalate_due(session)
    assert waits in overdue, "told to everybody, and signed by nobody"
    assert waits not in unowned, "a room that comes last follows officers"
    assert len({late for late, _ in seen}) > 1
    say(session, county, STATION_ROOM, waits, "sign")
    overdue, unowned = compare(session, county)
    assert waits not in overdue | unowned
