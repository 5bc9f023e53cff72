"""The headers every answer carries: what a page of ours may load, and who may look into it."""

from typing import Final
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl

YEAR_SECONDS: Final = 365 * 24 * 3600


def security_headers(
    tile_url: str | None, neighbour: AnyHttpUrl | None = None, *, is_https: bool = False
) -> dict[str, str]:
    """The headers, with the host of the map's tiles as the one foreign place for pictures.

    `neighbour`: another service of the same city, which pages may ask for what only it has. Answers
    that say nothing else are kept by nobody, as they tell of persons and matters. `is_https`:
    browsers come over TLS, and shall never come otherwise again.
    """
    tiles = f" {tile_origin(tile_url)}" if tile_url else ""
    beside = f" {origin_of(neighbour)}" if neighbour else ""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: blob:{tiles}{beside}",
        f"connect-src 'self'{beside}",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "worker-src 'self'",
        "manifest-src 'self'",
    )
    told = {"Strict-Transport-Security": f"max-age={YEAR_SECONDS}"} if is_https else {}
    return told | {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def origin_of(address: AnyHttpUrl) -> str:
    """What a browser names as the origin of an address: scheme, host, and the port if unusual."""
    usual = {"http": 80, "https": 443}[address.scheme]
    port = f":{address.port}" if address.port not in (None, usual) else ""
    return f"{address.scheme}://{address.host}{port}"


def tile_origin(tile_url: str) -> str:
    """`https://t{s}.tiles.example/{z}/{x}` is of `https://*.tiles.example`; ValueError if none."""
    parts = urlsplit(tile_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"not the address of map tiles: {tile_url!r}")
    first, dot, rest = parts.netloc.partition(".")
    if "{" in rest or any(sign in parts.netloc for sign in " ;,'\""):
        raise ValueError(f"not the address of map tiles: {tile_url!r}")
    host = f"*{dot}{rest}" if "{" in first else parts.netloc
    return f"{parts.scheme}://{host}"
