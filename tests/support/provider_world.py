"""A provider of ours, an emulated Logto and people with browsers, on one clock."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp

from config.logto import Logto
from gateway.authentication.authorization_url import AuthorizationRequest
from gateway.authentication.logto_provider import LogtoProvider, SignedIn
from gateway.authentication.provider_http import open_session
from gateway.demo.grants import Approval, CodeBinding, Grant
from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import ADA, EVERYONE, Person
from tests.support.virtual_browser import VirtualBrowser

APP = "http://127.0.0.1:9"
CALLBACK = f"{APP}/.gateway/callback"
SIGNED_OUT = f"{APP}/.gateway/signed-out"
NONCE = "the-nonce-of-this-attempt"


@dataclass(slots=True)
class Clock:
    """A clock that goes when told; unix seconds."""

    at: float = 1_795_359_847.0

    def __call__(self) -> float:
        return self.at


@dataclass(frozen=True, slots=True)
class Asked:
    """A person on the way back: the attempt, and the query of the callback."""

    attempt: AuthorizationRequest
    query: str

    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query))


@dataclass(frozen=True, slots=True)
class ProviderWorld:
    """What a test of the provider needs."""

    logto: EmulatedLogto
    http: aiohttp.ClientSession
    provider: LogtoProvider
    clock: Clock

    def another(self, **changes: object) -> LogtoProvider:
        """Return a provider that knows nothing yet, with other settings."""
        settings = settings_for(self.logto, **changes)
        return LogtoProvider(settings, self.http, now=self.clock)

    async def ask(self, person: str = "ada", *, nonce: str = NONCE) -> Asked:
        """Sign *person* in at Logto, in a new browser, as far as the callback."""
        attempt = await self.provider.begin(CALLBACK, nonce=nonce)
        async with VirtualBrowser(now=self.clock) as browser:
            page = await browser.sign_in(attempt.url, person, until=CALLBACK)
        assert page.location is not None, page.text
        return Asked(attempt, urlsplit(page.location).query)

    def shortcut(self, person: Person, attempt: AuthorizationRequest) -> Asked:
        """Return *person* on the way back from Logto, without the pages between."""
        asked_for = dict(parse_qsl(urlsplit(attempt.url).query))
        client_id = asked_for["client_id"]
        approval = Approval(
            grant=Grant(person.key, person.sub, client_id),
            scope=tuple(asked_for["scope"].split()),
            nonce=asked_for["nonce"],
            auth_time=None,
        )
        callback, challenge = asked_for["redirect_uri"], asked_for["code_challenge"]
        binding = CodeBinding(client_id, callback, challenge)
        answer = {
            "code": self.logto.tenant.grants.issue_code(approval, binding),
            "state": asked_for["state"],
            "iss": self.logto.tenant.issuer,
        }
        return Asked(attempt, urlencode(answer))

    async def begin(self, person: Person = ADA) -> Asked:
        """Return *person* on the way back from a new attempt, by the shortcut."""
        attempt = await self.provider.begin(CALLBACK, nonce=NONCE)
        return self.shortcut(person, attempt)

    async def asked_for(self, endpoint: str) -> None:
        """Wait until Logto's *endpoint* has been asked."""
        while not self.logto.requests.count(endpoint):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)

    async def come_back(
        self, asked: Asked, *, nonce: str = NONCE, **changes: str
    ) -> SignedIn:
        """Complete what was asked; *changes* replace callback parameters."""
        query = asked.query
        if changes:
            query = urlencode(asked.parameters() | changes)
        return await self.provider.complete(
            query, CALLBACK, asked.attempt.sign_in_session, nonce
        )

    async def sign_in(self, person: str = "ada", *, nonce: str = NONCE) -> SignedIn:
        """Sign *person* in, from beginning to end."""
        return await self.come_back(await self.ask(person, nonce=nonce), nonce=nonce)


def settings_for(logto: EmulatedLogto, **changes: object) -> Logto:
    """Return the [logto] table for the emulated *logto*."""
    table = {
        "endpoint": logto.endpoint,
        "app_id": logto.app_id,
        "app_secret": logto.app_secret,
    }
    return Logto.model_validate(table).model_copy(update=changes)


@asynccontextmanager
async def provider_world(
    people: Iterable[Person] = EVERYONE, **changes: object
) -> AsyncIterator[ProviderWorld]:
    """Start everything; *changes* go to the [logto] table."""
    clock = Clock()
    async with EmulatedLogto.start(now=clock, people=people) as logto:
        logto.client.register_gateway(APP)
        settings = settings_for(logto, **changes)
        async with open_session(settings) as http:
            provider = LogtoProvider(settings, http, now=clock)
            yield ProviderWorld(logto, http, provider, clock)
