"""The recipes of docs/recipes/, each a real application behind the gateway."""

import importlib.util
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import jwt
import pytest
from aiohttp import web

from gateway.demo.logto import EmulatedLogto
from gateway.identity.assertion_keys import AssertionKey, keys_in
from tests.support.pem import p256
from tests.support.project import ROOT
from tests.support.raw_client import exchange
from tests.support.running_gateway import anyone, running_gateway
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA


def recipe(name: str) -> ModuleType:
    path = ROOT / "docs/recipes" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class Behind:
    """An application on *port*, behind the gateway at *url*, that signs with *key*."""

    port: int
    url: str
    key: AssertionKey

    async def ask(self, *assertions: str) -> int:
        """Go past the gateway, with *assertions*, and return the status."""
        lines = "".join(f"X-Gateway-Assertion: {one}\r\n" for one in assertions)
        head = f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n"
        return (await exchange(self.port, head.encode())).status

    def signed(self, key: object = None, **changes: Any) -> str:  # noqa: ANN401
        """Return an assertion as the gateway makes it, but for *changes*."""
        now = int(time.time())  # noqa: TID251 - the application reads this clock too
        claims = {
            "iss": self.url,
            "aud": self.url,
            "sub": "eve",
            "iat": now,
            "exp": now + 120,
        } | changes
        present = {name: value for name, value in claims.items() if value is not None}
        private: Any = key or self.key.private
        return jwt.encode(present, private, "ES256", {"kid": self.key.kid})


@asynccontextmanager
async def behind(tmp_path: Path) -> AsyncIterator[tuple[Behind, VirtualBrowser]]:
    file = tmp_path / "key.pem"
    file.write_bytes(p256())
    tables = f'[identity.assertion]\nenabled = true\nkeys = ["{file}"]'
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        async with (
            EmulatedLogto.start() as logto,
            VirtualBrowser() as browser,
            running_gateway(
                logto, anyone(f"http://127.0.0.1:{port}"), tables=tables
            ) as gateway,
        ):
            module = recipe("aiohttp_application")
            runner = web.AppRunner(module.application(gateway.url))
            await runner.setup()
            await web.SockSite(runner, bound).start()
            try:
                key = keys_in(file.read_bytes())[0]
                yield Behind(port, gateway.url, key), browser
            finally:
                await runner.cleanup()


async def test_it_knows_who_comes_through_the_gateway(tmp_path: Path) -> None:
    async with behind(tmp_path) as (app, browser):
        page = await browser.sign_in(f"{app.url}/", "ada")
        assert (page.status, json.loads(page.body)) == (200, {"sub": ADA})


FORGERIES: list[Any] = [
    pytest.param(
        lambda app: app.signed(keys_in(p256())[0].private), id="by another key"
    ),
    pytest.param(lambda app: app.signed(aud="https://b.example"), id="for another"),
    pytest.param(lambda app: app.signed(iss="https://b.example"), id="by another"),
    pytest.param(lambda app: app.signed(exp=1, iat=0), id="of yesterday"),
    pytest.param(lambda app: app.signed(exp=None), id="for ever"),
    pytest.param(lambda app: app.signed(sub=None), id="about nobody"),
    pytest.param(
        lambda app: jwt.encode({"sub": "eve"}, "", "none", {"kid": app.key.kid}),
        id="alg none",
    ),
    pytest.param(lambda _app: "forged", id="no JWT"),
]


@pytest.mark.parametrize("forged", FORGERIES)
async def test_it_refuses_forgeries(
    tmp_path: Path, forged: Callable[[Behind], str]
) -> None:
    async with behind(tmp_path) as (app, _browser):
        assert await app.ask() == 401
        assert await app.ask(app.signed()) == 200  # so that what follows shows it
        assert await app.ask(forged(app)) == 401
