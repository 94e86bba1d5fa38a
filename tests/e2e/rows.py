"""The rows behind the pages: what figures, queues and reports must say, asked by SQL of our own.

Nothing here goes through the code that the pages are made by.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Row

#: The bureau's own days and hours.
ZONE = "Asia/Shanghai"

#: Of each open task the offer that was made last counts, with the time until which it is to be
#: signed: from the receipt on a device, where one had it before the next step was told.
_QUEUES = """
    WITH latest AS (
        SELECT DISTINCT ON (offer.task_id) offer.task_id, offer.step,
            offer.kind IN ('station_room', 'bureau_room')
                AND (offer.step = 1 OR offer.because->>'code' = offer.kind || '.returned')
                AS is_rooms,
            CASE WHEN receipt.at IS NULL OR receipt.at > offer.escalated_at THEN offer.deadline
                ELSE greatest(offer.deadline, receipt.at + offer.sign_within_s * interval '1 s')
            END AS due
        FROM offer LEFT JOIN LATERAL (
            SELECT min(r.at) AS at FROM inbox_message m
            JOIN inbox_receipt r ON r.recipient = m.recipient AND r.seq >= m.seq
            WHERE m.id = offer.message_id
        ) AS receipt ON true
        WHERE offer.outcome IS NULL
        ORDER BY offer.task_id, offer.id DESC
    ), tick AS (
        -- The board looks at its clock every ten seconds.
        SELECT to_timestamp(floor(extract(epoch FROM now()) / 10) * 10) AS at
    ), placed AS (
        SELECT CASE
            WHEN task.state = 'handed_over' AND hand_over.answer IS NULL THEN 'handed_over'
            WHEN task.ended_at IS NOT NULL THEN 'ended'
            WHEN task.state = 'reported' THEN 'review'
            WHEN task.state <> 'assigned' THEN 'under_way'
            WHEN latest.task_id IS NULL OR latest.is_rooms THEN 'no_owner'
            WHEN latest.step = 1 AND incident.reported_at > tick.at - interval '2 min'
                AND coalesce(latest.due >= tick.at, true) THEN 'new'
            ELSE 'unsigned' END AS queue, task.updated_at
        FROM tick, task JOIN incident ON incident.id = task.incident_id
            LEFT JOIN hand_over ON hand_over.task_id = task.id
            LEFT JOIN latest ON latest.task_id = task.id
    )
    SELECT queue, count(*) FROM placed
    WHERE queue <> 'ended' OR updated_at >= date_trunc('day', now())
    GROUP BY queue
"""

_DAY = """
    SELECT
        count(*) FILTER (WHERE state = 'assigned') AS assigned,
        count(*) FILTER (WHERE state = 'assigned' AND EXISTS (
            SELECT FROM offer WHERE task_id = task.id AND outcome IS NULL AND deadline < now()
        )) AS overdue,
        count(*) FILTER (WHERE state = 'signed') AS signed,
        count(*) FILTER (WHERE state = 'en_route') AS en_route,
        count(*) FILTER (WHERE state = 'on_scene') AS on_scene,
        count(*) FILTER (WHERE state = 'reported') AS reported,
        count(*) FILTER (WHERE ended_at IS NULL AND NOT EXISTS (
            SELECT FROM ownership
            WHERE ownership.cell_code = incident.cell_code AND valid @> incident.reported_at
        )) AS unowned,
        count(*) FILTER (WHERE reported_at >= midnight) AS received,
        count(*) FILTER (WHERE state = 'closed' AND ended_at >= midnight) AS closed,
        count(*) FILTER (WHERE state = 'handed_over' AND ended_at >= midnight) AS handed_over
    FROM date_trunc('day', now()) AS midnight, task
        JOIN incident ON incident.id = task.incident_id
