"""A quicker `dataclasses.replace` for the two aggregates that every report changes.

At ten thousand reports a second `replace` alone took a third of the judgement: it looks at every
field's definition and runs `__init__` again. Here the fields are copied at once, which is why these
records have no slots. No `__post_init__` runs.
"""

from typing import Any, TypeVar

T = TypeVar("T")


def altered(old: T, **changes: Any) -> T:
    """A copy of a record without slots with some fields changed; KeyError for no field."""
    fields = old.__dict__
    if not changes.keys() <= fields.keys():
        raise KeyError(*(changes.keys() - fields.keys()))
    new = object.__new__(type(old))
    new.__dict__.update(fields, **changes)
    return new
