"""Proposals for people, machines and maps: pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from gis.repair import Proposal
from gridserver.grids import texts
from gridserver.grids.mending import Survey


def documents(
    survey: Survey, faults: Collection[str] | None = None, language: str = texts.ENGLISH
) -> list[dict[str, Any]]:
    """Return proposals as JSON-able values, of each fault the best first.

    Parameters
    ----------
    faults
        Ids of the faults to mend; all of them where None.
    language
        What `text` is in.
    """
    found = []
    for proposal_id, proposal in survey.proposals.items():
        mends = survey.faults_of(proposal)
        if faults is None or not set(faults).isdisjoint(mends):
            found.append({"id": proposal_id, "faults": mends, **document(proposal, language)})
    return found


def values(proposal: Proposal) -> dict[str, Any]:
    """Return the values in a proposal's sentence, JSON-able; ``moves`` are all of them."""
    moves = [
        {"from": move.from_code, "to": move.to_code, "area_m2": move.area_m2}
        for move in proposal.moves
    ]
    return {**proposal.params, "moves": moves}


def document(proposal: Proposal, language: str = texts.ENGLISH) -> dict[str, Any]:
    """Return a proposal as JSON-able values, without its id and those of its faults."""
    where, said = changed_ground(proposal), values(proposal)
    return {
        "kind": proposal.kind,
        "code": proposal.code,
        "params": dict(proposal.params),
        "text": texts.translated(proposal.code, said, proposal.text, language),
        "moves": said["moves"],
        "area_m2": proposal.area_m2,
        "needs_person": proposal.needs_person,
        "cells": list(proposal.cells),
        "geometry": None if where is None else mapping(where),
    }


def changed_ground(proposal: Proposal) -> BaseGeometry | None:
    """Return where a proposal changes something, in EPSG:4326, to be shown on a map.

    The ground that is given away; the mended polygons; the points that move or come. None where
    nothing is drawn anew, as in making one cell of several.
    """
    shapes: list[BaseGeometry] = [give.region for give in proposal.gives]
    shapes += [mend.after for mend in proposal.mends]
    if not shapes:
        put_in = [vertex for path in proposal.snap.bent.values() for vertex in path]
        shapes = [shapely.MultiPoint([*proposal.snap.moved.values(), *put_in])]
    whole = shapely.union_all(shapes)
    return None if whole.is_empty else whole
