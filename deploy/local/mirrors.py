"""Which Maven repository to ask: the user's own mirror when one is set, else Maven Central.

The same places are looked at that Maven and jgo look at, so that whoever works behind a mirror
need not say so again: SHAODAO_MAVEN_URL, `~/.m2/settings.xml`, `~/.config/jgo.conf`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL

SETTING = "SHAODAO_MAVEN_URL, or <mirrors> in ~/.m2/settings.xml"


def maven_repository(environ: Mapping[str, str] = os.environ, home: Path | None = None) -> str:
    """The address to download jars from, without a slash at its end."""
    if chosen := environ.get("SHAODAO_MAVEN_URL"):
        return chosen.rstrip("/")
    settings = (home or Path.home()) / ".m2" / "settings.xml"
    if settings.exists() and (mirror := mirror_of_central(settings)):
        return mirror.rstrip("/")
    central: str = GlobalSettings.load().repositories.get("central", MAVEN_CENTRAL_URL)
    return central.rstrip("/")


def mirror_of_central(settings: Path) -> str | None:
    """The first mirror of a Maven settings file that stands for Central."""
    for mirror in ElementTree.parse(settings).iter():  # nosec B314: the user's own settings
        if _tag(mirror) != "mirror":
            continue
        fields = {_tag(child): (child.text or "").strip() for child in mirror}
        of = {part.strip() for part in fields.get("mirrorOf", "").split(",")}
        if "!central" not in of and of & {"central", "*", "external:*"}:
            return fields.get("url") or None
    return None


def _tag(element: ElementTree.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rsplit("}", 1)[-1]
