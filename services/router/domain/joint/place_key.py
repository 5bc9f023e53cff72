"""The key by which whistles of the same place are found again: compound, grid, or plain address."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from services.router.domain.matter import Matter
from shared.catalogue.model import Catalogue
from shared.catalogue.regions import city_of, street_of

GRID_DIGITS = 15
LEAST_CHARACTERS = 2
_OTHER: Final = re.compile(r"[\W_]+")  # neither letter nor digit


def place_key(matter: Matter, catalogue: Catalogue) -> str | None:
    """None where the place is not fine enough, or must not be told (confidential)."""
    place = matter.place
    if matter.confidential or place.no_location:
        return None
    if place.compound:
        return f"compound:{place.compound}"
    region = place.region
    if region is not None and len(region) == GRID_DIGITS:
        return f"grid:{region}"
    address = plain_address(place.address or "", region, catalogue)
    if len(address) < LEAST_CHARACTERS:
        return None
    return f"address:{(street_of(region) or region) if region else ''}:{address}"


def plain_address(address: str, region: str | None, catalogue: Catalogue) -> str:
    """Letters and digits only, one width and case, without the names of the regions it lies in."""
    text = _plain(address)
    if region is None:
        return text
    for code in (city_of(region), region[:6], region[:9], region[:12]):
        known = catalogue.regions.get(code)
        if known is not None:
            text = text.removeprefix(_plain_name(known.name))
    return text


def _plain(text: str) -> str:
    return _OTHER.sub("", unicodedata.normalize("NFKC", text).casefold())


_plain_name = lru_cache(maxsize=1024)(_plain)  # a city has few names, and many whistles
