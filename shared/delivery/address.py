"""Which addresses a webhook may call: the public network, and what the settings name besides.

Whoever may set a webhook shall not reach into our own network with it: the name is resolved, every
address it stands for is judged, and the call goes to the address that was judged.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
MOST_CHARACTERS: Final = 500


class UnsafeAddressError(ValueError):
    """A webhook's address that is not called, and why."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Networks that may be called although they are not public."""

    networks: tuple[Network, ...] = ()

    @staticmethod
    def read(text: str) -> "Allowed":
        """Networks separated by commas, "10.0.0.0/8,127.0.0.1/32"; raises ValueError."""
        parts = (part.strip() for part in text.split(","))
        return Allowed(tuple(ipaddress.ip_network(part) for part in parts if part))

    def has(self, address: Address) -> bool:
        """Whether the address may be called."""
        for each in _all_of(address):
            if any(each.version == net.version and each in net for net in self.networks):
                continue
            if not each.is_global or each.is_multicast or each.is_reserved:
                return False
        return True


def check_url(url: str) -> SplitResult:
    """The parts of an address that could be called; raises UnsafeAddressError.

    https, or http to this very machine for trying it; no user and password in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UnsafeAddressError(str(error)) from None
    if len(url) > MOST_CHARACTERS or not url.isascii() or not url.isprintable() or " " in url:
        raise UnsafeAddressError("is too long or has characters that an address cannot have")
    if not parts.hostname or port == 0:
        raise UnsafeAddressError("names no host")
    if parts.username is not None or parts.password is not None:
        raise UnsafeAddressError("must not have a user or password in it")
    if parts.fragment:
        raise UnsafeAddressError("must not have a fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return parts
    raise UnsafeAddressError("must begin with https://")


async def safe_address(parts: SplitResult, allowed: Allowed) -> Address:
    """An address of the host that may be called; UnsafeAddressError when any of them may not be.

    OSError when the name cannot be resolved.
    """
    assert parts.hostname is not None  # as check_url found
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await _resolved(parts.hostname, port)
    for address in found:
        if not allowed.has(address):
            raise UnsafeAddressError("stands for an address that is not public")
    return found[0]


async def _resolved(host: str, port: int) -> Sequence[Address]:
    loop = asyncio.get_running_loop()
    rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _all_of(address: Address) -> list[Address]:
    """The address, or the IPv4 ones that an IPv6 one leads to."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    inside: list[Address] = [address]
    if address.sixtofour is not None:
        inside.append(address.sixtofour)
    if address.teredo is not None:
        inside.extend(address.teredo)
    if address in _NAT64:
        inside.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return inside
