"""`shaodao watch`: the life of tickets in the terminal, heard from the topics as it happens.

On a terminal a board that is drawn anew, in a pipe one line a fact. Reads with plain aiokafka and
without a consumer group, so that watching disturbs nobody.
"""

import asyncio
import logging
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.live import Live
from rich.text import Text

from deploy.cli.options import PORT_BASE, Data, PortBase, folder_of
from deploy.cli.output import out
from deploy.cli.watch_board import Board
from deploy.cli.watch_screen import fact_text, screen, totals_text
from deploy.cli.watch_words import Names, line_of
from deploy.local.admin import Broker, client_arguments
from deploy.local.platform import broker_of
from shared.catalogue.load import load_catalogue
from shared.contracts.envelope import Envelope, MalformedEventError, Reader
from shared.contracts.topics import DEADLINES, TICKETS, WHISTLES
from shared.runtime.clock import Clock

TOPICS = (TICKETS, WHISTLES, DEADLINES)
DRAW_SECONDS = 0.5
RETRY_SECONDS = 2.0
TOTALS_EVERY_SECONDS = 30.0
MOST_FACTS = 200
HIGHEST = 60  # lines, however tall the terminal

Beginning = Annotated[
    bool,
    typer.Option("--from-beginning", "-b", help="从头看起，而不只看新的 / all that is kept"),
]


def watch(
    port_base: PortBase = PORT_BASE, data: Data = None, from_beginning: Beginning = False
) -> None:
    """看工单的一生：吹哨、签收、报到、办结、超时 / watch the life of tickets."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = folder_of(port_base, data)
    prefix = folder.read_stack()["topic_prefix"]
    asyncio.run(
        _until_signal(broker_of(folder), prefix, folder.clock, from_beginning=from_beginning)
    )


async def _until_signal(
    broker: Broker, prefix: str, clock_file: Path, *, from_beginning: bool
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stream(broker, prefix, clock_file, out, stop, from_beginning=from_beginning)


async def stream(
    broker: Broker,
    prefix: str,
    clock_file: Path | None,
    console: Console,
    stop: asyncio.Event,
    *,
    from_beginning: bool = False,
) -> None:
    """Show what is said on the three topics until `stop`; a broker that is away is waited for."""
    names = Names(load_catalogue())
    with _showing(console, Clock(clock_file), names) as show:
        view = _View(show, names)
        start = "earliest" if from_beginning else "latest"
        while not stop.is_set():
            consumer = AIOKafkaConsumer(
                *(f"{prefix}{topic.name}" for topic in TOPICS),
                auto_offset_reset=start,
                client_id="shaodao-watch",
                **client_arguments(broker),
            )
            try:
                await consumer.start()
                await _follow(consumer, view, stop)
            except KafkaError as error:
                view.say(f"Kafka 暂时连不上，稍后再试（{error}）")
                await _wait(stop, RETRY_SECONDS)
            finally:
                await consumer.stop()


async def _follow(consumer: AIOKafkaConsumer, view: "_View", stop: asyncio.Event) -> None:
    reader = Reader([event for topic in TOPICS for event in topic.events])
    while not stop.is_set():
        batches = await consumer.getmany(timeout_ms=int(DRAW_SECONDS * 1000), max_records=500)
        records = [record for batch in batches.values() for record in batch]
        events = [event for record in records if (event := _read(reader, record)) is not None]
        view.take(sorted(events, key=lambda event: event.time))


def _read(reader: Reader, record: Any) -> Envelope | None:
    """The event of a record; what is no event of the contract is none of ours to complain about."""
    try:
        return reader.read(record.value)
    except MalformedEventError:
        return None


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


class _Show(Protocol):
    """A way of showing."""

    def tell(self, text: Text) -> None:
        """One more line."""

    def draw(self, board: Board) -> None:
        """Bring what is shown up to date."""


class _View:
    """Turns events into the board and lines, and hands them to a way of showing."""

    def __init__(self, show: _Show, names: Names) -> None:
        self._show = show
        self._names = names
        self._board = Board()

    def take(self, events: Sequence[Envelope]) -> None:
        """Hear the events and show them."""
        for event in events:
            matters = self._board.hear(event.data)
            line = line_of(event.data, self._names)
            if line is not None:
                number = matters[0].number if matters else ""
                self._show.tell(fact_text(number, line, at=event.time))
        self._show.draw(self._board)

    def say(self, words: str) -> None:
        """Something about the watching itself."""
        self._show.tell(Text(words, style="yellow"))
        self._show.draw(self._board)


@contextmanager
def _showing(console: Console, clock: Clock, names: Names) -> Iterator[_Show]:
    """The way of showing that fits: a terminal is drawn over, a pipe written on."""
    if not console.is_terminal:
        yield _Pipe(console)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield _Terminal(live, clock, names)


class _Pipe:
    """One line a fact, and the totals now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._totals_at = time.monotonic() + TOTALS_EVERY_SECONDS
        self._told = 0

    def tell(self, text: Text) -> None:
        self._told += 1
        self._console.print(text.plain, markup=False, highlight=False, soft_wrap=True)

    def draw(self, board: Board) -> None:
        if self._told and time.monotonic() >= self._totals_at:
            self._totals_at = time.monotonic() + TOTALS_EVERY_SECONDS
            self._told = 0
            self._console.print(f"—— 合计 {totals_text(board).plain}", soft_wrap=True)


class _Terminal:
    """A board that is drawn over itself."""

    def __init__(self, live: Live, clock: Clock, names: Names) -> None:
        self._live = live
        self._clock = clock
        self._names = names
        self._facts: deque[Text] = deque(maxlen=MOST_FACTS)

    def tell(self, text: Text) -> None:
        self._facts.append(text)

    def draw(self, board: Board) -> None:
        height = min(self._live.console.height, HIGHEST) - 1
        picture = screen(board, self._facts, self._names, now=self._clock.now(), height=height)
        self._live.update(picture, refresh=True)
