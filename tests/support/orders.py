"""Orders as an operator gives them with ``gateway sessions revoke``."""

import aiohttp

from config.session import parse_key
from gateway.operations.order import PATH, SIGNATURE, Order, write_order
from tests.support.running_gateway import KEY


async def give_order(order: Order, listener: str) -> tuple[int, str]:
    """Give *order* at the *listener* (URL); return the status and what it says."""
    body, signature = write_order(order, parse_key(KEY))
    async with (
        aiohttp.ClientSession() as http,
        http.post(listener + PATH, data=body, headers={SIGNATURE: signature}) as answer,
    ):
        return answer.status, await answer.text()
