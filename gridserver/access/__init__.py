"""Accounts, sessions, roles, and the unit scope of each permission."""
