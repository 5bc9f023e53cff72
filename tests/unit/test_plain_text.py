"""What no text may hold is refused in bodies, whatever it is written like; all else passes."""

import json

import pytest

from shared.web.plain_text import UNKEPT


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "\\u0000"}',
        b'{"a": "x\\\\\\u0000"}',  # a backslash, then NUL
        b'{"a": "\\ud83e"}',
        b'{"a": "\\uDC00x"}',
        b'{"a": "\\ud83e\\ud83e\\uddff"}',
        b'{"a": "\xed\xa0\xbd"}',
    ],
)
def test_nul_and_halves_are_found(body: bytes) -> None:
    assert UNKEPT.search(body)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"a": "🧿哨到\n\x01"}).encode(),
        json.dumps({"a": "🧿哨到"}, ensure_ascii=False).encode(),
        b'{"a": "\\\\u0000"}',  # the six characters themselves
        b'{"a": "\\\\ud83e"}',
        b'{"a": "\xec\xa0\x80\xed\x9f\xbf\xee\x80\x80"}',  # the neighbours of the halves
        b"",
    ],
)
def test_text_passes(body: bytes) -> None:
    assert not UNKEPT.search(body)
