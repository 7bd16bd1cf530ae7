"""The button of a page that says to try again, in Chromium on a narrow screen."""

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser

from tests.support.whole_world import whole_world

NARROW = 320  # CSS pixels: WCAG 2.2, criterion 1.4.10
ASKED = "/notes?id=1&q=%22%3E%3Cb%3E"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be an application that is there again."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nback"
    )
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_leads_to_the_page_that_was_asked_for(
    tmp_path: Path, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    socket = tmp_path / "application.sock"
    route = f'[[routes]]\nupstream = "unix:{socket}"\naccess = "public"'
    async with whole_world(route) as world:
        page = await browser.new_page(
            color_scheme=scheme, viewport={"width": NARROW, "height": 640}
        )
        away = await page.goto(world.url(ASKED))
        assert away is not None
        assert away.status == 502
        assert await page.evaluate("document.documentElement.scrollWidth") == NARROW
        async with await asyncio.start_unix_server(answer, socket):
            again = page.get_by_role("link", name="Try again")
            async with page.expect_navigation():
                await again.click()
            assert page.url == world.url(ASKED)
            assert await page.inner_text("body") == "back"
