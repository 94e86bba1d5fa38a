"""Alarms of the command rooms: what must not be missed, and who silenced it for how long."""
