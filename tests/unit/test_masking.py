"""What may not stand in a log is taken out of it, and what ops need stays."""

import pytest

from shared.runtime.masking import MASK, masked, plain, said
from shared.runtime.tracebacks import traceback_of

PERSONAL = (
    "赵小明",
    "13912345678",
    "139 1234 5678",
    "139-1234-5678",
    "+8613912345678",
    "１３９１２３４５６７８",
    "0471-1234567",
    "159902199606190024",
    "15990219960619002X",
    "蒙A12345",
    "河湾锦苑3号楼2单元501室",
    "zhao@example.com",
    "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl",  # pragma: allowlist secret
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
)
HARMLESS = (
    "1599202611210000010",
    "2026-11-21T16:00:00.123456Z",
    "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "0af7651916cd43dd8448eb211c80319c",
    "b7ad6b7169203331",
    "bureau.BH-CGJ.reports",
    "shaodao.ticket.registered.v1",
    "Connect call failed ('127.0.0.1', 5432)",
    "GroupCoordinatorNotAvailableError",
    "ticket_title_check",
    "0.0123",
)


@pytest.mark.parametrize("text", PERSONAL)
@pytest.mark.parametrize("form", ["{}", "x {} y", "not valid: {}.", '["{}"]'])
def test_what_tells_of_a_person_or_opens_a_door_is_masked(text: str, form: str):
    written = masked(form.format(text))
    assert text not in written
    assert not any(part in written for part in ("小明", "1234", "zhao", "锦苑", "eyJ", "Mf"))
    assert MASK in written


@pytest.mark.parametrize("text", HARMLESS)
def test_what_ops_look_for_stays(text: str):
    assert masked(text) == text
    assert masked(f"of {text}, again") == f"of {text}, again"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("invalid literal for int(): 'John Smith, 3rd floor'"), "invalid literal"),
        (ConnectionRefusedError(111, "Connect call failed ('10.0.0.7', 5432)"), "10.0.0.7"),
        (KeyError("John Smith"), "KeyError"),
        (LookupError("no such ticket"), "no such ticket"),
        (TimeoutError(), "TimeoutError"),
        (RuntimeError("column 'ticket_id' is missing"), "'ticket_id'"),
    ],
)
def test_an_error_says_what_happened_and_quotes_nothing(error: Exception, told: str):
    for written in (said(repr(error)), traceback_of((type(error), error, None))):
        assert "John" not in written
        assert told in written or isinstance(error, KeyError)


def test_values_of_any_kind_are_masked_through_and_through():
    class Person:
        def __repr__(self) -> str:
            return "Person('赵小明')"

    given = {"a": ["赵小明", 7, None], "赵小明": Person(), "n": 13912345678}
    assert plain(given) == {"a": [MASK, 7, None], MASK: f"Person({MASK})", "n": 13912345678}
    assert plain(range(1000)) == list(range(50))


def test_a_text_is_bounded():
    assert len(masked("ab " * 100_000)) <= 2_001
    assert len(said("'" * 100_000)) <= 2_001


@pytest.mark.parametrize("length", range(1, 60))
def test_a_long_traceback_as_text_ends_with_its_error_wherever_the_code_is_kept(length: int):
    """Where it is cut depends on its paths: the middle of a quotation is no place for that."""
    frame = f'  File "/{"w" * length}/routing.py", line 257, in lifespan\n    async with context:\n'
    error = 'InvalidPasswordError: authentication failed for user "shaodao", not "John Smith"'
    written = said(f"Traceback (most recent call last):\n{frame * 150}{error}")
    assert written.endswith(error.replace("John Smith", MASK))
    assert len(written) <= 2_001


def test_digits_without_end_are_read_at_once():
    assert said(" ".join(f"'{'1' * 40}'" for _ in range(2_000))).startswith(f"'{MASK}'")
