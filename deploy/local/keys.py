"""The keys with which a server of the embedded stack speaks TLS, as files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerKeys:
    """PEM files: our certificate with its chain, its key (PKCS#8), and whom we believe.

    `asks`: whoever comes must show a certificate of that authority, too.
    """

    cert: Path
    key: Path
    ca: Path
    asks: bool = False
