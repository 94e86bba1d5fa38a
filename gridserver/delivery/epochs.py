"""The lives of a database. Each number of an inbox or of the feed belongs to one of them."""

from __future__ import annotations

#: Begins another life, as a script for psql: whoever comes with a number of the former one gets a
#: snapshot (`gridserver.delivery.rules.start`). For a database that was put back to an older state.
BEGIN_ANOTHER = "UPDATE public.epoch SET id = gen_random_uuid()"
