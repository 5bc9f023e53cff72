"""How GeoReport answers: the same content as JSON or XML, and every refusal in its own shape."""

import re
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, Final
from xml.etree import ElementTree

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from services.intake.domain.open311 import GeoReportError
from shared.errors import ShaodaoError, UnavailableError
from shared.runtime.database import is_transient
from shared.runtime.logging import logger

log = logger(__name__)
Content = dict[str, Any] | list[dict[str, Any]]


class Format(StrEnum):
    """The ending of an address, which says what is answered."""

    JSON = "json"  # JSON，按 Spark 约定
    XML = "xml"  # XML，规范必备的格式


MEDIA: Final = {
    Format.JSON: "application/json; charset=utf-8",
    Format.XML: "text/xml; charset=utf-8",
}
# What the elements of a list are called in XML.
ITEMS: Final = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
}
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(content: Content, fmt: Format, *, root: str, status: int = 200) -> Response:
    """The content in the format asked for; `root` names the outermost element of XML."""
    body = to_json(content) if fmt is Format.JSON else _xml(root, content)
    return Response(body, status_code=status, headers={"content-type": MEDIA[fmt]})


def _xml(root: str, content: Any) -> bytes:
    element = ElementTree.Element(root)
    _fill(element, content)
    body: bytes = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return body


def _fill(element: ElementTree.Element, content: Any) -> None:
    if isinstance(content, dict):
        for name, value in content.items():
            _fill(ElementTree.SubElement(element, name), value)
    elif isinstance(content, list):
        for each in content:
            _fill(ElementTree.SubElement(element, ITEMS[element.tag]), each)
    elif isinstance(content, bool):
        element.text = "true" if content else "false"
    elif content is not None:
        element.text = _NOT_XML.sub("", str(content))


def format_of(request: Request) -> Format:
    """The format a request's address ends with; XML, which is required, where it is none."""
    ending = request.url.path.rpartition(".")[2]
    return Format(ending) if ending in set(Format) else Format.XML


class GeoReportRoute(APIRoute):
    """A route whose refusals are GeoReport's: 404 not there, 403 the key, 400 all other faults."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except GeoReportError as error:
                return refusal(request, error.status, *error.descriptions)
            except RequestValidationError as error:
                named = [".".join(str(p) for p in each["loc"]) for each in error.errors()]
                unknown = any(each.startswith("path.") for each in named)
                words = "地址或参数不对 / wrong address or parameter: " + ", ".join(named)
                return refusal(request, 404 if unknown else 400, words)
            except UnavailableError as error:
                words = f"{error.zh} / {error.en}"
                return _later(request, words, seconds=error.retry_after)
            except ShaodaoError as error:
                return refusal(request, 400, f"{error.zh} / {error.en}")
            except HTTPException as error:
                return refusal(request, 400, str(error.detail))
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("open311_unavailable", error=repr(error))
                words = "暂不可用，请稍后重试 / not available, try again"
                return _later(request, words, seconds=2)

        return handled


def _later(request: Request, words: str, *, seconds: int) -> Response:
    """No fault of the request: it may come again, which only this status says."""
    answered = refusal(request, 503, words)
    answered.headers["Retry-After"] = str(seconds)
    return answered


def refusal(request: Request, status: int, *descriptions: str) -> Response:
    """An error as GeoReport writes it."""
    content = [{"code": status, "description": each} for each in descriptions]
    return answer(content, format_of(request), root="errors", status=status)
