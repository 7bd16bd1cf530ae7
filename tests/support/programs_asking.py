"""Programs that ask a gateway with access tokens, good ones and forged ones."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from gateway.demo.clients import Client
from gateway.demo.signing_keys import Claims, Header, SigningKey
from gateway.operations.order import Order
from gateway.sessions.revocations import Whose
from tests.support.fortress import HANDSHAKE, raw_request
from tests.support.orders import give_order
from tests.support.raw_client import RawResponse, connected, exchange
from tests.support.strict_http import Field
from tests.support.whole_world import World, whole_world

ORDERS, OTHER = "https://orders.example.com", "https://other.example.com"
MACHINE = Client(
    app_id="nightly",
    app_secret="nightly-secret",
    permissions={ORDERS: ("read:orders", "write:orders"), OTHER: ("read:others",)},
)
ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/api"
upstream = "UPSTREAM"
allow = "anyone"
credentials = ["bearer"]
[[routes]]
path = "/orders"
upstream = "UPSTREAM"
allow = { scopes = ["read:orders", "write:orders"] }
credentials = ["bearer"]
audience = "https://orders.example.com"
[[routes]]
path = "/both"
upstream = "UPSTREAM"
allow = "anyone"
credentials = ["session", "bearer"]
[[routes]]
path = "/optional"
upstream = "UPSTREAM"
access = "optional"
credentials = ["session", "bearer"]
[[routes]]
path = "/x-ids"
upstream = "UPSTREAM"
allow = { x_ids = ["2244994945"] }
credentials = ["bearer"]
[[routes]]
path = "/nightly"
upstream = "UPSTREAM"
allow = [{ subjects = ["nightly"], scopes = ["write:orders"] }, { x_ids = ["1"] }]
credentials = ["bearer"]
[[routes]]
path = "/passed"
upstream = "UPSTREAM"
allow = "anyone"
credentials = ["bearer"]
pass_bearer = true
[[routes]]
path = "/public"
upstream = "UPSTREAM"
access = "public"
"""
RESOURCES = f'resources = ["{ORDERS}", "{OTHER}"]'


@dataclass(frozen=True, slots=True)
class Programs:
    """A world in which programs ask too, of Logto by *http*."""

    world: World
    http: aiohttp.ClientSession

    def claims(self, **changes: object) -> Claims:
        """Return those of a good token, with *changes*; None takes one away."""
        now = int(self.world.clock())
        claims: Claims = {
            "jti": "4bXo3kP",
            "sub": "nightly",
            "client_id": "nightly",
            "aud": ORDERS,
            "scope": "read:orders",
            "iat": now,
            "exp": now + 3600,
            "iss": self.world.logto.tenant.issuer,
        } | changes
        return {name: claims[name] for name in claims if claims[name] is not None}

    def token(
        self,
        header: Header | None = None,
        *,
        key: SigningKey | None = None,
        **changes: object,
    ) -> str:
        """Return a token that Logto's *key*, the current one, has signed."""
        key = key or self.world.logto.keys.current
        wanted: Header = {"typ": "at+jwt", "kid": key.kid} | (header or {})
        return key.sign(self.claims(**changes), wanted)

    async def issued(self, resource: str = ORDERS, scope: str = "read:orders") -> str:
        """Return a token that Logto gave to the machine."""
        logto = self.world.logto
        async with self.http.post(
            f"{logto.endpoint}/oidc/token",
            data={
                "grant_type": "client_credentials",
                "client_id": MACHINE.app_id,
                "client_secret": MACHINE.app_secret,
                "resource": resource,
                "scope": scope,
            },
        ) as answer:
            assert answer.status == 200, await answer.text()
            return str((await answer.json())["access_token"])

    def head(
        self,
        target: str,
        *fields: Field,
        method: bytes = b"GET",
        upgrade: bool = False,
    ) -> bytes:
        """Return a request's head, for a WebSocket where *upgrade* says so."""
        host = (b"Host", self.world.gateway.url.partition("//")[2].encode())
        handshake: Sequence[Field] = HANDSHAKE if upgrade else ()
        return raw_request(method, target.encode(), (host, *handshake, *fields))

    async def ask(
        self,
        target: str,
        *fields: Field,
        method: bytes = b"GET",
        upgrade: bool = False,
    ) -> RawResponse:
        """Ask for *target*, and return the answer."""
        head = self.head(target, *fields, method=method, upgrade=upgrade)
        if not upgrade:
            return await exchange(self.world.gateway.port, head)
        async with connected(self.world.gateway.port) as client:
            client.send(head)
            return await client.read_response()

    async def revoke(self, subject: str) -> None:
        """Give the order that an operator gives with ``gateway sessions revoke``."""
        order = Order(Whose.SUBJECT, subject, self.world.clock())
        status, _ = await give_order(order, self.world.gateway.admin)
        assert status == 200

    async def show(self, token: str, target: str = "/api") -> RawResponse:
        """Ask for *target* with *token*."""
        return await self.ask(target, bearer(token))


def bearer(token: str) -> Field:
    """Return the field that shows *token*."""
    return (b"Authorization", b"Bearer " + token.encode())


def challenge(answer: RawResponse) -> str:
    """Return the one challenge of *answer*."""
    (value,) = answer.values(b"WWW-Authenticate")
    return value.decode()


@asynccontextmanager
async def programs_asking(
    routes: str = ROUTES, *, logto_keys: str = RESOURCES, **more: str
) -> AsyncIterator[Programs]:
    """Run a world with *routes*, and a machine that is registered at its Logto."""
    async with (
        whole_world(routes, logto_keys=logto_keys, **more) as world,
        aiohttp.ClientSession() as http,
    ):
        world.logto.tenant.clients[MACHINE.app_id] = MACHINE
        world.logto.resources.update(MACHINE.permissions)
        yield Programs(world, http)
