"""The hotline's operators: they take down what citizens say and register it with intake."""

import asyncio
from random import Random
from uuid import uuid4

from deploy.city.calls import Line, RefusedError
from deploy.city.citizens import Citizens
from deploy.city.rhythm import next_request_at
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

PATH = "/api/v1/tickets"
log = logger("city.operators")


async def take_calls(line: Line, citizens: Citizens, clock: Clock, rng: Random) -> None:
    """One request after the other, at the rhythm of the day; never returns."""
    shift = uuid4()  # keys of this process are its own
    never = asyncio.Event()
    planned, count = clock.now(), 0
    while True:
        await clock.wait_until(planned, never)
        count += 1
        body = citizens.next_body(clock.now())
        try:
            ticket = await line.post(PATH, body, key=f"city-{shift}-{count}")
        except RefusedError as refused:
            log.warning("refused", why=str(refused), channel=body["channel"])
        else:
            log.info("registered", ticket_id=ticket["ticket_id"], urgency=ticket["urgency"])
        planned = next_request_at(planned, clock.now(), rng)
