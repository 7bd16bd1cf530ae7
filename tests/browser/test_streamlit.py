"""Streamlit, directly and through the gateway: a widget changes, the text follows."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.applications import streamlit
from tests.support.chromium import chromium
from tests.support.ways import WAYS, Way


@pytest.mark.parametrize("way_to", WAYS)
async def test_a_widget_changes_the_page(
    way_to: Callable[[str], AbstractAsyncContextManager[Way]], tmp_path: Path
) -> None:
    async with (
        streamlit(tmp_path) as upstream,
        way_to(upstream) as way,
        chromium() as browser,
    ):
        page = await browser.new_page()
        await way.open(page, "/")
        await expect(page.get_by_text("Result: 6")).to_be_visible()
        await page.get_by_text("Times seven").click()
        await expect(page.get_by_text("Result: 42")).to_be_visible()
        await page.get_by_label("Number").fill("10")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Result: 70")).to_be_visible()
