"""Where officers on duty are: the newest position of each, and the history of a month.

Positions are an observation and change nobody's rights, so there is no audit row for one. They may
be lost on the way; nothing else is decided by them than who is near.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import ARRAY, BigInteger, RowMapping, bindparam, text
from sqlalchemy.orm import Session

from gridserver.access.models import Account
from gridserver.access.rules import Principal, require
from gridserver.base.clock import now
from gridserver.base.errors import Forbidden, Invalid
from gridserver.force import position_days
from gridserver.force.models import Officer, OfficerPosition
from gridserver.force.rules import Position, check_position
from gridserver.org.models import Unit
from gridserver.org.queries import within

#: What one message may carry: an hour of positions at one in ten seconds.
MOST_POSITIONS = 360


@dataclass(frozen=True)
class Seen:
    """A position that an account's terminal told."""

    account_id: int
    position: Position


@dataclass(frozen=True)
class Newest:
    """A position that now stands as an officer's. `unit_path` says whose command rooms may see
    it."""

    account_id: int
    username: str
    display_name: str
    unit_path: str
    position: Position


def check_batch(positions: Sequence[Position], moment: dt.datetime) -> None:
    """Raise where one position of a batch can't be true at `moment`, or there are too many.

    Raises
    ------
    Invalid
        ``position.too_many``, or as `check_position` does, naming the position.
    CoordinateError
        Longitude or latitude that isn't finite, in range, or in this order.
    """
    if len(positions) > MOST_POSITIONS:
        raise Invalid(
            "position.too_many", f"Send at most {MOST_POSITIONS} at once.", field="positions"
        )
    for index, position in enumerate(positions):
        check_position(position, moment, f"positions[{index}]")


def require_officer(session: Session, actor: Principal) -> None:
    """Raise `Forbidden` (``position.no_officer``) for an account that belongs to no officer."""
    if not session.scalar(sa.select(sa.exists().where(Officer.account_id == actor.account_id))):
        raise Forbidden(
            "position.no_officer", f"The account {actor.username} belongs to no officer."
        )


def newest(session: Session, actor: Principal) -> list[Newest]:
    """Return where the officers whom `actor` may see were last, by username.

    Raises
    ------
    Forbidden
        ``access.forbidden``.
    """
    require(actor, "force.read")
    seen = sa.select(
        Officer.account_id,
        Account.username,
        Account.display_name,
        Unit.path.label("unit_path"),
        ST_X(OfficerPosition.point).label("lon"),
        ST_Y(OfficerPosition.point).label("lat"),
        OfficerPosition.at,
        OfficerPosition.accuracy_m,
        OfficerPosition.heading,
        OfficerPosition.speed_mps,
        OfficerPosition.battery,
    )
    seen = (
        seen.join(Officer, Officer.id == OfficerPosition.officer_id)
        .join(Account, Account.id == Officer.account_id)
        .join(Unit, Unit.id == Officer.unit_id)
        .where(within(actor.paths("force.read")))
        .order_by(Account.username)
    )
    return [_newest(row) for row in session.execute(seen).mappings()]


# One round trip for all. A position counts while its officer has a shift, rides with a field unit
# in service, or was called out.
_STORE = text(
    """
    WITH said AS (
        SELECT * FROM jsonb_to_recordset(CAST(:seen AS jsonb)) AS s(
            account_id bigint, at timestamptz, lon double precision, lat double precision,
            accuracy_m double precision, heading double precision, speed_mps double precision,
            battery double precision)
    ), counted AS (
        SELECT officer.id AS officer_id, account.username, account.display_name,
               unit.path AS unit_path, said.*, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point
        FROM said
        JOIN officer USING (account_id)
        JOIN account ON account.id = account_id AND account.disabled_at IS NULL
        JOIN unit ON unit.id = officer.unit_id
        WHERE account_id = ANY (:called_out)
           OR EXISTS (SELECT FROM shift WHERE officer_id = officer.id AND during @> said.at)
           OR EXISTS (SELECT FROM unit_crew JOIN field_unit ON field_unit.id = field_unit_id
                      WHERE officer_id = officer.id AND during @> said.at AND in_service)
    ), kept AS (
        INSERT INTO position_record
               (officer_id, at, received_at, accuracy_m, heading, speed_mps, point)
        SELECT officer_id, at, :now, accuracy_m, heading, speed_mps, point
        FROM counted WHERE at >= :oldest AND at < :latest
        ON CONFLICT DO NOTHING
    ), newest AS (
        SELECT DISTINCT ON (officer_id) * FROM counted ORDER BY officer_id, at DESC
    ), moved AS (
        INSERT INTO officer_position AS former
               (officer_id, at, received_at, accuracy_m, heading, speed_mps, battery, point)
        SELECT officer_id, at, :now, accuracy_m, heading, speed_mps, battery, point
        FROM newest ORDER BY officer_id
        ON CONFLICT (officer_id) DO UPDATE SET
            at = excluded.at, received_at = excluded.received_at,
            accuracy_m = excluded.accuracy_m, heading = excluded.heading,
            speed_mps = excluded.speed_mps, battery = excluded.battery, point = excluded.point
        WHERE excluded.at > former.at
        RETURNING officer_id
    )
    SELECT account_id, username, display_name, unit_path,
           lon, lat, at, accuracy_m, heading, speed_mps, battery
    FROM newest JOIN moved USING (officer_id)
    ORDER BY username
    """
).bindparams(bindparam("called_out", type_=ARRAY(BigInteger)))


def store(
    session: Session, seen: Collection[Seen], *, called_out: Collection[int] = ()
) -> list[Newest]:
    """Keep the positions of officers on duty, and return those that now stand as the newest.

    What comes from an officer off duty is dropped: they have no position here. What is older than
    the newest known joins the history alone; what is too old for that, or was told before, changes
    nothing. Positions are taken to be checked (`check_batch`).

    Parameters
    ----------
    called_out : collection of int
        Accounts that count as on duty whatever the roster says, since they are on a task.
    """
    if not seen:
        return []
    moment = now(session)
    kept = position_days.ensure(session)
    rows = [{"account_id": each.account_id} | _row(each.position) for each in seen]
    asked = {
        "seen": json.dumps(rows),
        "called_out": list(called_out),
        "now": moment,
        "oldest": kept.start,
        "latest": kept.end,
    }
    return [_newest(row) for row in session.execute(_STORE, asked).mappings()]


def _row(position: Position) -> dict[str, Any]:
    return asdict(position) | {"at": position.at.isoformat()}


def _newest(row: RowMapping) -> Newest:
    about = {name: row[name] for name in ("account_id", "username", "display_name", "unit_path")}
    measured = {name: value for name, value in row.items() if name not in about}
    return Newest(**about, position=Position(**measured))
