"""The emulated Logto: a real server on loopback, behaving as Logto 1.41 was seen to.

It has no security of its own; the demo command and the tests are its only users.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.demo import authorization, end_session, metadata, sign_in, tokens
from gateway.demo.clients import Client
from gateway.demo.faults import Received, parameters_of, suffer, take
from gateway.demo.html import ASSETS
from gateway.demo.listener import Listener
from gateway.demo.people import EVERYONE, Person
from gateway.demo.tenant import TENANT, Tenant

Now = Callable[[], float]

ENDPOINTS = {
    "/oidc/.well-known/openid-configuration": "discovery",
    "/oidc/auth": "auth",
    "/oidc/auth/{uid}": "resume",
    "/consent": "consent",
    "/sign-in": "sign-in",
    "/register": "register",
    "/direct/{method}/{target}": "direct",
    "/x/authorize": "x",
    "/sso/authorize": "sso",
    "/callback/{connector}": "connector-callback",
    "/oidc/token": "token",
    "/oidc/token/revocation": "revocation",
    "/oidc/me": "me",
    "/oidc/jwks": "jwks",
    "/oidc/session/end": "end",
    "/oidc/session/end/confirm": "end-confirm",
    "/oidc/session/end/success": "end-success",
}
"""The names of the endpoints, in ``faults`` and in ``requests``."""


class EmulatedLogto:
    """A Logto to sign in with.

        async with EmulatedLogto.start() as logto:
            logto.client.register_gateway("http://127.0.0.1:8080")

    ``requests`` records what it was asked, ``faults["token"] = Fault(status=500)``
    breaks an endpoint, ``behaviour`` holds the hooks for a hostile Logto, ``people``
    may be added to, ``stop()`` and ``restart()`` are an outage.
    """

    def __init__(self, tenant: Tenant, listener: Listener) -> None:
        self.tenant = tenant
        self.listener = listener
        self.client = next(iter(tenant.clients.values()))
        self.people = tenant.people
        self.suspended = tenant.suspended
        self.resources = tenant.resources
        self.organizations = tenant.organizations
        self.keys = tenant.keys
        self.lifetimes = tenant.lifetimes
        self.behaviour = tenant.behaviour
        self.faults = tenant.faults
        self.requests = tenant.requests

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        port: int = 0,
        clients: Iterable[Client] = (),
        people: Iterable[Person] = EVERYONE,
        now: Now = time.time,  # noqa: TID251  the emulator is no rule: it has a clock
    ) -> AsyncIterator["EmulatedLogto"]:
        """Listen on localhost; *port* 0 takes any free one.

        *now* returns unix seconds.  Raises OSError when the port is taken.
        """
        tenant = Tenant(list(clients) or [Client()], list(people), now)
        listener = Listener(lambda: application(tenant), "localhost", port)
        async with listener:
            tenant.endpoint = listener.origin
            yield cls(tenant, listener)

    @property
    def endpoint(self) -> str:
        """What ``[logto] endpoint`` must be."""
        return self.tenant.endpoint

    @property
    def app_id(self) -> str:
        """The id of the (first) registered application."""
        return self.client.app_id

    @property
    def app_secret(self) -> str:
        """Its secret."""
        return self.client.app_secret

    def delete_person(self, key: str) -> None:
        """Delete the Logto user; signing in again makes one with a new ``sub``."""
        self.tenant.delete(key)

    async def stop(self) -> None:
        """Refuse connections from now on; what Logto knows is kept."""
        await self.listener.stop()

    async def restart(self) -> None:
        """Listen again, on the same port."""
        await self.listener.start()


def application(tenant: Tenant) -> web.Application:
    """Return the web application of *tenant*."""
    app = web.Application(middlewares=[_record_and_suffer])
    app[TENANT] = tenant
    app.router.add_static("/assets", ASSETS)
    app.add_routes(
        [
            web.get("/oidc/.well-known/openid-configuration", metadata.discovery),
            web.get("/oidc/jwks", metadata.jwks),
            web.get("/oidc/me", metadata.userinfo),
            web.post("/oidc/me", metadata.userinfo),
            web.get("/oidc/auth", authorization.authorize),
            web.post("/oidc/auth", authorization.authorize),
            web.get("/oidc/auth/{uid}", authorization.resume),
            web.get("/consent", authorization.consent),
            web.get("/sign-in", sign_in.sign_in_page),
            web.get("/register", sign_in.sign_in_page),
            web.get("/direct/{method}/{target}", sign_in.direct),
            web.get("/x/authorize", sign_in.provider_page),
            web.post("/x/authorize", sign_in.provider_decision),
            web.get("/sso/authorize", sign_in.provider_page),
            web.post("/sso/authorize", sign_in.provider_decision),
            web.get("/callback/{connector}", sign_in.connector_callback),
            web.post("/oidc/token", tokens.token),
            web.post("/oidc/token/revocation", tokens.revocation),
            web.get("/oidc/session/end", end_session.end_session),
            web.post("/oidc/session/end", end_session.end_session),
            web.post("/oidc/session/end/confirm", end_session.confirm),
            web.get("/oidc/session/end/success", end_session.success),
        ]
    )
    return app


@web.middleware
async def _record_and_suffer(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Write down what was asked, then let the endpoint's fault happen, if any."""
    tenant = request.app[TENANT]
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else ""
    endpoint = ENDPOINTS.get(path, path)
    tenant.requests.all.append(
        Received(
            endpoint=endpoint,
            method=request.method,
            path=request.path,
            parameters=await parameters_of(request),
            headers=request.headers,
            at=tenant.now(),
        )
    )
    return await suffer(take(tenant.faults, endpoint), request, handler)
