"""The recipes of docs/recipes/, each a real application behind the gateway."""

import base64
import hashlib
import hmac
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from prometheus_client.parser import text_string_to_metric_families

from gateway.demo.logto import EmulatedLogto
from gateway.identity.assertion_keys import AssertionKey, keys_in
from tests.support.pem import p256
from tests.support.raw_client import exchange
from tests.support.recipes import NAMES, recipe
from tests.support.running_gateway import RunningGateway, anyone, running_gateway
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA

UNKNOWN_KEYS = 30


@dataclass(frozen=True, slots=True)
class Behind:
    """An application on *port*, behind *gateway*, which signs with *key*."""

    port: int
    gateway: RunningGateway
    key: AssertionKey

    async def ask(self, *assertions: str) -> int:
        """Go past the gateway, with *assertions*, and return the status."""
        host = self.gateway.url.removeprefix("http://")
        lines = "".join(f"X-Gateway-Assertion: {one}\r\n" for one in assertions)
        head = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n"
        return (await exchange(self.port, head.encode("latin-1"))).status

    def signed(self, key: object = None, kid: str = "", **changes: Any) -> str:  # noqa: ANN401
        """Return an assertion as the gateway makes it, but for *changes*."""
        private: Any = key or self.key.private
        header = {"kid": kid or self.key.kid}
        return jwt.encode(self.claims(**changes), private, "ES256", header)

    def claims(self, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
        now = int(time.time())  # noqa: TID251 - the application reads this clock too
        url = self.gateway.url
        claims = {"iss": url, "aud": url, "sub": "eve", "iat": now, "exp": now + 120}
        changed = claims | changes
        return {name: value for name, value in changed.items() if value is not None}

    def with_public_key_as_secret(self) -> str:
        """Return an assertion that a verifier believes which lets it choose HS256."""
        pem = self.key.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        header = {"alg": "HS256", "typ": "JWT", "kid": self.key.kid}
        signed = f"{part(header)}.{part(self.claims())}"
        mac = hmac.digest(pem, signed.encode(), hashlib.sha256)
        return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    async def asked_for_keys(self) -> float:
        """Return how often the gateway answered at an address of its own."""
        text = await self.gateway.metrics()
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "gateway_requests_total"
            and sample.labels["route"] == "own"
        )


def part(value: Mapping[str, object]) -> str:
    data = base64.urlsafe_b64encode(json.dumps(value).encode())
    return data.decode().rstrip("=")


@asynccontextmanager
async def behind(
    name: str, folder: Path
) -> AsyncIterator[tuple[Behind, VirtualBrowser]]:
    file = folder / "key.pem"
    file.write_bytes(p256())
    key = keys_in(file.read_bytes())[0]
    tables = f'[identity.assertion]\nenabled = true\nkeys = ["{file}"]'
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    routes = anyone(f"http://127.0.0.1:{port}")
    async with (
        EmulatedLogto.start() as logto,
        VirtualBrowser() as browser,
        running_gateway(logto, routes, tables=tables) as gateway,
        recipe(name, folder, gateway.url, port),
    ):
        yield Behind(port, gateway, key), browser


FORGERIES: Mapping[str, Callable[[Behind], list[str]]] = {
    "none at all": lambda _app: [],
    "empty": lambda _app: [""],
    "no JWT": lambda _app: ["forged"],
    "no ASCII": lambda _app: ["\xe9.\xe9.\xe9"],
    "alg none": lambda app: [
        jwt.encode(app.claims(), "", "none", {"kid": app.key.kid})
    ],
    "HS256 with the public key": lambda app: [app.with_public_key_as_secret()],
    "by another key": lambda app: [app.signed(keys_in(p256())[0].private)],
    "by an unknown key": lambda app: [app.signed(keys_in(p256())[0].private, "other")],
    "changed": lambda app: [
        f".{part(app.claims(sub='mallory'))}.".join(app.signed().split(".")[::2])
    ],
    "by another gateway": lambda app: [app.signed(iss="https://b.example")],
    "by no gateway": lambda app: [app.signed(iss=None)],
    "for another": lambda app: [app.signed(aud="https://b.example")],
    "for nobody": lambda app: [app.signed(aud=None)],
    "of yesterday": lambda app: [app.signed(exp=1, iat=0)],
    "for ever": lambda app: [app.signed(exp=None)],
    "about nobody": lambda app: [app.signed(sub=None)],
    "two of them": lambda _app: ["forged", "forged"],
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_recipe_knows_who_comes_through_the_gateway_and_believes_nobody_else(
    name: str, tmp_path: Path
) -> None:
    async with behind(name, tmp_path) as (app, browser):
        page = await browser.sign_in(f"{app.gateway.url}/", "ada")
        told = json.loads(page.body)
        assert (page.status, told) == (200, {"hello": "Ada Example", "user": ADA})

        assert await app.ask(app.signed()) == 200  # so that what follows shows it
        answers = {how: await app.ask(*forge(app)) for how, forge in FORGERIES.items()}
        assert answers == dict.fromkeys(FORGERIES, 401)

        before = await app.asked_for_keys()
        assert before
        stranger = keys_in(p256())[0].private
        for number in range(UNKNOWN_KEYS):
            assert await app.ask(app.signed(stranger, f"unknown-{number}")) == 401
        assert await app.asked_for_keys() - before <= 1
        assert await app.ask(app.signed()) == 200
