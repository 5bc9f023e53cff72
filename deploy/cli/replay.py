"""`shaodao replay`: feeds requests from a file, one JSON a line, through the API of intake.

Every line has a source number of its own (its id, else the hash of the line), so that a file that
is replayed again, or was killed halfway, makes no second ticket.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli.options import PORT_BASE, Data, PortBase, folder_of
from deploy.cli.output import err, out
from deploy.cli.replay_lines import Refusal, Request, parse_line
from deploy.cli.replay_outcome import Outcome, Totals
from shared.web.identity import issue_token

TOKEN_MINUTES = 7 * 24 * 60
FIRST_WAIT = 0.25
LONGEST_WAIT = 10.0
AGAIN = frozenset({429, 502, 503, 504})  # nothing was decided: ask again


def replay(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="每行一个 JSON / one JSON a line"),
    ],
    rate: Annotated[
        float | None, typer.Option("--rate", min=0.01, help="每秒最多几条 / lines a second")
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, help="同时几条 / at once")
    ] = 32,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """把文件中的诉求逐条登记；重放不会重复 / register requests of a file, each once."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    folder = folder_of(port_base, data)
    url = folder.read_stack()["intake"]
    secret = folder.require_secrets().token_secret
    token = issue_token(secret, role="operator", name="回放", minutes=TOKEN_MINUTES)
    totals = asyncio.run(_feed(file, url, token, rate=rate, concurrency=concurrency))
    _print(totals)
    if totals.refused:
        raise typer.Exit(1)


async def _feed(
    file: Path, url: str, token: str, *, rate: float | None, concurrency: int
) -> Totals:
    totals, lines = Totals(), _lines(file)
    with _progress() as progress:
        bar = progress.add_task("登记", total=_count(file))
        async with _client(url, token, concurrency) as client:
            pace = _Pace(rate)

            async def work() -> None:
                for number, line in lines:  # one iterator, shared by all workers
                    await pace.turn()
                    totals.add(number, await _register(client, line))
                    progress.advance(bar)

            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(work())
    return totals


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers, read as they are needed."""
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, line


def _count(file: Path) -> int:
    return sum(1 for _ in _lines(file))


async def _register(client: httpx.AsyncClient, line: bytes) -> Outcome:
    """Register one line; waits as long as the service is away."""
    parsed = parse_line(line)
    if isinstance(parsed, Refusal):
        return Outcome(refused=parsed.why)
    wait = FIRST_WAIT
    while True:
        answer = await _ask(client, parsed)
        if answer is not None:
            return Outcome.of(answer)
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


async def _ask(client: httpx.AsyncClient, request: Request) -> httpx.Response | None:
    """The answer, or None when the same has to be asked again."""
    try:
        answer = await client.post(
            "/api/v1/tickets", json=request.body, headers={"idempotency-key": request.key}
        )
    except httpx.TransportError:
        return None
    return None if answer.status_code in AGAIN else answer


class _Pace:
    """Gives turns at most `rate` times a second; without a rate at once."""

    def __init__(self, rate: float | None) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Wait for the next turn."""
        if not self._gap:
            return
        self._next = max(self._next, time.monotonic() - self._gap) + self._gap
        await asyncio.sleep(max(0.0, self._next - time.monotonic()))


@asynccontextmanager
async def _client(url: str, token: str, concurrency: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=url,
        headers={"authorization": f"Bearer {token}"},
        timeout=30,
        trust_env=False,
        limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
    ) as client:
        yield client


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
    )


def _print(totals: Totals) -> None:
    for number, why in sorted(totals.refused)[:50]:
        err.print(f"第 {number} 行：{why}", style="red", markup=False, soft_wrap=True)
    if len(totals.refused) > 50:
        err.print(f"…… 另有 {len(totals.refused) - 50} 行 / and more")
    out.print(
        f"新登记 {totals.created}，已在库 {totals.existing}，未受理 {len(totals.refused)}"
        " / created, already there, refused"
    )
