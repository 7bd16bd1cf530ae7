"""The admin listener takes the operator's orders."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from gateway.operations.order import (
    PATH,
    SIGNATURE,
    OrderRefused,
    read_order,
)
from gateway.sessions.revocations import Whose


@dataclass(frozen=True, slots=True)
class AdminOrders:
    """Takes orders that are signed with one of *keys*; *now* gives unix seconds.

    *revoke* ends the sessions of somebody, and returns whether that will be remembered
    where it should.
    """

    keys: Sequence[bytes] = field(repr=False)
    revoke: Callable[[Whose, str], Awaitable[bool]]
    now: Callable[[], float]

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses for orders."""
        return [web.post(PATH, self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        """Answer 200 once it is done, 403 where it is not for us, 500 if not kept.

        A browser says where a page came from; orders come from no page.
        """
        if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:
            return web.Response(status=403, text="orders come from no web page\n")
        signature = request.headers.get(SIGNATURE, "")
        try:
            body = await request.read()  # within aiohttp's limit
        except (ConnectionError, RuntimeError):  # so aiohttp says that a client left
            return web.Response(status=400, text="cut off\n")
        try:
            order = read_order(body, signature, self.keys, self.now())
        except OrderRefused as refused:
            return web.Response(status=403, text=f"{refused}\n")
        if not await self.revoke(order.whose, order.value):
            return web.Response(status=500, text="it counts, but was not written\n")
        return web.Response(text="done\n")
