"""Repair of a coverage: proposals for its faults, and carrying out those that were accepted.

Nothing moves silently: a proposal says how many m² move from whom to whom, and `apply` refuses when
anything else would. Order of work: `proposals` for a fault report, a choice among them
(`first_of_each`, or a person), `apply`, a new fault report. Some faults come to light, or can be
told apart, only once others are gone: `repair` goes round until nothing is left to do.

Rooms: `proposal` values · `rings` mending · `faces`, `regions` ground given to one cell ·
`snapping`, `snaps` near misses closed · `applying`, `vertices` carrying out
"""

from gis.repair.applying import apply
from gis.repair.making import proposals
from gis.repair.proposal import KINDS, Give, Kind, Mend, Move, Proposal, Snap
from gis.repair.rounds import Repaired, changed, first_of_each, repair

__all__ = [
    "KINDS",
    "Give",
    "Kind",
    "Mend",
    "Move",
    "Proposal",
    "Repaired",
    "Snap",
    "apply",
    "changed",
    "first_of_each",
    "proposals",
    "repair",
]