"""

#: When each of today's calls was first signed, reached and closed: an officer's step at their own
#: device's time put right by what its clock was off, and never later than the server heard of it.
_MEDIANS = """
    WITH step AS (
        SELECT task_id,
            min(moment) FILTER (WHERE verb = 'sign') AS signed,
            min(moment) FILTER (WHERE verb = 'arrive') AS arrived,
            min(at) FILTER (WHERE verb = 'close') AS closed
        FROM task_event, LATERAL (
            SELECT CASE WHEN clock_offset_s IS NULL THEN at
                ELSE least(at, occurred_at + clock_offset_s * interval '1 s') END AS moment
        ) AS corrected
        WHERE NOT late GROUP BY task_id
    ), took AS (
        SELECT
            CASE WHEN signed > reported_at THEN extract(epoch FROM signed - reported_at)
                WHEN signed IS NOT NULL THEN 0 END AS to_sign,
            CASE WHEN arrived > reported_at THEN extract(epoch FROM arrived - reported_at)
                WHEN arrived IS NOT NULL THEN 0 END AS response,
            CASE WHEN closed > reported_at THEN extract(epoch FROM closed - reported_at)
                WHEN closed IS NOT NULL THEN 0 END AS whole
        FROM incident JOIN task ON task.incident_id = incident.id
            LEFT JOIN step ON step.task_id = task.id
        WHERE incident.reported_at >= date_trunc('day', now())
    )
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY to_sign) AS to_sign,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY response) AS response,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY whole) AS whole
    FROM took
"""

_HOURS = """
    SELECT extract(hour FROM reported_at)::int AS hour, count(*)
    FROM incident JOIN task ON task.incident_id = incident.id
    WHERE reported_at >= date_trunc('day', now()) + :days * interval '1 day'
        AND reported_at < date_trunc('day', now()) + (:days + 1) * interval '1 day'
    GROUP BY hour
"""

_PRIORITIES = """
    SELECT priority, count(*) FROM incident JOIN task ON task.incident_id = incident.id
    WHERE reported_at >= date_trunc('day', now()) GROUP BY priority
"""

_CLASSES = """
    SELECT kind.broad_class, count(*) FROM incident JOIN task ON task.incident_id = incident.id
    JOIN category_row AS kind ON kind.code = incident.category AND kind.withdrawn_at IS NULL
        AND kind.valid @> least(incident.reported_at, incident.received_at)
    WHERE reported_at >= date_trunc('day', now())
    GROUP BY kind.broad_class ORDER BY count(*) DESC
"""

#: How long it took until somebody was there: of all calls of thirty days, and by station.
_RESPONSES = """
    WITH arrived AS (
        SELECT task_id, min(CASE WHEN clock_offset_s IS NULL THEN at
            ELSE least(at, occurred_at + clock_offset_s * interval '1 s') END) AS at
        FROM task_event WHERE verb = 'arrive' AND NOT late GROUP BY task_id
    ), took AS (
        SELECT unit.code, CASE WHEN arrived.at > reported_at
            THEN extract(epoch FROM arrived.at - reported_at)
            WHEN arrived.at IS NOT NULL THEN 0 END AS seconds
        FROM incident JOIN task ON task.incident_id = incident.id
            JOIN unit ON unit.id = incident.unit_id
            LEFT JOIN arrived ON arrived.task_id = task.id
    )
    SELECT coalesce(code, 'all') AS key, count(*) AS calls, count(seconds) AS reached,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
    FROM took GROUP BY GROUPING SETS ((code), ())
"""

_UNOWNED_CELLS = """
    SELECT count(*) FROM cell JOIN grid_version ON grid_version.id = cell.version_id
    WHERE grid_version.valid @> now() AND NOT EXISTS (
        SELECT FROM ownership WHERE cell_code = cell.code AND valid @> now() AND role = 'primary'
    )
"""

_OFFICERS = """
    SELECT officer.service_number AS who,
        (SELECT count(DISTINCT task_id) FROM task_event
         WHERE verb = 'sign' AND NOT late AND actor_account_id = officer.account_id) AS signed,
        (SELECT count(*) FROM task WHERE assignee_account_id = officer.account_id
         AND state IN ('signed', 'en_route', 'on_scene')) AS open
    FROM officer JOIN account ON account.id = officer.account_id
    WHERE officer.kind = 'officer' AND account.disabled_at IS NULL
