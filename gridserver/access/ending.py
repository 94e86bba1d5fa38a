"""Ending every session at once."""

from __future__ import annotations

#: As a script for psql, which has the moment as its variable `at`. For a database that was put back
#: to an older state: a session that was ended or revoked since then must not come back to life.
END_ALL_SESSIONS = "UPDATE public.login_session SET ended_at = :'at' WHERE ended_at IS NULL"
