"""Append-only ledger of who did or read what, when and why."""
