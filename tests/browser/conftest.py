"""What the tests in Chromium begin with."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.support.chromium import chromium


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Run a Chromium that has no cookies."""
    async with chromium() as running:
        yield running
