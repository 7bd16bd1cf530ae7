"""An application that asks the emulated Logto by hand, one step at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import jwt
from logto.OidcCore import OidcCore

from gateway.demo.logto import EmulatedLogto
from tests.support.virtual_browser import VirtualBrowser

APP = "http://127.0.0.1:9"
CALLBACK = f"{APP}/.gateway/callback"
SIGNED_OUT = f"{APP}/.gateway/signed-out"
VERIFIER = OidcCore.generateCodeVerifier()
SCOPE = "openid offline_access profile email custom_data identities"


@dataclass
class Clock:
    """A clock that goes when told; unix seconds."""

    at: float = 1_795_359_847.0

    def __call__(self) -> float:
        return self.at


@dataclass
class World:
    """A Logto, a browser, and an application that asks by hand."""

    logto: EmulatedLogto
    browser: VirtualBrowser
    http: aiohttp.ClientSession
    clock: Clock

    def address(self, **changes: str) -> str:
        """Return an authorization URL; "" leaves a parameter out."""
        parameters = {
            "client_id": self.logto.app_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": SCOPE,
            "prompt": "consent",
            "state": "s",
            "code_challenge": OidcCore.generateCodeChallenge(VERIFIER),
            "code_challenge_method": "S256",
            "direct_sign_in": "social:x",
        } | changes
        kept = {name: value for name, value in parameters.items() if value}
        return f"{self.logto.endpoint}/oidc/auth?{urlencode(kept)}"

    async def come_back(self, person: str = "ada", **changes: str) -> dict[str, str]:
        """Sign in and return what the callback was given."""
        page = await self.browser.sign_in(
            self.address(**changes), person, until=CALLBACK
        )
        assert page.location is not None, page.text
        return dict(parse_qsl(urlsplit(page.location).query))

    async def post(self, path: str, **form: str) -> tuple[int, dict[str, Any]]:
        """Post as the application; its name and secret are added."""
        sent = {
            "client_id": self.logto.app_id,
            "client_secret": self.logto.app_secret,
        } | form
        async with self.http.post(self.logto.endpoint + path, data=sent) as answer:
            text = await answer.read()
            return answer.status, await answer.json() if text else {}

    async def redeem(self, code: str, **changes: str) -> tuple[int, dict[str, Any]]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return await self.post("/oidc/token", **(form | changes))

    async def refresh(self, token: str) -> tuple[int, dict[str, Any]]:
        return await self.post(
            "/oidc/token", grant_type="refresh_token", refresh_token=token
        )

    async def tokens(self, person: str = "ada", **changes: str) -> dict[str, Any]:
        """Sign in and return the tokens."""
        code = (await self.come_back(person, **changes))["code"]
        status, answer = await self.redeem(code)
        assert status == 200
        return answer

    async def userinfo(self, token: str) -> tuple[int, dict[str, Any]]:
        async with self.http.get(
            f"{self.logto.endpoint}/oidc/me",
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            return answer.status, await answer.json()


def claims_of(id_token: str) -> dict[str, Any]:
    """Return what an ID token says, unverified."""
    return dict(jwt.decode(id_token, options={"verify_signature": False}))


@asynccontextmanager
async def asking_application() -> AsyncIterator[World]:
    """Start a Logto, a browser and an application, all by one clock."""
    clock = Clock()
    async with (
        EmulatedLogto.start(now=clock) as logto,
        VirtualBrowser(now=clock) as browser,
        aiohttp.ClientSession() as http,
    ):
        logto.client.register_gateway(APP)
        yield World(logto, browser, http, clock)
