"""The demo's application: it shows what it received, and lives on two live streams.

It has no sign-in of its own and believes what the gateway tells it.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

from aiohttp import WSMsgType, web

from gateway.demo import html

Now = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Ticks:
    """The clock of the streams: unix seconds, and the seconds between two ticks."""

    now: Now
    interval: float


TICKS = web.AppKey("ticks", Ticks)

PUBLIC, ADA_ONLY = "/public", "/only-ada"
ASSETS = "/public/assets"
"""Public, so that the public page has its style without a session."""


def application(
    now: Now = time.time,  # noqa: TID251  the demo's own clock on the page
    interval: float = 1.0,
) -> web.Application:
    """Return the application; *interval* is the seconds between two ticks."""
    app = web.Application()
    app[TICKS] = Ticks(now, interval)
    app.router.add_static(ASSETS, html.ASSETS)
    app.add_routes(
        [
            web.get("/live/socket", socket),
            web.get("/live/events", events),
            web.route("*", "/{path:.*}", show),
        ]
    )
    return app


async def show(request: web.Request) -> web.Response:
    """Answer any other address with what arrived: the request and the person."""
    headers = request.headers
    return html.page(
        "upstream",
        method=request.method,
        target=request.raw_path,
        fields=_readable_fields(request),
        person=_person(headers),
        signed_in="X-Forwarded-User" in headers,
        behind_gateway="X-Forwarded-Host" in headers,
        public=request.path.startswith(PUBLIC),
        ada_only=request.path.startswith(ADA_ONLY),
        deep=request.path.startswith("/notes/"),
    )


async def socket(request: web.Request) -> web.WebSocketResponse:
    """Answer the WebSocket: the time at every tick, and every message back."""
    live = web.WebSocketResponse()
    await live.prepare(request)
    async with asyncio.TaskGroup() as group:
        clock = group.create_task(_tell_the_time(request.app[TICKS], live))
        async for message in live:
            if message.type is WSMsgType.TEXT:
                await live.send_str(json.dumps({"echo": message.data}))
        clock.cancel()
    return live


async def events(request: web.Request) -> web.StreamResponse:
    """Answer the event stream: a number at every tick, until the client leaves."""
    stream = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await stream.prepare(request)
    count = 0
    with suppress(ConnectionError):
        while True:
            count += 1
            await stream.write(f"id: {count}\ndata: {count}\n\n".encode())
            await asyncio.sleep(request.app[TICKS].interval)
    return stream


async def _tell_the_time(ticks: Ticks, live: web.WebSocketResponse) -> None:
    with suppress(ConnectionError):
        while not live.closed:
            text = time.strftime("%H:%M:%S", time.gmtime(ticks.now()))
            await live.send_str(json.dumps({"clock": f"{text} UTC"}))
            await asyncio.sleep(ticks.interval)


def _person(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the gateway says about the person, percent escapes decoded."""
    names = {
        "name": "X-Forwarded-Name",
        "handle": "X-Forwarded-Preferred-Username",
        "id": "X-Forwarded-User",
    }
    return {key: unquote(headers.get(name, "")) for key, name in names.items()}


def _readable_fields(request: web.Request) -> list[tuple[str, str, bool]]:
    """Return the fields as they came, and whether they tell who the person is."""
    about = ("x-forwarded-user", "x-forwarded-name", "x-forwarded-preferred-username")
    return [
        (
            name.decode("latin-1"),
            value.decode("latin-1"),
            name.lower().decode() in about,
        )
        for name, value in request.raw_headers
    ]
