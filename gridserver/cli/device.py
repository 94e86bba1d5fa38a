"""`gridserver device`: a lost handheld, where no page is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.table import Table

from gridserver.access import device_list, devices
from gridserver.access.device_list import DeviceCard, Wanted
from gridserver.cli.context import console, emit, json_option, migrated_database


@click.group()
def device() -> None:
    """Devices by which accounts sign in: list, revoke, admit."""


@device.command("list")
@click.option("--unit", metavar="CODE", help="Only of accounts with a role there or below.")
@click.option("--state", type=click.Choice(device_list.STATES))
@click.option("--words", metavar="TEXT", help="Part of the account's or the device's name.")
@json_option
def list_(unit: str | None, state: str | None, words: str | None, as_json: bool) -> None:
    """List devices, the last heard of first."""
    with migrated_database() as database, database.transaction() as session:
        found = device_list.devices(session, None, Wanted(unit, state, words))
    emit([asdict(card) for card in found], as_json, lambda: _print(found))


@device.command()
@click.argument("device_id", metavar="ID", type=click.IntRange(min=1))
@click.option("--reason", required=True, help="Why, for the ledger and for the officer.")
@json_option
def revoke(device_id: int, reason: str, as_json: bool) -> None:
    """Revoke the device ID: its sessions end, it wipes itself, and can't sign in."""
    with migrated_database() as database, database.transaction() as session:
        devices.revoke(session, None, device_id, reason)
        card = device_list.device(session, device_id)
    _emit_one(card, as_json, "is revoked")


@device.command()
@click.argument("device_id", metavar="ID", type=click.IntRange(min=1))
@json_option
def admit(device_id: int, as_json: bool) -> None:
    """Let the revoked device ID sign in again."""
    with migrated_database() as database, database.transaction() as session:
        devices.admit(session, None, device_id)
        card = device_list.device(session, device_id)
    _emit_one(card, as_json, "may sign in")


def _emit_one(card: DeviceCard, as_json: bool, became: str) -> None:
    whose = f"Device {card.id} ({card.name}) of {card.account.username}"
    emit(asdict(card), as_json, f"{whose} {became}.")


def _print(found: Sequence[DeviceCard]) -> None:
    table = Table("id", "account", "unit", "device", "last heard of", "battery", "app", "state")
    for card in found:
        table.add_row(
            str(card.id),
            card.account.username,
            card.unit.code if card.unit else "",
            " ".join(filter(None, (card.platform, card.name))),
            f"{card.last_seen_at:%Y-%m-%d %H:%M} UTC",
            "" if card.battery is None else f"{card.battery:.0%}",
            card.app_version or "",
            card.state + (" and wiped" if card.wiped_at else ""),
        )
    console.print(table)
