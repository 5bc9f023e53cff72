"""The hard guard: what a bureau must do is never dispatched down to a street or community.

DOMAIN decision 5. It holds for the router's own choice, for a dispatcher's, for a unit that is
suggested in a return and for the one a reviewer or supervisor names: nobody can set it aside.
"""

from collections.abc import Iterable

from services.router.domain.city import City
from shared.catalogue.model import LOCAL_LEADS, UnitKind, UnknownCodeError
from shared.records import record


@record
class Breach:
    """Why a unit may not lead, in words."""

    zh: str
    en: str


def breach(city: City, category: str | None, lead: str) -> Breach | None:
    """Why this unit may not lead a matter of this category; None when it may.

    Without a category nothing is known of whose duty it is. A category that is not in the
    catalogue any more binds nobody. Raises UnknownCodeError for a unit that is not known.
    """
    unit = city.catalogue.unit(lead)
    if category is None:
        return None
    try:
        found = city.catalogue.category(category)
    except UnknownCodeError:
        return None
    if city.catalogue.may_lead(category, lead):
        return None
    return Breach(
        zh=f"“{found.name}”（{category}）属委办局法定职责，不得下派给{unit.name}主办",
        en=f"category {category} is the duty of a bureau ({found.lead_function}): "
        f"{lead} ({unit.kind.value}) may not lead it",
    )


def is_bureaus_duty(city: City, category: str | None) -> bool:
    """Whether decision 5 applies: the matter is led by a bureau or utility, not locally."""
    found = city.catalogue.categories.get(category or "")
    return found is not None and found.lead_function not in LOCAL_LEADS


def may_look_first(city: City, category: str | None, unit: str) -> bool:
    """Whether a unit that the person chose may lead the first look.

    A community may at all that is led locally, for it passes on what is not its own; a property
    company or a street only what it may lead anyway. Never what a bureau must do.
    """
    if is_bureaus_duty(city, category):
        return False
    if city.catalogue.unit(unit).kind is UnitKind.COMMUNITY:
        return True
    return breach(city, category, unit) is None


def breach_of_any(city: City, categories: Iterable[str | None], lead: str) -> Breach | None:
    """The first breach among several matters."""
    return next((b for c in categories if (b := breach(city, c, lead)) is not None), None)
