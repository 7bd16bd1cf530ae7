"""The two ways to a real application: directly, and through the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Page

from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import ADA
from tests.support.running_gateway import anyone, running_gateway


@dataclass(frozen=True, slots=True)
class Way:
    """A way to an application that listens at *address*."""

    address: str
    signs_in: bool

    async def open(self, page: Page, path: str) -> None:
        """Open *path* of the application in *page*, and sign in where that is asked."""
        await page.goto(self.address + path)
        if self.signs_in:
            await page.get_by_role("button", name=ADA.name).click()
            await page.wait_for_url(self.address + path)


@asynccontextmanager
async def direct(upstream: str) -> AsyncIterator[Way]:
    """Go to *upstream* itself."""
    yield Way(upstream, signs_in=False)


@asynccontextmanager
async def through_the_gateway(upstream: str) -> AsyncIterator[Way]:
    """Put a gateway in front of *upstream* that lets in whoever signs in."""
    async with (
        EmulatedLogto.start() as logto,
        running_gateway(logto, anyone(upstream)) as gateway,
    ):
        yield Way(gateway.url, signs_in=True)


WAYS = [
    pytest.param(direct, id="directly"),
    pytest.param(through_the_gateway, id="through the gateway"),
]
