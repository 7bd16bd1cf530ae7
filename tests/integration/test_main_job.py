"""The main job from end to end: sign in, be forwarded, sign out."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.demo.logto import EmulatedLogto
from tests.support.running_gateway import RunningGateway, anyone, running_gateway
from tests.support.virtual_browser import VirtualBrowser


async def told(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "target": request.raw_path,
            "fields": [
                [name.decode("latin-1"), value.decode("latin-1")]
                for name, value in request.raw_headers
            ],
        }
    )


@pytest.fixture
async def upstream() -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", told)
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def logto() -> AsyncIterator[EmulatedLogto]:
    async with EmulatedLogto.start() as running:
        yield running


@pytest.fixture
async def gateway(logto: EmulatedLogto, upstream: str) -> AsyncIterator[RunningGateway]:
    async with running_gateway(logto, anyone(upstream)) as running:
        yield running


async def test_a_person_signs_in_and_the_application_learns_who_they_are(
    gateway: RunningGateway,
) -> None:
    async with VirtualBrowser() as browser:
        page = await browser.sign_in(f"{gateway.url}/notes?id=1&q=%2F")
        assert page.status == 200
        assert page.url == f"{gateway.url}/notes?id=1&q=%2F"
        fields = dict(page.json()["fields"])
        assert fields["X-Forwarded-User"] == "87xtcn7tlv7b"
        assert fields["X-Forwarded-Preferred-Username"] == "ada_example"
        assert "Cookie" not in fields
