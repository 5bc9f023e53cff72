"""Routes that take a command: what its body does not have is refused by name."""

from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

from fastapi import APIRouter
from pydantic import with_config


class CommandRouter(APIRouter):
    """Routes whose `body` is a dataclass: a field it does not have is refused by its name."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Before the framework reads what the body is, it is told to be strict."""
        body = get_type_hints(endpoint).get("body")
        for each in (body, *get_args(body)):
            if isinstance(each, type) and is_dataclass(each):
                with_config(extra="forbid")(each)
        super().add_api_route(path, endpoint, **options)
