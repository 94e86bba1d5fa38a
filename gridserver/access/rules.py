"""Which role may do what, and where: pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from gridserver.base.errors import Forbidden

ROLES = ("admin", "gis_admin", "command", "officer", "auditor")
#: Of a wall's session, where its account follows the feed. No account is granted it.
WALL = "wall"

#: Who works at a desk, whose page is locked when nobody touches it. A handheld has its PIN.
DESK_ROLES = frozenset(ROLES) - {"officer"}

#: What an account may show beside its password.
FACTOR_KINDS = ("totp", "webauthn")
#: What a sign-in may still want after the first step: that an enrolled device shows that it is the
#: one, a second factor, or that one is enrolled.
WANTS = ("second_factor", "enrolment", "device")

#: permission → the roles that carry it. A grant reaches its unit and everything below it.
PERMISSIONS: dict[str, frozenset[str]] = {
    # Beside the command rooms: another agency, whose signature was verified. No account is
    # granted that role.
    "incident.report": frozenset({"command", "partner"}),
    "incident.read": frozenset({"command", "admin", "auditor"}),
    # Counts, times and kinds of calls, and nothing that a caller said.
    "figures.read": frozenset({"command", "admin", "auditor", WALL}),
    "task.command": frozenset({"command"}),
    "feed.read": frozenset({"command", "admin", "auditor", WALL}),
    "alarm.read": frozenset({"command", "admin", "auditor", WALL}),
    "alarm.silence": frozenset({"command", "admin"}),
    "force.read": frozenset({"command", "admin", "gis_admin", "auditor", WALL}),
    "force.edit": frozenset({"admin"}),
    "ownership.edit": frozenset({"admin", "gis_admin"}),
    "grid.read": frozenset({"admin", "gis_admin", "command", "officer", "auditor", WALL}),
    "grid.edit": frozenset({"gis_admin"}),
    "capture.send": frozenset({"officer"}),
    "capture.read": frozenset({"command", "admin", "auditor"}),
    # Who decides on proposals: places and addresses, and premises.
    "capture.map": frozenset({"gis_admin"}),
    "capture.premises": frozenset({"command"}),
    "attachment.send": frozenset({"officer", "command"}),
    "order.read": frozenset({"command", "admin", "auditor"}),
    "order.issue": frozenset({"command", "admin"}),
    # What a bulletin says is read by those whom it concerns; an admin is none of them.
    "bulletin.read": frozenset({"command", "auditor"}),
    "bulletin.write": frozenset({"command"}),
    "bulletin.read_across": frozenset({"auditor"}),
    "inbox.read": frozenset({"officer", "command"}),
    "position.send": frozenset({"officer"}),
    # Who signs in how: accounts with their sessions and second factors, and what is demanded.
    "account.read": frozenset({"admin", "auditor"}),
    "account.edit": frozenset({"admin"}),
    # One's own devices aside: those everybody sees, and may revoke.
    "device.read": frozenset({"admin", "command"}),
    "device.revoke": frozenset({"admin", "command"}),
    "device.admit": frozenset({"admin"}),
    "device.enrol": frozenset({"admin", "command"}),
    "norms.read": frozenset({*ROLES, WALL}),
    "norms.edit": frozenset({"admin"}),
    "mobilisation.order": frozenset({"admin", "command"}),
    "roster.edit": frozenset({"command", "admin"}),
    "place.read": frozenset(ROLES),
    "place.edit": frozenset({"admin", "gis_admin"}),
    "exchange.edit": frozenset({"admin"}),
    "review.read": frozenset({"command", "admin", "auditor"}),
    "review.write": frozenset({"command"}),
    "review.sign": frozenset({"command", "admin"}),
    # What an officer did on a day: one's own aside, which everybody reads.
    "log.read": frozenset({"command", "admin", "auditor"}),
    "handover.read": frozenset({"command", "admin", "auditor"}),
    "handover.write": frozenset({"command"}),
    # Nobody else's: whoever is looked at doesn't look.
    "audit.read": frozenset({"auditor"}),
    "incident.export": frozenset({"command", "admin", "auditor"}),
}


@dataclass(frozen=True)
class Grant:
    """A role held for a unit and everything below it."""

    role: str
    unit_id: int
    unit_path: str

    def reaches(self, unit_path: str) -> bool:
        """Say whether `unit_path` is the grant's unit or lies below it."""
        return unit_path == self.unit_path or unit_path.startswith(self.unit_path + ".")


@dataclass(frozen=True)
class Principal:
    """Who acts: an account, through a session on a device, with its grants.

    `session_id` is None where it didn't sign in (the demo, the command line), `device_id` where it
    named no device. Where the server
    itself acts there is no principal at all. `clock_offset_s` is what the server's clock is ahead
    of the device's, where that was measured. A session `is_locked` where nobody was at its desk.
    """

    account_id: int
    username: str
    display_name: str
    grants: tuple[Grant, ...]
    session_id: uuid.UUID | None = None
    device: str | None = None
    clock_offset_s: float | None = None
    device_id: int | None = None
    is_locked: bool = False

    @property
    def looks_on(self) -> bool:
        """Whether this is a wall's session, which says nothing."""
        return any(grant.role == WALL for grant in self.grants)

    def may(self, permission: str, unit_path: str | None = None) -> bool:
        """Say whether the account may do `permission`: at `unit_path`, or anywhere at all."""
        roles = PERMISSIONS[permission]
        return any(
            grant.role in roles and (unit_path is None or grant.reaches(unit_path))
            for grant in self.grants
        )

    def paths(self, permission: str) -> tuple[str, ...]:
        """Return the unit paths at and below which the account may do `permission`."""
        roles = PERMISSIONS[permission]
        return tuple(sorted({g.unit_path for g in self.grants if g.role in roles}))


def looking_on(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return what is left of `grants` in a wall's session: to look on where they follow it all."""
    follows = PERMISSIONS["feed.read"]
    seen = {grant.unit_path: grant.unit_id for grant in grants if grant.role in follows}
    return tuple(Grant(WALL, unit_id, path) for path, unit_id in sorted(seen.items()))


def require(principal: Principal, permission: str, unit_path: str | None = None) -> None:
    """Raise `Forbidden` unless `principal` may do `permission` at `unit_path` (or anywhere)."""
    if not principal.may(permission, unit_path):
        where = "" if unit_path is None else f" for unit {unit_path.rsplit('.', 1)[-1]}"
        raise Forbidden(
            "access.forbidden",
            f"The account {principal.username} may not do {permission}{where}. "
            "Ask an admin for a role that reaches this unit.",
            permission=permission,
        )
