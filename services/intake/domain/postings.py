"""Posting lists: which tickets have a term, in segments of 8,192, newest segments looked at first.

Tickets are numbered without gaps in the order they were indexed (`doc`). For each term and segment
one short value says which of its tickets have the term: their places as 16-bit numbers while they
are few, else one bit each. Intersecting is cheap, and a first page touches the newest segments
only, however many tickets there are.
"""

from collections.abc import Mapping, Sequence
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


def matches(groups: Sequence[Group], rows: Mapping[int, Mapping[int, bytes]]) -> list[int]:
    """The docs, newest first, that have a term of every group; `rows` are values by segment, term.

    Without a group there is nothing to intersect and so no match.
    """
    found: list[int] = []
    for segment in sorted(rows, reverse=True):
        places = _in_segment(groups, rows[segment])
        found += [segment * SEGMENT + place for place in places]
    return found


def _in_segment(groups: Sequence[Group], values: Mapping[int, bytes]) -> list[int]:
    chosen = [[values[each] for each in group if each in values] for group in groups]
    if not chosen or not all(chosen):
        return []
    # the shortest first: a group of few places often leaves nothing to look at
    chosen.sort(key=lambda group: sum(map(len, group)))
    left: Present | None = None
    for group in chosen:
        present = unpack(group[0])
        for other in group[1:]:
            present |= unpack(other)
        left = present if left is None else left & present
        if not left.any():
            return []
    assert left is not None
    places: list[int] = np.flatnonzero(left)[::-1].tolist()
    return places
