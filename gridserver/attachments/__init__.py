"""Attachments: bytes by content hash, pieces, checks, sweep."""
