"""HTTP blueprints and Socket.IO namespaces, one module a room. They only translate."""

from __future__ import annotations

from gridserver.api import (
    bureau,
    exchange,
    exchange_queues,
    exchange_signed,
    force,
    grids,
    grids_codes,
    grids_editing,
    grids_intake,
    grids_repair,
    grids_settings,
    grids_versions,
    inbox,
    incidents,
    mobilisations,
    org,
    positions,
    related,
    sessions,
    tables,
    tasks,
    tiles,
)
from gridserver.api.blueprint import Blueprint

#: Every blueprint of the described API. `app.create_app` registers them in this order.
BLUEPRINTS: tuple[Blueprint, ...] = (
    sessions.blueprint,
    bureau.blueprint,
    org.blueprint,
    force.blueprint,
    grids.blueprint,
    grids_codes.blueprint,
    grids_editing.blueprint,
    grids_intake.blueprint,
    grids_repair.blueprint,
    grids_settings.blueprint,
    grids_versions.blueprint,
    tiles.blueprint,
    incidents.blueprint,
    related.blueprint,
    tasks.blueprint,
    tables.blueprint,
    mobilisations.blueprint,
    inbox.blueprint,
    positions.blueprint,
    exchange.blueprint,
    exchange_queues.blueprint,
    exchange_signed.blueprint,
)
