"""API keys at the edge: a source system may register tickets of its own and read them, no more."""

from dataclasses import replace
from typing import Final

from fastapi import Request

from services.intake.context import IntakeContext
from services.intake.domain.request import Request as Asked
from services.intake.domain.source import ApiKey, Scope
from shared.contracts.parts import Role
from shared.contracts.tickets import Source
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.web.identity import Caller, Door, UnauthenticatedError

HEADER: Final = "x-api-key"


async def key_of(request: Request, scope: Scope = Scope.TICKETS) -> ApiKey | None:
    """The key a request came with, None without one.

    Raises UnauthenticatedError for one that does not hold, ForbiddenError for another scope.
    """
    text = request.headers.get(HEADER)
    if text is None:
        return None
    intake: IntakeContext = request.app.state.context
    key = await intake.keys.find(text)
    if key is None:
        raise UnauthenticatedError("API 密钥无效或已吊销", "the API key does not hold")
    if scope not in key.scopes:
        raise ForbiddenError("该密钥无权进行此操作", f"the key is not good for {scope}")
    return key


def caller_of_key(key: ApiKey) -> Caller:
    """A source system as it stands in history."""
    return Caller(role=Role.SYSTEM, unit=None, name=key.system)


class KeyDoor(Door):
    """A door that takes an API key of a source system, too; see `own_system`."""

    def __init__(self, action: str, scope: Scope = Scope.TICKETS) -> None:
        super().__init__(action)
        self._scope = scope

    async def __call__(self, request: Request) -> Caller:
        key = await key_of(request, self._scope)
        if key is None:
            return await super().__call__(request)
        request.state.own_system = key.system
        return self.let_in(request, caller_of_key(key))


def own_system(request: Request) -> str | None:
    """The only system whose tickets this caller may see; None where it is no source system."""
    system: str | None = getattr(request.state, "own_system", None)
    return system


def of_key(asked: Asked, key: ApiKey) -> Asked:
    """A request as the key's system may register it, with its line where none is named."""
    if asked.source is None:
        raise InvalidError(
            FieldError(
                field="source.number",
                zh="source.number：必填，贵系统的单号",
                en="source.number: is required, your own number of the request",
            )
        )
    if asked.source.system != key.system:
        raise not_its_own(key)
    return replace(asked, line=asked.line or key.line)


def not_its_own(key: ApiKey) -> ForbiddenError:
    """What a key is told that reaches for another system's tickets."""
    return ForbiddenError(
        f"该密钥只能登记来源为 {key.system} 的工单", f"the key is of the source {key.system} only"
    )


def is_own(source: Source | None, system: str | None) -> bool:
    """Whether a caller bound to `system` (None: to none) may see a ticket of that source."""
    return system is None or (source is not None and source.system == system)
