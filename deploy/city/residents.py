"""The people of the city in one process: callers and clerks, dispatchers, reviewers, streets.

They speak HTTP to intake and router, each role with a token of its own.
"""

import asyncio
from random import Random

import httpx

from deploy.city import callbacks, dispatchers, operators, reviewers, street_rounds, streets
from deploy.city.calls import Clerk, Line
from deploy.city.citizens import Citizens, read_requests
from deploy.city.process import first_of, run
from deploy.city.settings import CitySettings
from shared.runtime.clock import Clock

TIMEOUT_SECONDS = 20.0
OPERATOR = Clerk(role="operator", name="话务员 08 号")
CALLBACK_CLERK = Clerk(role="callback_clerk", name="回访员 03 号")
DISPATCHER = Clerk(role="dispatcher", name="派单员 02 号")
REVIEWER = Clerk(role="reviewer", name="审核员 01 号")
SUPERVISOR = Clerk(role="supervisor", name="督办员 01 号")


async def main(settings: CitySettings, stop: asyncio.Event) -> None:
    """Run until told to stop; services that are away are waited for."""
    clock, rng = Clock(settings.clock_file), Random(f"{settings.seed}/residents")  # nosec B311
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:

        def line(url: str, clerk: Clerk) -> Line:
            return Line(client, url, clerk, settings.token_secret)

        intake, router = settings.intake_url, settings.router_url
        citizens = Citizens(read_requests(), rng)
        await first_of(
            stop,
            operators.take_calls(line(intake, OPERATOR), citizens, clock, rng),
            callbacks.call_back(line(intake, CALLBACK_CLERK), clock, rng),
            dispatchers.dispatch(line(router, DISPATCHER), clock, rng),
            reviewers.rule(line(router, REVIEWER), line(router, SUPERVISOR), clock, rng),
            streets.blow_whistles(client, settings, clock, rng),
            street_rounds.sit_at_the_console(client, settings, clock, rng),
        )


if __name__ == "__main__":
    run("city-residents", main)
