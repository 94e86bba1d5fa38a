"""`gridserver dispatch`: what decisions are made by."""

from __future__ import annotations

import click


@click.group()
def dispatch() -> None:
    """Who gets an incident, and by which rules."""
