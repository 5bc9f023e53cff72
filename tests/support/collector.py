"""A collector of spans as ops have one: OTLP over HTTP, a process of its own.

`python -m tests.support.collector FILE` says its port and writes each span it was sent as a line
of JSON, decoded from the protobuf.
"""

import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan
from pydantic_core import from_json, to_json

from deploy.local.ports import LOOPBACK
from deploy.local.processes import Command, Reaper, Running, start
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Seen:
    """One span, from whichever exporter."""

    service: str
    name: str
    kind: str  # SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL
    trace_id: str
    span_id: str
    parent: str | None
    links: tuple[tuple[str, str], ...]  # (trace_id, span_id)
    attributes: dict[str, Any]
    failed: bool

    @property
    def context(self) -> tuple[str, str]:
        return self.trace_id, self.span_id


def read(body: bytes) -> list[Seen]:
    """The spans of one request of an exporter."""
    request = ExportTraceServiceRequest.FromString(body)
    return [
        _seen(dict(_values(group.resource.attributes)), span)
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _seen(resource: dict[str, Any], span: WireSpan) -> Seen:
    return Seen(
        service=resource["service.name"],
        name=span.name,
        kind=WireSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent=span.parent_span_id.hex() or None,
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        attributes=dict(_values(span.attributes))
        | {f"event {event.name}": str(event) for event in span.events}
        | ({"status": span.status.message} if span.status.message else {}),
        failed=span.status.code == 2,
    )


def _values(pairs: Any) -> list[tuple[str, Any]]:
    return [(pair.key, getattr(pair.value, pair.value.WhichOneof("value"))) for pair in pairs]


class Collector:
    """The process, and what it was sent."""

    def __init__(self, folder: Path, reaper: Reaper) -> None:
        self._file, self._port = folder / "spans.jsonl", folder / "collector.port"
        self._log = folder / "collector.log"
        self._reaper = reaper
        self._process: Running | None = None

    async def start(self) -> str:
        """Start it; its address, as OTEL_EXPORTER_OTLP_ENDPOINT has it."""
        argv = (sys.executable, "-m", "tests.support.collector", str(self._file), str(self._port))
        command = Command(name="collector", argv=argv, log=self._log, env={}, cwd=Path.cwd())
        self._process = await start(command, reaper=self._reaper)

        async def port() -> str:
            return self._port.read_text() if self._port.exists() else ""

        return f"http://{LOOPBACK}:{await eventually(port)}"

    async def stop(self) -> None:
        if self._process is not None:
            await self._process.stop()

    async def spans(self) -> list[Seen]:
        """All it was sent so far."""
        if not self._file.exists():
            return []
        whole = self._file.read_bytes().rpartition(b"\n")[0]
        lines = [from_json(line) for line in whole.splitlines()]
        return [
            Seen(**{**line, "links": tuple(tuple(link) for link in line["links"])})
            for line in lines
        ]


class _Handler(BaseHTTPRequestHandler):
    file: Path

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        right = self.path == "/v1/traces" and (
            self.headers["Content-Type"] == "application/x-protobuf"
        )
        if right:
            with self.file.open("ab") as file:
                for span in read(body):
                    file.write(to_json(span) + b"\n")
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200 if right else 400)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    _Handler.file = Path(sys.argv[1])
    server = HTTPServer((LOOPBACK, 0), _Handler)
    Path(sys.argv[2]).write_text(str(server.server_port))
    server.serve_forever()
