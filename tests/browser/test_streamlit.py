"""Streamlit, directly and behind the gateway: a widget changes, the text follows."""

from pathlib import Path

from playwright.async_api import expect

from tests.support.applications import streamlit
from tests.support.chromium import chromium


async def test_a_widget_changes_the_page(tmp_path: Path) -> None:
    async with streamlit(tmp_path) as address, chromium() as browser:
        page = await browser.new_page()
        await page.goto(address)
        await expect(page.get_by_text("Result: 6")).to_be_visible()
        await page.get_by_text("Times seven").click()
        await expect(page.get_by_text("Result: 42")).to_be_visible()
        await page.get_by_label("Number").fill("10")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Result: 70")).to_be_visible()
