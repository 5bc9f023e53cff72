"""Where downloaded things are kept between stacks: the user's cache folder, or SHAODAO_CACHE."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The folder for what can be fetched again; not created here."""
    if chosen := os.environ.get("SHAODAO_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "shaodao"
    parent = os.environ.get("XDG_CACHE_HOME")
    return (Path(parent) if parent else Path.home() / ".cache") / "shaodao"
