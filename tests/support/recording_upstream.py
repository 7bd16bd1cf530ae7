"""An application without sign-in that writes down what reaches it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.door import Door


@dataclass(frozen=True, slots=True)
class Reached:
    """A request that reached the application."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def values(self, name: str) -> list[str]:
        """Return the values of every field called *name*."""
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def value(self, name: str) -> str | None:
        """Return the only field called *name*, None without one."""
        found = self.values(name)
        assert len(found) <= 1, found
        return found[0] if found else None


@dataclass(slots=True)
class RecordingUpstream:
    """Answers everything with *status* and the body "application".

    ``fields`` are added to its answers; it answers only while ``door`` is open.
    """

    url: str = ""
    requests: list[Reached] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    status: int = 200
    door: Door = field(default_factory=Door)

    @property
    def last(self) -> Reached:
        """The request that came last."""
        return self.requests[-1]

    @property
    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [request.target for request in self.requests]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer any request."""
        fields = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.raw_headers
        )
        self.requests.append(
            Reached(request.method, request.raw_path, fields, await request.read())
        )
        await self.door.wait()
        if request.headers.get("Upgrade", "").lower() == "websocket":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.send_str("application")
            await socket.close()
            return socket
        return web.Response(text="application", headers=self.fields, status=self.status)


class _Server(TestServer):
    """A server that takes fields as long as the gateway may send them."""

    async def _make_runner(self, **options: Any) -> web.BaseRunner:  # noqa: ANN401
        return await super()._make_runner(**options, max_field_size=65536)


@asynccontextmanager
async def recording_upstream() -> AsyncIterator[RecordingUpstream]:
    """Run one on a port of the system's choice."""
    upstream = RecordingUpstream()
    upstream.door.set()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", upstream.answer)
    async with _Server(application) as server:
        upstream.url = str(server.make_url("")).rstrip("/")
        yield upstream