"""

#: What a room's watch hands over, as it stood at a moment: offers may have come and gone since.
_WATCH = """
    WITH stood AS (
        SELECT DISTINCT ON (task_id) task_id,
            kind IN ('station_room', 'bureau_room')
                AND (step = 1 OR because->>'code' = kind || '.returned') AS is_rooms
        FROM offer
        WHERE told_at <= :at AND (ended_at IS NULL OR ended_at > :at)
        ORDER BY task_id, id DESC
    )
    SELECT
        count(*) FILTER (WHERE reported_at >= :since AND reported_at < :until) AS came,
        count(*) FILTER (WHERE state = 'assigned' AND coalesce(is_rooms, true)) AS no_owner,
        count(*) FILTER (WHERE state = 'assigned') AS unsigned,
        count(*) FILTER (WHERE state = 'assigned' AND EXISTS (
            SELECT FROM offer WHERE offer.task_id = task.id AND told_at <= :at
            AND (ended_at IS NULL OR ended_at > :at) AND deadline < :at
        )) AS overdue,
        count(*) FILTER (WHERE state IN ('signed', 'en_route', 'on_scene')) AS without_feedback,
        count(*) FILTER (WHERE state = 'reported') AS to_review,
        count(*) FILTER (WHERE state = 'handed_over' AND hand_over.answer IS NULL) AS handed_over,
        (SELECT count(*) FROM task_event WHERE verb = 'call_support' AND NOT late
         AND at >= :since AND at < :until) AS support,
        (SELECT count(*) FROM alarm_silence WHERE at >= :since AND at < :until) AS silenced
    FROM task JOIN incident ON incident.id = task.incident_id
        LEFT JOIN stood ON stood.task_id = task.id
        LEFT JOIN hand_over ON hand_over.task_id = task.id
"""


class Rows:
    """A served county's database, to read."""

    def __init__(self, url: URL) -> None:
        own = {"options": f"-c timezone={ZONE}"}
        self._engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=own)

    def all(self, sql: str, **asked: Any) -> list[Row]:
        with self._engine.connect() as connection:
            return list(connection.execute(sa.text(sql), asked))

    def one(self, sql: str, **asked: Any) -> Any:
        """Return the first value of the only row."""
        (row,) = self.all(sql, **asked)
        return row[0]

    # --- tasks

    def latest(self) -> tuple[int, int]:
        """Return the task and the number of the incident that came last."""
        (row,) = self.all(
            "SELECT task.id, incident.number FROM task JOIN incident ON "
            "incident.id = task.incident_id ORDER BY task.id DESC LIMIT 1"
        )
        return row.id, row.number

    def state(self, task: int) -> str:
        return self.one("SELECT state FROM task WHERE id = :task", task=task)

    def holder(self, task: int) -> str:
        """Return who signed, else the first who may sign."""
        return self.one(
            "SELECT account.username FROM task LEFT JOIN offer ON offer.task_id = task.id "
            "AND offer.outcome IS NULL AND task.assignee_account_id IS NULL "
            "JOIN account ON account.id = coalesce(task.assignee_account_id, offer.recipient) "
            "WHERE task.id = :task ORDER BY offer.id LIMIT 1",
            task=task,
        )

    def steps_done(self, task: int) -> int:
        """Return how far on its way to the report a task is."""
        return ("assigned", "signed", "en_route", "on_scene", "reported").index(self.state(task))

    # --- what the pages must say

    def queues(self) -> dict[str, int]:
        """Return how many tasks stand in each of the board's lists; those without any aside."""
        return {row.queue: row.count for row in self.all(_QUEUES)}

    def day(self) -> dict[str, int]:
        """Return the counts of the day."""
        (row,) = self.all(_DAY)
        return dict(row._mapping)

    def medians(self) -> Mapping[str, float]:
        """Return the day's medians in seconds."""
        (row,) = self.all(_MEDIANS)
        return {name: float(seconds) for name, seconds in row._mapping.items()}

    def hours(self, days: int) -> dict[int, int]:
        """Return the calls of a day by their hour: 0 is today, -1 yesterday."""
        return {row.hour: row.count for row in self.all(_HOURS, days=days)}

    def priorities(self) -> dict[int, int]:
        """Return today's calls by their priority."""
        return {row.priority: row.count for row in self.all(_PRIORITIES)}

    def classes(self) -> list[int]:
        """Return today's calls of each class that has any, the most first."""
        return [row.count for row in self.all(_CLASSES)]

    def officers(self) -> dict[str, tuple[int, int]]:
        """Return how many tasks each officer signed, and how many they are at."""
        return {row.who: (row.signed, row.open) for row in self.all(_OFFICERS)}

    def responses(self) -> dict[str, tuple[int, int, float, float]]:
        """Return by station, and of ``all``: calls, how many were reached, P50 and P90 in s."""
        return {row.key: (row.calls, row.reached, row.p50, row.p90) for row in self.all(_RESPONSES)}

    def unowned_cells(self) -> int:
        """Return how many cells in force nobody answers for."""
        return self.one(_UNOWNED_CELLS)

    def watch(self, since: dt.datetime, until: dt.datetime, at: dt.datetime) -> dict[str, int]:
        """Return what the bureau's watch hands over; the voids of the roster aside."""
        (row,) = self.all(_WATCH, since=since, until=until, at=at)
        return dict(row._mapping)
