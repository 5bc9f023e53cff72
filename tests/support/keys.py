"""Keys and certificates made for one test, by an authority that nobody else knows."""

from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.local.keys import ServerKeys


class Authority:
    """Signs what servers and clients show; its own certificate is a file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.file))

    def keys(self, *names: str, asks: bool = False) -> ServerKeys:
        """A certificate for these names (hosts, addresses) with its key."""
        leaf = self._ca.issue_cert(*names)
        cert, key = (self._folder / f"{names[0]}.{kind}.pem" for kind in ("cert", "key"))
        cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        private = load_pem_private_key(leaf.private_key_pem.bytes(), password=None)
        key.touch(mode=0o600)
        key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return ServerKeys(cert=cert, key=key, ca=self.file, asks=asks)
