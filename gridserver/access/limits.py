"""How many wrong passwords are taken, and from where: pure.

An attempt comes by one *way* or more, and each way has a count of its own. A device that the
account has signed in from proves itself by a cookie and is a way of its own, so that strangers who
try use up nothing of it (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass, replace

#: How long a way stays shut, and how long a failure is remembered.
LOCKED_FOR = dt.timedelta(minutes=10)

#: Of the most failures of one way: all strangers of an account together, and one address whatever
#: the account (a station's people come from one). Codes that enrol a device count by themselves, so
#: that wrong ones keep nobody from signing in.
STRANGERS, ADDRESS, ENROLMENT = "strangers", "address", "enrolment"
_FACTORS = {STRANGERS: 4, ADDRESS: 10, ENROLMENT: 10}


@dataclass(frozen=True)
class Way:
    """Where an attempt comes from. `subject` is the account it counts for; empty: any.

    `name` is ``device:17``, ``address:10.0.0.7``, ``enrolment:10.0.0.7`` or ``strangers``.
    """

    subject: bytes
    name: str

    def most(self, failures: int) -> int:
        """Return how many failures it takes, where a bureau allows `failures` of one way."""
        kind = self.name.partition(":")[0]
        is_alone = kind == ADDRESS and self.subject != b""
        return failures * (1 if is_alone else _FACTORS.get(kind, 1))


@dataclass(frozen=True)
class Count:
    """Failures in a row, the last of them at `last_at`."""

    failures: int
    last_at: dt.datetime

    def standing(self, now: dt.datetime) -> int:
        """Return how many still count: after `LOCKED_FOR` without another, none."""
        return self.failures if now - self.last_at < LOCKED_FOR else 0

    def shut_until(self, most: int, now: dt.datetime) -> dt.datetime | None:
        """Return when the way opens again; None where it is open."""
        return self.last_at + LOCKED_FOR if self.standing(now) >= most else None

    def with_another(self, now: dt.datetime) -> Count:
        """Return the count with one failure more."""
        return Count(self.standing(now) + 1, now)

    def with_one_less(self) -> Count:
        """Return the count without one, since an attempt that was counted went well."""
        return replace(self, failures=max(self.failures - 1, 0))


def ways(
    subject: bytes, address: str | None, device_id: int | None, is_known_address: bool
) -> tuple[Way, ...]:
    """Return the ways of an attempt, in the order in which their rows are locked.

    Parameters
    ----------
    subject
        Of the account that is tried, known or not.
    device_id
        The account's device whose cookie came with the attempt.
    is_known_address
        The account has lately been signed in from there.
    """
    if device_id is not None:
        return (Way(subject, f"device:{device_id}"),)
    everybody = anybodys(address)
    strangers = () if is_known_address else (Way(subject, STRANGERS),)
    return (everybody, Way(subject, everybody.name), *strangers)


def unnamed(address: str | None, device_id: int | None) -> tuple[Way, ...]:
    """Return the ways of an attempt of which it isn't known yet whose it is: a device that some
    account has signed in from is one of its own here too, and the address is of anybody else."""
    if device_id is not None:
        return (Way(b"", f"device:{device_id}"),)
    return (anybodys(address),)


def anybodys(address: str | None) -> Way:
    """Return the way of all that comes from an address, whatever the account."""
    return Way(b"", f"{ADDRESS}:{network(address)}")


def enrolment(address: str | None) -> tuple[Way, ...]:
    """Return the ways of an attempt to enrol a device: the address, whosever the code is."""
    return (Way(b"", f"{ENROLMENT}:{network(address)}"),)


def network(address: str | None) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 that one IPv6 client has."""
    if address is None:
        return "unknown"
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
