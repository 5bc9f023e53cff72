"""Whether the body of a new ticket says that it is critical, before anything else is read of it."""

from collections.abc import Callable

from pydantic_core import from_json

from shared.catalogue.model import Catalogue
from shared.contracts.values import Urgency


def critical_bodies(catalogue: Catalogue) -> Callable[[bytes], bool]:
    """Tells it by the urgency that is asked for, else by that of the category."""
    categories = frozenset(
        code
        for code, category in catalogue.categories.items()
        if category.default_urgency is Urgency.CRITICAL
    )

    def is_critical(body: bytes) -> bool:
        try:
            asked = from_json(body)
        except ValueError:
            return False
        if not isinstance(asked, dict):
            return False
        if asked.get("urgency") is not None:
            return bool(asked["urgency"] == Urgency.CRITICAL)
        category = asked.get("category")
        return isinstance(category, str) and category in categories

    return is_critical
