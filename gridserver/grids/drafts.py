"""Editing a draft: boundaries by their shared arcs, attributes, undo and redo. None commits.

Every change names the revision that it was made on, and is refused where that is no longer the
present one: of two admins at one draft neither overwrites what they have not seen.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from gis.arcs import ArcCoverage, Edit, rename_cell
from gis.features import Cell as CellShape
from gridserver.access.rules import Principal, require
from gridserver.audit import service as audit
from gridserver.audit.tags import Tag
from gridserver.base.clock import now
from gridserver.base.errors import Conflict, Invalid, Stale
from gridserver.grids import (
    arc_rows,
    attributes,
    cell_rows,
    edit_log,
    edit_verbs,
    queries,
    redrawing,
    settings,
)
from gridserver.grids.cell_rows import CellState, Swap
from gridserver.grids.codes import Scheme, check, following
from gridserver.grids.edit_log import Deed
from gridserver.grids.models import LIFECYCLE, DraftEdit, GridVersion
from gridserver.grids.rules import state_at
from gridserver.org import queries as org


@dataclass(frozen=True)
class Changed:
    """What a change of a draft has done.

    Attributes
    ----------
    version
        The draft, at its new revision.
    entry
        The change as the history has it; of an undo or a redo, the one undone or done again.
    codes
        The cells that changed, came or went.
    edit, coverage
        The arcs and faces that changed, and all of them as they are now; None where they are to be
        drawn anew.
    """

    version: GridVersion
    entry: DraftEdit
    codes: frozenset[str]
    edit: Edit | None = None
    coverage: ArcCoverage | None = None


def open_draft(session: Session, actor: Principal, name: str) -> tuple[GridVersion, ArcCoverage]:
    """Return a draft and its arcs, which are drawn when it is opened for the first time.

    What is read of it in this transaction belongs together: no edit comes between.

    Raises
    ------
    Forbidden
        The actor may not look at the grid.
    NotFound
        There is no such version.
    Conflict
        ``grid.wrong_state``: it is no draft; ``grid.not_editable``: cells to be repaired first.
    """
    require(actor, "grid.read")
    version = queries.version(session, name)
    # Not for share: of two who open it first, both would wait for the other to let them draw it.
    session.refresh(version, with_for_update=True)
    _edited_state(session, version)
    return version, arc_rows.load(session, version)


def locked_draft(
    session: Session, actor: Principal | None, name: str, revision: int
) -> GridVersion:
    """Return a draft for changing it, its row locked until the transaction ends.

    Parameters
    ----------
    revision : int
        The one that the change was made on.

    Raises
    ------
    Forbidden
        The actor may not edit the bureau's grid (None is the server itself).
    NotFound
        There is no such version.
    Conflict
        ``grid.wrong_state``: it is no draft.
    Stale
        ``grid.stale``: it has changed since. ``revision`` is the present one, ``changes`` say who
        did what.
    """
    if actor is not None:
        require(actor, "grid.edit", org.bureau(session).path)
    version = queries.version(session, name)
    session.refresh(version, with_for_update=True)
    _edited_state(session, version)
    if version.revision != revision:
        raise _stale(session, version, revision)
    return version


def edit(
    session: Session,
    actor: Principal | None,
    version: GridVersion,
    verb: str,
    arguments: Mapping[str, Any],
) -> Changed:
    """Carry out a verb of `edit_verbs.VERBS`, or ``set_attributes``.

    Parameters
    ----------
    version : GridVersion
        From `locked_draft`.

    Raises
    ------
    Conflict
        ``grid.not_editable``: cells to be repaired first.
    Invalid
        Arguments that the verb lacks or does not know, or an attribute that can't be right.
    GisError
        ``arcs.*``: the boundary can't go there; `params` say where. Nothing has changed then.
    """
    coverage = arc_rows.load(session, version)
    if verb == attributes.VERB:
        return _set_attributes(session, actor, version, coverage, arguments)
    decided = settings.present(session)
    arguments = _with_codes(coverage, verb, arguments, decided.scheme)
    after, change = edit_verbs.run(coverage, verb, arguments, snap_m=decided.snap_m)
    concerned = edit_verbs.concerned(change, coverage, after)
    before = redrawing.outdated(session, version.id, after, concerned)
    swap = Swap(before, attributes.following(before, after, verb, arguments))
    deed = Deed(verb, edit_verbs.said(after, verb, arguments, change), change.area_change_m2)
    return _done(session, actor, version, deed, swap, (after, change))


def undo(session: Session, actor: Principal | None, version: GridVersion) -> Changed:
    """Take back the last change, whoever made it: every coordinate is again what it was.

    Raises
    ------
    Conflict
        ``grid.nothing_to_undo``.
    """
    last = edit_log.last_done(session, version)
    if last is None:
        raise Conflict("grid.nothing_to_undo", f"Version {version.name} has no change to undo.")
    return _turned(session, actor, version, last, undo=True)


def redo(session: Session, actor: Principal | None, version: GridVersion) -> Changed:
    """Do again what was undone last. After a new change nothing is left to be done again.

    Raises
    ------
    Conflict
        ``grid.nothing_to_redo``.
    """
    first = edit_log.first_undone(session, version)
    if first is None:
        raise Conflict("grid.nothing_to_redo", f"Version {version.name} has no undone change.")
    return _turned(session, actor, version, first, undo=False)


def record_change(
    session: Session,
    actor: Principal | None,
    version: GridVersion,
    deed: Deed,
    cells: Mapping[str, Sequence[CellShape]],
) -> Changed:
    """Change cells otherwise than by their arcs: a repair, or features from elsewhere.

    It can be undone as any other change. The arcs are drawn anew when they are next asked for.

    Parameters
    ----------
    version : GridVersion
        From `locked_draft`.
    deed : Deed
        What was done, for the history.
    cells : mapping of code to sequence of Cell
        For each code that is concerned its cells from now on: none for one that goes. See
        `differences`.
    """
    return record_swap(
        session, actor, version, deed, cell_rows.changed_to(session, version.id, cells)
    )


def record_swap(
    session: Session, actor: Principal | None, version: GridVersion, deed: Deed, swap: Swap
) -> Changed:
    """As `record_change`, where what else is known of the cells changes its code with them."""
    return _done(session, actor, version, deed, swap, None)


def differences(
    before: Iterable[CellShape], after: Iterable[CellShape]
) -> dict[str, list[CellShape]]:
    """Return for each code of which the cells differ those that it has in `after`."""
    former, latter = _by_code(before), _by_code(after)
    codes = sorted(former.keys() | latter.keys())
    found = {code: (former.get(code, []), latter.get(code, [])) for code in codes}
    return {code: now for code, (then, now) in found.items() if not _same(then, now)}


def _set_attributes(
    session: Session,
    actor: Principal | None,
    version: GridVersion,
    coverage: ArcCoverage,
    arguments: Mapping[str, Any],
) -> Changed:
    verb, code = attributes.VERB, arguments.get("code", "")
    edit_verbs.check_names(verb, arguments, attributes.NEEDED, attributes.ALLOWED)
    if arguments.keys() == {"code"}:
        raise Invalid("grid.edit_lacks", "Say what to set: a name, a station, …", field="code")
    _check_station(session, arguments.get("station"))
    new_code = arguments.get("new_code", code)
    if new_code != code:
        check(new_code, settings.present(session).scheme, "new_code")
    before = cell_rows.take(session, version.id, {code, new_code})
    after, change = coverage, Edit(verb, {}, {}, {})
    if new_code != code or not before[code]:  # which refuses a cell that is not there
        after, change = rename_cell(coverage, code, new_code)
    state = attributes.changed(before[code][0], arguments)
    states: dict[str, list[CellState]] = {code: []} | {new_code: [state]}
    deed = Deed(verb, attributes.said(arguments), {})
    return _done(session, actor, version, deed, Swap(before, states), (after, change))


def _with_codes(
    coverage: ArcCoverage, verb: str, arguments: Mapping[str, Any], scheme: Scheme
) -> Mapping[str, Any]:
    """Return the arguments with a code for each cell that the verb makes, written as it is to be.

    A split without one takes the next free one.
    """
    edit_verbs.check_arguments(verb, arguments)
    if verb == "split_cell" and "new_code" not in arguments:
        return {**arguments, "new_code": following(arguments["code"], scheme, coverage.cells)}
    if verb == "split_cell":
        check(arguments["new_code"], scheme, "new_code")
    if verb == "merge_cells" and arguments["into"] not in arguments["codes"]:
        check(arguments["into"], scheme, "into")
    return arguments


def _check_station(session: Session, code: str | None) -> None:
    if code is not None and code not in {unit.code for unit in org.units(session, "station")}:
        raise Invalid(
            "grid.unknown_station",
            f"There is no station with the code {code!r}: give one there is, or none.",
            field="station",
            params={"station": code},
        )


def _done(
    session: Session,
    actor: Principal | None,
    version: GridVersion,
    deed: Deed,
    swap: Swap,
    arcs: tuple[ArcCoverage, Edit] | None,
) -> Changed:
    arcs_before = version.arcs
    _carry_out(session, version, swap, arcs)
    coverage, change = arcs or (None, None)
    entry = edit_log.add(session, actor, version, deed, swap, change, arcs_before)
    _record(session, actor, Tag.GRID_EDIT, version, number=entry.number, verb=deed.verb)
    return Changed(version, entry, frozenset(swap.after), change, coverage)


def _turned(
    session: Session,
    actor: Principal | None,
    version: GridVersion,
    entry: DraftEdit,
    *,
    undo: bool,
) -> Changed:
    swap, change = edit_log.swap_of(entry, undo=undo), edit_log.edit_of(entry, undo=undo)
    arcs = None
    if change is not None:
        arcs = arc_rows.load(session, version).apply(change), change
    _carry_out(session, version, swap, arcs, entry.arcs_before if undo else entry.arcs_after)
    entry.undone = undo
    session.flush()
    _record(session, actor, Tag.GRID_UNDO if undo else Tag.GRID_REDO, version, number=entry.number)
    coverage, change = arcs or (None, None)
    return Changed(version, entry, frozenset(swap.after), change, coverage)


def _carry_out(
    session: Session,
    version: GridVersion,
    swap: Swap,
    arcs: tuple[ArcCoverage, Edit] | None,
    arcs_name: uuid.UUID | None = None,
) -> None:
    """Write cells and arcs. What was found about the draft before no longer holds."""
    if arcs is None:
        arc_rows.drop(session, version)
        edit_log.forget_arcs(session, version)
    else:
        arc_rows.save(session, version, *arcs, arcs_name)
    cell_rows.put(session, version.id, swap.after)
    version.state = _edited_state(session, version)
    version.report = None
    version.revision += 1
    session.flush()


def _edited_state(session: Session, version: GridVersion) -> str:
    """Return the state after a change. Raises `Conflict` where the version is no draft."""
    ends = version.valid.upper if version.valid else None
    present = state_at(version.state, ends, now(session))
    state = LIFECYCLE.after(present, "edit")
    if state is None:
        raise Conflict(
            "grid.wrong_state",
            f"Version {version.name} is {present}: only a draft can be edited. Copy it first.",
            field="name",
            state=present,
        )
    return state


def _stale(session: Session, version: GridVersion, revision: int) -> Stale:
    made = edit_log.since(session, version.id, revision)
    by = " and ".join(sorted({who for _, who in made if who})) or "someone"
    return Stale(
        "grid.stale",
        f"Version {version.name} was changed by {by} meanwhile: load what has changed, then edit.",
        field="If-Match",
        revision=version.revision,
        changes=[
            {"revision": e.revision, "verb": e.verb, "text": e.text, "by": who} for e, who in made
        ],
    )


def _by_code(cells: Iterable[CellShape]) -> dict[str, list[CellShape]]:
    found: dict[str, list[CellShape]] = {}
    for cell in cells:
        found.setdefault(cell.code, []).append(cell)
    return found


def _same(one: Sequence[CellShape], other: Sequence[CellShape]) -> bool:
    return [_bits(cell) for cell in one] == [_bits(cell) for cell in other]


def _bits(cell: CellShape) -> tuple[object, ...]:
    return cell.name, cell.station, cell_rows.as_wkb(cell.geom)


def _record(
    session: Session, actor: Principal | None, tag: Tag, version: GridVersion, **data: Any
) -> None:
    data |= {"revision": version.revision}
    audit.record(
        session, actor, tag, subject_kind="grid_version", subject_id=version.name, data=data
    )
