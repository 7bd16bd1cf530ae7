"""An application whose answers last: a WebSocket, an event stream, a download."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web


async def socket(request: web.Request) -> web.WebSocketResponse:
    """Say every message back."""
    answer = web.WebSocketResponse()
    await answer.prepare(request)
    async for message in answer:
        if message.type is WSMsgType.TEXT:
            await answer.send_str(message.data)
    return answer


async def events(request: web.Request) -> web.StreamResponse:
    """Send one event, and then nothing for ever."""
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    await answer.write(b"data: 1\n\n")
    await asyncio.Event().wait()  # until the client leaves
    return answer


async def download(request: web.Request) -> web.StreamResponse:
    """Send the first bytes of many."""
    answer = web.StreamResponse(headers={"Content-Length": "1000000"})
    await answer.prepare(request)
    await answer.write(b"part")
    await asyncio.Event().wait()  # until the client leaves
    return answer


@asynccontextmanager
async def lasting_upstream() -> AsyncIterator[str]:
    """Run one on a port of the system's choice, and give its address."""
    application = web.Application()
    application.add_routes(
        [
            web.get("/live/socket", socket),
            web.get("/live/events", events),
            web.get("/live/download", download),
        ]
    )
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
