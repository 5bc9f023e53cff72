"""The words people use for a category, beside its own name."""

from shared.records import record


@record
class Synonyms:
    """What people call a category (four digits) or a major (two).

    `words` say the matter by themselves, `also` only hints at it.
    """

    code: str
    words: tuple[str, ...]
    also: tuple[str, ...]
