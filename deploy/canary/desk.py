"""The canary at intake: registers its tickets and takes them back, and asks which are left over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import httpx

from deploy.canary.settings import CanarySettings
from shared.contracts.parts import Role
from shared.runtime import tracing
from shared.web.identity import issue_token

TIMEOUT_SECONDS: Final = 10.0
TOKEN_MINUTES: Final = 30
TICKETS: Final = "/api/v1/tickets"
GONE: Final = (404, 409)  # taken back already, or ended otherwise


class Desk:
    """One process's way to intake and notifier over HTTP; raises httpx.HTTPError."""

    def __init__(self, settings: CanarySettings) -> None:
        self._settings = settings
        self._intake = str(settings.intake_url).rstrip("/")
        self._notifier = str(settings.notifier_url).rstrip("/")
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def register(self, now: datetime) -> UUID:
        """A ticket of nobody; the same minute's again is the same ticket."""
        stamp = f"{now:%Y-%m-%dT%H:%M:%S}"
        answer = await self._http.post(
            f"{self._intake}{TICKETS}",
            headers={
                **self._headers(),
                "Idempotency-Key": f"canary {stamp}",
                "traceparent": tracing.watched(),
            },
            json={
                "channel": "patrol",
                "description": f"全程探测 {stamp}",
                "place": {"no_location": True},
            },
        )
        answer.raise_for_status()
        return UUID(answer.json()["ticket_id"])

    async def withdraw(self, ticket_id: UUID) -> None:
        """Take it back; one that has ended is no error."""
        answer = await self._http.post(
            f"{self._intake}{TICKETS}/{ticket_id}/withdrawals", headers=self._headers()
        )
        if answer.status_code not in GONE:
            answer.raise_for_status()

    async def left_over(self) -> list[UUID]:
        """The canary's tickets that are still on their way, as the notifier has heard."""
        answer = await self._http.get(f"{self._notifier}/api/v1/canary", headers=self._headers())
        answer.raise_for_status()
        found: list[Mapping[str, Any]] = answer.json()["unfinished"]
        return [UUID(each["ticket_id"]) for each in found]

    def _headers(self) -> dict[str, str]:
        settings = self._settings
        if settings.canary_token is not None:
            token = settings.canary_token.get_secret_value()
        else:
            assert settings.token_secret is not None  # the settings ask for one of the two
            token = issue_token(
                settings.token_secret.get_secret_value(),
                role=Role.CANARY,
                name="canary",
                minutes=TOKEN_MINUTES,
            )
        return {"Authorization": f"Bearer {token}"}
