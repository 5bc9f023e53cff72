"""Copies what the pages need of the npm packages into `shared/web/static/vendor`, and no more.

Run by `make setup` after `npm ci`; the folder is ignored by git. Nothing is loaded from elsewhere
when a page is shown.
"""

import re
import shutil
import sys
import zipfile
from pathlib import Path

from deploy.local.data_folder import PROJECT
from deploy.local.errors import StackError

PACKAGES = PROJECT / "node_modules"
VENDOR = PROJECT / "shared" / "web" / "static" / "vendor"

# of a package's files to the name under `vendor/`
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "htmx-ext-sse/dist/sse.min.js": "htmx/sse.min.js",
    "leaflet/dist/leaflet.js": "leaflet/leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/dist/images/layers.png": "leaflet/images/layers.png",
    "leaflet/dist/images/layers-2x.png": "leaflet/images/layers-2x.png",
    "leaflet/dist/images/marker-icon.png": "leaflet/images/marker-icon.png",
    "leaflet/dist/images/marker-icon-2x.png": "leaflet/images/marker-icon-2x.png",
    "leaflet/dist/images/marker-shadow.png": "leaflet/images/marker-shadow.png",
    "leaflet/LICENSE": "leaflet/LICENSE",
    "echarts/dist/echarts.min.js": "echarts/echarts.min.js",
    "echarts/LICENSE": "echarts/LICENSE",
    "echarts/NOTICE": "echarts/NOTICE",
    "@tabler/icons/LICENSE": "icons/LICENSE",
}
ICONS = "@tabler/icons/icons"
EMPTY = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
FRAME = re.compile(r".*?<svg[^>]*>", re.DOTALL)
SOURCE_MAP = re.compile(rb"\s*(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$")


def copy_assets(packages: Path = PACKAGES, vendor: Path = VENDOR) -> None:
    """Fill `vendor` anew from the installed packages; StackError when one is not installed."""
    missing = [name for name in FILES if not (packages / name).is_file()]
    if missing or not (packages / ICONS).is_dir():
        raise StackError(
            f"缺少网页资源 {', '.join(missing) or ICONS}：请先执行 make setup",
            f"missing npm files: {', '.join(missing) or ICONS}; run `make setup`",
        )
    draft = vendor.with_name(".vendor")
    shutil.rmtree(draft, ignore_errors=True)
    for source, target in FILES.items():
        (draft / target).parent.mkdir(parents=True, exist_ok=True)
        # a map that is not there would be asked for by every developer's browser
        (draft / target).write_bytes(SOURCE_MAP.sub(b"\n", (packages / source).read_bytes()))
    _pack_icons(packages / ICONS, draft / "icons" / "icons.zip")
    shutil.rmtree(vendor, ignore_errors=True)
    draft.rename(vendor)


def require_assets(vendor: Path = VENDOR) -> None:
    """StackError when pages would lack what they are made with."""
    if not (vendor / "icons" / "icons.zip").is_file():
        raise StackError(
            "网页资源尚未就绪：请执行 make setup",
            "the pages' files are not there: run `make setup`",
        )


def _pack_icons(icons: Path, target: Path) -> None:
    """The five thousand icons in one file: a page takes the few it shows out of it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for style in ("outline", "filled"):
            for path in sorted((icons / style).glob("*.svg")):
                name = path.name if style == "outline" else f"{path.stem}-filled.svg"
                packed.writestr(zipfile.ZipInfo(name), _inner(path.read_text("utf-8")))


def _inner(svg: str) -> str:
    """The shapes of an icon without their frame."""
    shapes = FRAME.sub("", svg, count=1).rpartition("</svg>")[0]
    return "".join(line.strip() for line in shapes.splitlines()).replace(EMPTY, "")


if __name__ == "__main__":
    try:
        copy_assets()
    except StackError as error:
        sys.exit(f"{error.zh} / {error.en}")
