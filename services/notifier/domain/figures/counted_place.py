"""Where a matter counts: a confidential one at home no finer than its street (DOMAIN §2.6).

A figure of one community or compound with one ticket in it would tell a unit whose home it is.
"""

from shared.catalogue.regions import street_of
from shared.contracts.parts import Place


def counted_place(place: Place, *, confidential: bool) -> Place:
    """The place as figures know it, like the router's for units."""
    if not confidential or place.compound is None:
        return place
    region = place.region
    return Place(region=street_of(region) or region if region else None)
