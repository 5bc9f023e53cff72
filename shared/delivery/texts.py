"""The texts of text messages: templates in a TOML file, Chinese first, English beside.

[sms.registered]
zh = "您的诉求已登记，编号{number}。{link}"
en = "Your request is registered, number {number}. {link}"
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

LANGUAGES: Final = ("zh", "en")
_PLACE = re.compile(r"\{(\w+)\}")


class TextError(ValueError):
    """A template that is wrong, unknown, or lacks a value."""


class Texts:
    """The templates of one file."""

    def __init__(self, path: Path) -> None:
        """Raises TextError unless each has both languages with the same places."""
        self._texts: dict[str, dict[str, str]] = {}
        for name, texts in tomllib.loads(path.read_text("utf-8"))["sms"].items():
            if set(texts) != set(LANGUAGES):
                raise TextError(f"sms.{name}: needs {' and '.join(LANGUAGES)}, and no more")
            if len({frozenset(_PLACE.findall(text)) for text in texts.values()}) != 1:
                raise TextError(f"sms.{name}: the languages do not have the same places")
            if any("{" in _PLACE.sub("", text) for text in texts.values()):
                raise TextError(f"sms.{name}: has a brace that is no place")
            self._texts[name] = texts

    @property
    def names(self) -> frozenset[str]:
        """What there are texts for."""
        return frozenset(self._texts)

    def places(self, name: str) -> frozenset[str]:
        """The values a text needs; raises TextError."""
        return frozenset(_PLACE.findall(self._text(name, "zh")))

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """The text, in the language that `values` names as "lang" (Chinese unless it does).

        Raises TextError when a value is missing.
        """
        lang = values.get("lang") or "zh"
        text = self._text(name, lang if lang in LANGUAGES else "zh")
        missing = sorted(place for place in _PLACE.findall(text) if values.get(place) is None)
        if missing:
            raise TextError(f"sms.{name}: lacks {', '.join(missing)}")
        return _PLACE.sub(lambda found: str(values[found[1]]), text)

    def _text(self, name: str, lang: str) -> str:
        try:
            return self._texts[name][lang]
        except KeyError:
            raise TextError(f"there is no text sms.{name}") from None
