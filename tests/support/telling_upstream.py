"""An application that says who asks: the subject in every answer and WebSocket.

Started as a program it takes its port.
"""

import asyncio
import sys
from contextlib import suppress

import uvloop
from aiohttp import WSMsgType, web

from gateway.demo.listener import Listener


async def who(request: web.Request) -> web.Response:
    """Answer with the subject."""
    return web.Response(text=request.headers.get("X-Forwarded-User", "nobody"))


async def socket(request: web.Request) -> web.WebSocketResponse:
    """Answer each message with the subject."""
    answer = web.WebSocketResponse()
    await answer.prepare(request)
    async for message in answer:
        if message.type is WSMsgType.TEXT:
            await answer.send_str(request.headers.get("X-Forwarded-User", "nobody"))
    return answer


def application() -> web.Application:
    """Return the application."""
    made = web.Application()
    made.router.add_get("/socket", socket)
    made.router.add_route("*", "/{path:.*}", who)
    return made


async def _main(port: int) -> None:
    async with Listener(application, "127.0.0.1", port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    with (
        suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_main(int(sys.argv[1])))
