"""JupyterLab, directly and through the gateway: a cell runs over its WebSocket."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.applications import jupyterlab
from tests.support.chromium import chromium
from tests.support.ways import WAYS, Way


@pytest.mark.parametrize("way_to", WAYS)
async def test_a_cell_runs(
    way_to: Callable[[str], AbstractAsyncContextManager[Way]], tmp_path: Path
) -> None:
    async with (
        jupyterlab(tmp_path) as upstream,
        way_to(upstream) as way,
        chromium() as browser,
    ):
        page = await browser.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))

        await way.open(page, "/lab")
        await page.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
        # JupyterLab drops a cell that is run before its kernel answers.
        await expect(page.get_by_text("| Idle")).to_be_visible(timeout=30_000)
        await page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        await page.keyboard.type("print(6*7)")
        await page.keyboard.press("Shift+Enter")

        output = page.locator(".jp-Notebook .jp-OutputArea-output").first
        await expect(output).to_have_text("42", timeout=30_000)
        host = way.address.removeprefix("http://")
        assert any(
            url.startswith(f"ws://{host}/api/kernels/") and "/channels" in url
            for url in sockets
        )
