"""What a terminal may say, and who carries it out: one table of subjects.

A command names one subject, or none where its verb makes something new. The socket's ``command``
event goes through here; HTTP has an address for each subject, which ends in the same handler. An id
is done once, by whichever door it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import marshmallow as ma
from sqlalchemy.orm import Session

from gridserver.access.rules import Principal
from gridserver.api import bulletins, captures, context, force_swaps, orders, tasks
from gridserver.api.moments import Moment
from gridserver.api.sockets import Answer, load
from gridserver.base.errors import Invalid
from gridserver.captures import service as captures_service
from gridserver.delivery.commands import Command
from gridserver.delivery.once import Outcome

#: Carries out a command said to the subject with that id. Its ``run_once`` keeps the answer.
Handler = Callable[[Session, Principal, int, Command], Outcome]
#: The same for a verb that is said to nothing that exists yet.
Maker = Callable[[Session, Principal, Command], Outcome]

#: The field that names the subject → who carries out what is said to it.
SUBJECTS: Mapping[str, Handler] = {
    "task": tasks.say,
    "order": orders.say,
    "swap": force_swaps.say,
    "bulletin": bulletins.say,
}
#: verb → who carries it out, where there is no subject.
MAKERS: Mapping[str, Maker] = {captures_service.VERB: captures.say}

_NUMBER = ma.validate.Range(0, 2**53)

CommandSchema = ma.Schema.from_dict(
    {
        "id": ma.fields.UUID(required=True),
        "verb": ma.fields.String(required=True),
        "occurred_at": Moment(required=True),
        "data": ma.fields.Dict(load_default=dict),
        "lon": ma.fields.Float(allow_none=True),
        "lat": ma.fields.Float(allow_none=True),
        **{name: ma.fields.Integer(strict=True, validate=_NUMBER) for name in SUBJECTS},
    },
    name="TerminalCommandSchema",
)

# Made once: a schema's making costs more than its use.
_COMMAND = CommandSchema()


def answer(session: Session, principal: Principal, payload: object) -> Answer:
    """Carry out a command as the socket brings it, and return what the terminal is answered.

    Raises
    ------
    Invalid
        ``socket.bad_payload``: not a command, or without exactly one subject; ``command.reused``.
    """
    outcome = _carry_out(session, principal, load(_COMMAND, payload))
    context.note_refusal(outcome.error, principal.account_id)
    return outcome.body if outcome.status == 200 else {"status": "refused", **outcome.body}


def _carry_out(session: Session, principal: Principal, given: dict[str, Any]) -> Outcome:
    named = {name: given.pop(name) for name in SUBJECTS if name in given}
    command = Command(**given)
    if not named and (make := MAKERS.get(command.verb)):
        return make(session, principal, command)
    if len(named) != 1:
        field = next(iter(named or SUBJECTS))
        said = f"{field}: a command names one subject of {', '.join(SUBJECTS)}."
        raise Invalid("socket.bad_payload", said, field=field)
    ((subject, subject_id),) = named.items()
    return SUBJECTS[subject](session, principal, subject_id, command)
