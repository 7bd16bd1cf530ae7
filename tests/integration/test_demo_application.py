"""The demo's application shows what it received, and keeps two streams alive."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, StreamReader
from yarl import URL

from gateway.demo.listener import Listener
from gateway.demo.upstream import application

GATEWAY = {
    "X-Forwarded-Host": "127.0.0.1:8080",
    "X-Forwarded-User": "87xtcn7tlv7b",
    "X-Forwarded-Name": "Zo%C3%AB <b>",
    "X-Forwarded-Preferred-Username": "zoe",
}


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    listener = Listener(lambda: application(lambda: 43200.0, 0.01), "127.0.0.1", 0)
    async with listener:
        yield listener.origin


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def page(http: ClientSession, url: str, **headers: str) -> str:
    async with http.get(URL(url, encoded=True), headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_it_greets_whom_the_gateway_names(
    http: ClientSession, origin: str
) -> None:
    text = await page(http, origin, **GATEWAY)

    assert "Hello, Zoë &lt;b&gt;" in text
    assert "@zoe" in text
    assert "/.gateway/sign-out" in text


async def test_it_shows_every_header_as_it_came(
    http: ClientSession, origin: str
) -> None:
    text = await page(http, origin, **GATEWAY | {"x-OdD": "Value"})

    assert "x-OdD</th>" in text
    assert "Zo%C3%AB &lt;b&gt;</td>" in text


async def test_it_says_so_when_somebody_comes_around_the_gateway(
    http: ClientSession, origin: str
) -> None:
    text = await page(http, origin)

    assert "You came around the gateway" in text
    assert "/.gateway/" not in text


async def test_the_public_page_needs_nobody_and_no_script(
    http: ClientSession, origin: str
) -> None:
    text = await page(http, f"{origin}/public", **{"X-Forwarded-Host": "h"})

    assert "whoever you are" in text
    assert "<script" not in text
    assert await page(http, f"{origin}/public/assets/demo.css")


async def test_a_deep_link_shows_its_query(http: ClientSession, origin: str) -> None:
    assert "/notes/42?a=%2F&amp;b" in await page(http, f"{origin}/notes/42?a=%2F&b")


async def test_no_page_has_inline_script(http: ClientSession, origin: str) -> None:
    text = await page(http, origin, **GATEWAY)

    assert text.count("<script") == text.count("<script src=")
    assert "onclick" not in text
    assert "style=" not in text


async def test_the_socket_tells_the_time_and_echoes(
    http: ClientSession, origin: str
) -> None:
    async with http.ws_connect(f"{origin}/live/socket") as socket:
        assert await socket.receive_json() == {"clock": "12:00:00 UTC"}
        await socket.send_str("<hello>")
        received = [await socket.receive_json() for _ in range(3)]

    assert {"echo": "<hello>"} in received
    assert {"clock": "12:00:00 UTC"} in received


async def test_the_event_stream_counts_until_the_client_leaves(
    http: ClientSession, origin: str
) -> None:
    async with http.get(f"{origin}/live/events") as answer:
        assert answer.content_type == "text/event-stream"
        seen = [json.loads(await next_event(answer.content)) for _ in range(3)]

    assert seen == [1, 2, 3]


async def next_event(lines: StreamReader) -> bytes:
    """Return the data of the next event."""
    async for line in lines:
        if line.startswith(b"data: "):
            return line.removeprefix(b"data: ")
    raise AssertionError("the stream ended")
