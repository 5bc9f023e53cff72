"""The demo city's rota and a key of these tests alone."""

import base64

from deploy.local.plan import ROTA
from shared.sealing import Seals

VAULT_KEY = base64.b64encode(b"k" * 32).decode()
SEALS = Seals([VAULT_KEY])

__all__ = ["ROTA", "SEALS", "VAULT_KEY"]
