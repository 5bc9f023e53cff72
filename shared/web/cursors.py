"""Where a list goes on: the place of a page's last row, as one word that callers hand back."""

import base64
import binascii
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared.errors import FieldError, InvalidError

Place = TypeVar("Place")


class Cursor(Generic[Place]):
    """Writes places of one kind and reads them back; `place` is their type, as pydantic knows it.

    An instant in it is an `Instant`, a number has its bounds: whoever makes a cursor up is told so
    before the database sees it.
    """

    def __init__(self, place: type[Place]) -> None:
        self._places: TypeAdapter[Place] = TypeAdapter(place)

    def write(self, place: Place) -> str:
        """The place as a query carries it."""
        return base64.urlsafe_b64encode(self._places.dump_json(place)).decode()

    def read(self, text: str | None) -> Place | None:
        """The place that was written; None for the beginning. Raises InvalidError."""
        if not text:
            return None
        try:
            return self._places.validate_json(base64.urlsafe_b64decode(text))
        except (ValidationError, binascii.Error, ValueError):
            raise InvalidError(
                FieldError(field="cursor", zh="翻页标记无效", en="not a cursor of this list")
            ) from None
