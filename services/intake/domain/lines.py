"""The lines that came into 12345: which there are, and which one a called number stands for."""

from shared.catalogue.model import Catalogue, WayIn
from shared.errors import FieldError


def line_problem(catalogue: Catalogue, line: str) -> FieldError | None:
    """A ticket's line is one of the former hotlines; emergencies are transferred, not taken in."""
    hotline = catalogue.hotlines.get(line)
    if hotline is not None and hotline.way_in is not WayIn.EMERGENCY:
        return None
    return FieldError(
        field="line",
        zh=f"line：没有号码为 {line!r} 的归并热线",
        en=f"line: no hotline {line!r} came into 12345",
    )


def line_called(catalogue: Catalogue, called: str) -> str | None:
    """The line that a called number ("12319", "0471-12319") stands for; None for 12345 itself."""
    number = called.rpartition("-")[2].strip()
    hotline = catalogue.hotlines.get(number)
    return number if hotline is not None and hotline.way_in is not WayIn.EMERGENCY else None
