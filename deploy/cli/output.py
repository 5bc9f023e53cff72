"""Where the command line writes: results to standard output, everything else to standard error."""

import json
from datetime import datetime
from typing import Any

from rich.console import Console

from shared.calendar import SHANGHAI
from shared.errors import ShaodaoError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(content: Any) -> None:
    """One JSON document on standard output, for programs."""
    print(json.dumps(content, ensure_ascii=False, indent=1, default=str))


def local(moment: str | None) -> str:
    """A moment of an answer as people here read it, by the city's clock; a dash for none."""
    if moment is None:
        return "–"
    return f"{datetime.fromisoformat(moment).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def print_error(error: ShaodaoError) -> None:
    """What went wrong, in Chinese and English."""
    err.print(error.zh, style="bold red", markup=False, soft_wrap=True)
    err.print(error.en, style="dim", markup=False, soft_wrap=True)
