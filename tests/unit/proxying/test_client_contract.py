"""What we take from inside aiohttp is still there, and means what we think.

aiohttp is pinned below its next minor version; when that pin moves, these tell first.
"""

import asyncio
import inspect
import re

import pytest
from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler

from gateway.proxying.client import ClientConnection, ClientLimits, GatewayServer
from gateway.proxying.client_request import ClientRequest
from gateway.proxying.relayed import Relayed
from gateway.proxying.request_head import parse_request_head
from tests.support.proxy_server import proxying
from tests.support.raw_client import exchange
from tests.support.raw_upstream import raw_upstream


async def handler(_request: ClientRequest) -> web.StreamResponse:
    return web.Response()


def connection() -> ClientConnection:
    return GatewayServer(handler, ClientLimits())()


@pytest.mark.parametrize(
    "name",
    [
        "_close", "_current_request", "_force_close", "_handler_waiter",
        "_keepalive_handle", "_keepalive_timeout", "_loop", "_manager",
        "_next_keepalive_close_time", "_parser", "_paused", "_reading_paused",
        "_request_handler", "_request_in_progress", "_task_handler", "_waiter",
    ],
)  # fmt: skip
async def test_a_request_handler_has_the_attribute(name: str) -> None:
    assert hasattr(connection(), name)


@pytest.mark.parametrize(
    "name", ["_drain_helper", "_process_keepalive", "start", "close"]
)
def test_a_request_handler_has_the_method(name: str) -> None:
    assert inspect.isfunction(getattr(RequestHandler, name))


def test_the_flow_control_of_streams_goes_through_the_protocol() -> None:
    source = inspect.getsource(StreamReader)
    for call in (
        "self._protocol.pause_reading()",
        "self._protocol.resume_reading(resume_parser=False)",
        "self._protocol.connected",
    ):
        assert call in source


def test_the_life_of_a_connection_starts_our_loop_and_cancels_it() -> None:
    assert "self.start()" in inspect.getsource(RequestHandler.connection_made)
    lost = inspect.getsource(RequestHandler.connection_lost)
    assert "self._task_handler.cancel()" in lost
    assert "handler_cancellation" in lost


def made(head: bytes) -> ClientRequest:
    return ClientRequest(
        parse_request_head(head, 99), None, connection(), asyncio.get_running_loop()
    )


async def test_a_request_is_one_of_aiohttps() -> None:
    request = made(b"GET /a%20b?c=d HTTP/1.1\r\nHost: h:1\r\nCookie: e=f\r\nX: \xff")
    assert request.path == "/a b"
    assert request.raw_target == b"/a%20b?c=d"
    assert request.query["c"] == "d"
    assert request.cookies == {"e": "f"}
    assert request.headers["x"] == "\udcff"
    assert request.method == "GET"
    assert request.host == "h:1"
    assert request.keep_alive
    assert await request.read() == b""
    assert repr(request)


async def test_a_request_has_every_attribute_that_aiohttp_gives_one() -> None:
    source = inspect.getsource(web.BaseRequest.__init__)
    assigned = set(re.findall(r"self\.(_\w+)(?:: [^=]+)? = ", source))
    request = made(b"GET / HTTP/1.1\r\nHost: h")
    assert assigned
    assert [name for name in assigned if not hasattr(request, name)] == []


async def test_a_strange_target_is_no_error() -> None:
    assert made(b"GET http://[x/ HTTP/1.1\r\nHost: h").rel_url.path == "/"


def test_a_relayed_answer_counts_as_sent() -> None:
    relayed = Relayed(299, keep_alive=True)
    assert relayed.prepared
    assert relayed.status == 299
    assert relayed.keep_alive


async def test_an_empty_answer_of_ours_gets_no_content_type() -> None:
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(proxy.port, b"GET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.values(b"Content-Type") == []
    assert answer.values(b"Server") == []
