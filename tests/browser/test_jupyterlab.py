"""JupyterLab, directly and behind the gateway: a cell runs over its WebSocket."""

from pathlib import Path

from playwright.async_api import expect

from tests.support.applications import jupyterlab
from tests.support.chromium import chromium


async def test_a_cell_runs(tmp_path: Path) -> None:
    async with jupyterlab(tmp_path) as address, chromium() as browser:
        page = await browser.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))

        await page.goto(f"{address}/lab")
        await page.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
        # JupyterLab drops a cell that is run before its kernel answers.
        await expect(page.get_by_text("| Idle")).to_be_visible(timeout=30_000)
        editor = page.locator(".jp-Notebook .jp-CodeCell .cm-content").first
        await editor.click()
        await page.keyboard.type("print(6*7)")
        await page.keyboard.press("Shift+Enter")

        output = page.locator(".jp-Notebook .jp-OutputArea-output").first
        await expect(output).to_have_text("42", timeout=30_000)
        assert any("/channels" in url for url in sockets)
