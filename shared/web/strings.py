"""The texts of the pages in both languages, read from TOML files, and which language to answer in.

`desk.zh-CN.toml` with `[desk] new = "新建工单"` gives `t("desk.new")`. A table may hold tables;
`{n}` in a text is filled in by name.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request

COOKIE: Final = "shaodao_lang"
SHARED: Final = Path(__file__).parent / "strings"


class Language(StrEnum):
    """What pages can be read in."""

    ZH = "zh-CN"  # 中文
    EN = "en"  # 英文


def language_of(request: Request) -> Language:
    """`?lang=`, else the cookie, else what the browser prefers, else Chinese."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in (Language.ZH, Language.EN):
            return Language(asked)
    for part in request.headers.get("accept-language", "").split(","):
        tag = part.partition(";")[0].strip().lower()
        if tag.startswith("zh"):
            return Language.ZH
        if tag.startswith("en"):
            return Language.EN
    return Language.ZH


class Strings:
    """All texts of one service: its own and the shared ones."""

    def __init__(self, *folders: Path) -> None:
        self._texts = {lang: _read(folders, lang) for lang in Language}

    def text(self, language: Language, key: str, values: Mapping[str, Any]) -> str:
        """The text of `key`; KeyError when the files have none."""
        found = self._texts[language][key]
        return found.format(**values) if values else found

    def keys(self, language: Language) -> frozenset[str]:
        """Every key there is in a language."""
        return frozenset(self._texts[language])

    def table_json(self, language: Language, table: str) -> str:
        """A table as JSON for a script element; KeyError when there is no such table."""
        start = f"{table}."
        found = {
            key.removeprefix(start): text
            for key, text in self._texts[language].items()
            if key.startswith(start)
        }
        if not found:
            raise KeyError(table)
        # `<` cannot end the element, nor begin a comment in it
        return json.dumps(found, ensure_ascii=False).replace("<", "\\u003c")


def _read(folders: Iterable[Path], language: Language) -> dict[str, str]:
    texts: dict[str, str] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*{language}.toml")):
            for key, text in _flat(tomllib.loads(path.read_text("utf-8")), ""):
                if key in texts:
                    raise ValueError(f"{path}: {key} is there twice")
                texts[key] = text
    return texts


def _flat(table: Mapping[str, Any], before: str) -> Iterable[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, str):
            yield f"{before}{name}", value
        else:
            raise ValueError(f"{before}{name} is no text: {value!r}")
