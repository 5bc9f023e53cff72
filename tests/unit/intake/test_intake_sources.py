"""What a source system is told of a ticket: every change a citizen would see, and no person."""

from services.intake.domain.source import WORDS
from services.intake.domain.ticket import LIFECYCLE, Command


def test_every_command_but_the_archive_has_its_words() -> None:
    assert set(WORDS) == set(Command) - {Command.ARCHIVE}
    assert all(zh and en and what.isidentifier() for what, zh, en in WORDS.values())


def test_a_command_leads_to_one_state_wherever_it_is_given() -> None:
    states: dict[Command, set[str]] = {}
    for _, command, after in LIFECYCLE.moves():
        states.setdefault(command, set()).add(after)
    assert [command for command, after in states.items() if len(after) != 1] == []
