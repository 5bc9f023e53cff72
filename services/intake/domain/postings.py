"""Posting lists: which tickets have a term, in segments of 8,192, newest segments looked at first.

Tickets are numbered without gaps in the order they were indexed (`doc`). For each term and segment
one short value says which of its tickets have the term: their places as 16-bit numbers while they
are few, else one bit each. Intersecting is cheap, and a first page touches the newest segments
only, however many tickets there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SEGMENT: Final = 8192
_BITMAP_BYTES: Final = SEGMENT // 8
_FEW: Final = _BITMAP_BYTES // 2  # so many places would take as much room as the bits

Present = NDArray[np.bool_]
Group = frozenset[int]


def segment_of(doc: int) -> int:
    return doc // SEGMENT


def pack(present: Present) -> bytes:
    """The stored form of one term in one segment."""
    places = np.flatnonzero(present)
    if len(places) < _FEW:
        return places.astype("<u2").tobytes()
    return np.packbits(present).tobytes()


def unpack(data: bytes) -> Present:
    if len(data) == _BITMAP_BYTES:
        return np.unpackbits(np.frombuffer(data, dtype=np.uint8)).astype(np.bool_)
    present = np.zeros(SEGMENT, dtype=np.bool_)
    present[np.frombuffer(data, dtype="<u2")] = True
    return present


def changed(data: bytes | None, *, add: Sequence[int], remove: Sequence[int]) -> bytes:
    """A stored value with places put in and taken out; empty when none is left."""
    if data is None and len(add) < _FEW:  # most are new words of few tickets
        return np.array(sorted(set(add) - set(remove)), dtype="<u2").tobytes()
    present = unpack(data or b"")
    present[list(remove)] = False
    present[list(add)] = True
    return pack(present)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The stored values of one term in some segments, one after the other in `data`."""

    segments: Sequence[int]
    sizes: Sequence[int]  # bytes of each
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The docs from `low` on, below `below`: what is looked at in one step."""

    low: int
    below: int

    @property
    def start(self) -> int:
        """The first doc of its first segment."""
        return segment_of(self.low) * SEGMENT

    @property
    def length(self) -> int:
        """The docs of its segments."""
        return (segment_of(self.below - 1) + 1) * SEGMENT - self.start


def matches(groups: Sequence[Group], lists: Mapping[int, Lists], window: Window) -> list[int]:
    """The docs of a window, newest first, that have a term of every group.

    Without a group there is nothing to intersect and so no match. All segments are worked on
    together: one by one, most of the time would go into the steps between them.
    """
    chosen = [[lists[term] for term in group if term in lists] for group in groups]
    if not chosen or not all(chosen):
        return []
    # the shortest gives the docs that are looked for in the others
    chosen.sort(key=lambda group: sum(len(each.data) for each in group))
    docs = np.unique(np.concatenate([_docs(each, window.start) for each in chosen[0]]))
    docs = docs[(docs >= window.low - window.start) & (docs < window.below - window.start)]
    for group in chosen[1:]:
        present = np.zeros(window.length, dtype=np.bool_)
        for each in group:
            present[_docs(each, window.start)] = True
        docs = docs[present[docs]]
    newest_first: list[int] = (docs[::-1] + window.start).tolist()
    return newest_first


def _docs(lists: Lists, start: int) -> NDArray[np.int64]:
    """The docs of a term, counted from `start`."""
    begins = np.array(lists.segments, dtype=np.int64) * SEGMENT - start
    sizes = np.array(lists.sizes, dtype=np.int64)
    is_bits = sizes == _BITMAP_BYTES
    data = np.frombuffer(lists.data, dtype=np.uint8)
    few, many = data, data[:0]
    if is_bits.any():
        of_bits = np.repeat(is_bits, sizes)
        few, many = data[~of_bits], data[of_bits]
    places = few.view("<u2") + np.repeat(begins[~is_bits], sizes[~is_bits] // 2)
    if not len(many):
        return places
    bits = np.flatnonzero(np.unpackbits(many))  # counted on through all segments with bits
    return np.concatenate([places, bits % SEGMENT + begins[is_bits][bits // SEGMENT]])
