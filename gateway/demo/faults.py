"""Faults that can be switched on at an endpoint, and the record of its requests."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import CIMultiDictProxy, MultiDict, MultiMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong at an endpoint for as long as it stands in ``faults``.

    ``status`` with ``body`` answers in place of the endpoint; ``None`` lets it answer.
    ``delay`` waits that many seconds before, ``until`` waits for an event, ``hang``
    for ever.  ``drop`` closes the connection without an answer: before the endpoint
    has done anything, or after it where ``done`` says so (an answer that got lost).
    ``times`` requests are hit, None means all.
    """

    status: int | None = None
    body: bytes | str = "Internal Server Error"
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    until: asyncio.Event | None = None
    hang: bool = False
    drop: bool = False
    done: bool = False
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A request as the emulated Logto got it."""

    endpoint: str
    method: str
    path: str
    parameters: MultiMapping[str]
    """Query and form together."""
    headers: CIMultiDictProxy[str]
    at: float
    """Unix seconds by the emulator's clock."""


class Record:
    """Every request that arrived, oldest first."""

    def __init__(self) -> None:
        self.all: list[Received] = []

    def of(self, endpoint: str, **parameters: str) -> list[Received]:
        """Return the requests of *endpoint* ("token", "auth") with these parameters."""
        return [
            received
            for received in self.all
            if received.endpoint == endpoint
            and all(received.parameters.get(k) == v for k, v in parameters.items())
        ]

    def count(self, endpoint: str, **parameters: str) -> int:
        """Return how many requests *endpoint* got with these parameters."""
        return len(self.of(endpoint, **parameters))

    def clear(self) -> None:
        """Forget everything so far."""
        self.all.clear()


async def parameters_of(request: web.Request) -> MultiDict[str]:
    """Return the query and form parameters of *request*, files left out."""
    parameters = MultiDict(request.query)
    for name, value in (await request.post()).items():
        if isinstance(value, str):
            parameters.add(name, value)
    return parameters


def take(faults: dict[str, Fault], endpoint: str) -> Fault | None:
    """Return the fault that hits this request, and count it off ``times``."""
    name = endpoint if endpoint in faults else "*"
    fault = faults.get(name)
    if fault is None or fault.times is None:
        return fault
    if fault.times > 1:
        faults[name] = replace(fault, times=fault.times - 1)
    else:
        del faults[name]
    return fault


async def suffer(
    fault: Fault | None, request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Answer *request* as *fault* wants it, or through *handler* without one."""
    if fault is None:
        return await handler(request)
    if fault.done:
        answer = await handler(request)
        await _wait(fault)
    else:
        await _wait(fault)
        answer = (
            web.Response() if fault.drop else await _answer(fault, request, handler)
        )
    if fault.drop and request.transport is not None:
        request.transport.abort()
    return answer


async def _wait(fault: Fault) -> None:
    await asyncio.sleep(fault.delay)
    if fault.until is not None:
        await fault.until.wait()
    if fault.hang:
        await asyncio.Event().wait()


async def _answer(
    fault: Fault, request: web.Request, handler: Handler
) -> web.StreamResponse:
    if fault.status is None:
        return await handler(request)
    body = fault.body.encode() if isinstance(fault.body, str) else fault.body
    headers = dict(fault.headers) | {"Content-Type": fault.content_type}
    return web.Response(status=fault.status, body=body, headers=headers)
