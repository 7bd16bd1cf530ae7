"""Logto, through its SDK: begin a sign-in, complete it, sign out.

The only module that knows the SDK. That keeps one slot per storage, opens a session per
request, blocks on keys and skips checks; so each sign-in has a storage, a core and a
client of its own, and the core asks and verifies through the modules beside this one.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from urllib.parse import urlencode

import aiohttp
from logto import (
    LogtoClient,
    LogtoConfig,
    LogtoException,
    OidcProviderMetadata,
    PersistKey,
    Storage,
)
from logto.models.response import TokenResponse
from logto.OidcCore import OidcCore

from config.logto import Logto
from gateway.authentication.answers import Tokens
from gateway.authentication.authorization_url import (
    AuthorizationRequest,
    complete_url,
    scopes_beside_the_sdk,
)
from gateway.authentication.callback_parameters import parse_callback
from gateway.authentication.errors import ProviderUnavailable, SignInRefused
from gateway.authentication.id_token import Expected, expiry
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.authentication.provider_metadata import ProviderMetadata
from gateway.authentication.sign_in_record import read_record
from gateway.authentication.token_verifier import Signer


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in: claims that are verified and agree, and the tokens for them."""

    id_token_claims: Mapping[str, object] = field(repr=False)
    userinfo: Mapping[str, object] = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: int  # of the ID token, unix seconds


class LogtoProvider:
    """The Logto of *settings*; *now* gives unix seconds.

    *http* comes from :func:`gateway.authentication.provider_http.open_session`.
    """

    def __init__(
        self,
        settings: Logto,
        http: aiohttp.ClientSession,
        *,
        now: Callable[[], float],
    ) -> None:
        self._sign_in = settings.sign_in
        self._endpoints = ProviderEndpoints(settings, http, now=now)
        self._config = LogtoConfig(
            endpoint=settings.endpoint,
            appId=settings.app_id,
            appSecret=settings.app_secret.get_secret_value(),
            prompt="consent",  # a refresh token comes with consent only
            scopes=[*scopes_beside_the_sdk(settings.scopes)],
        )

    async def begin(
        self,
        callback: str,
        *,
        nonce: str,
        first_screen: str | None = None,
        prompt: str | None = None,
    ) -> AuthorizationRequest:
        """Return the way to Logto for a new sign-in that comes back to *callback*.

        *first_screen* ("register") and *prompt* ("login consent") are Logto's
        parameters; with direct sign-in the first screen is what Logto falls back to.
        Raises ProviderUnavailable.
        """
        metadata = await self._endpoints.metadata.get()
        storage = _Memory()
        core = _Core(metadata, self._endpoints, nonce)
        client = _Client(self._config, storage, core)
        begun = await client.signIn(callback)
        sign_in_session = storage.get("signInSession") or ""
        record = read_record(sign_in_session)
        url = complete_url(
            begun,
            {
                "nonce": nonce,
                "direct_sign_in": self._sign_in,
                "first_screen": first_screen or "",
                "prompt": prompt or "",
            },
            state=record.state,
            code_verifier=record.code_verifier,
        )
        return AuthorizationRequest(url, record.state, sign_in_session)

    async def complete(
        self, query: str, callback: str, sign_in_session: str, nonce: str
    ) -> SignedIn:
        """Return who came back to *callback* with the raw *query*.

        *sign_in_session* and *nonce* are those of the attempt. Not to be cancelled and
        never to be repeated: the code is spent. Raises SignInRefused and
        ProviderUnavailable.
        """
        record = read_record(sign_in_session)
        parameters = parse_callback(query, record.state)
        record.check_callback(callback)
        metadata = await self._endpoints.metadata.get()
        code = parameters.code(
            metadata.issuer, issuer_required=metadata.names_itself_in_callbacks
        )
        core = _Core(metadata, self._endpoints, nonce)
        client = _Client(self._config, _Memory(signInSession=sign_in_session), core)
        answer = urlencode({"state": record.state, "code": code})
        try:
            await client.handleSignInCallback(f"{callback}?{answer}")
        except LogtoException:
            raise SignInRefused("The SDK does not accept the answer.") from None
        tokens, subject = core.tokens, str(core.claims["sub"])
        return SignedIn(
            id_token_claims=core.claims,
            userinfo=await self._endpoints.userinfo(tokens.access_token, subject),
            refresh_token=tokens.refresh_token,
            id_token=tokens.id_token,
            access_token=tokens.access_token,
            expires_at=expiry(core.claims),
        )

    async def revoke(self, refresh_token: str) -> None:
        """Revoke *refresh_token* and its whole grant; raises ProviderUnavailable."""
        await self._endpoints.revoke(refresh_token)

    async def end_session_url(self, post_logout: str) -> str:
        """Return where to send a person to end their Logto session.

        *post_logout* is the registered address they come back to. Logto must give a
        sign of life first: one that is away leaves them at an error of the browser.
        Raises ProviderUnavailable.
        """
        metadata = await self._endpoints.metadata.renew()
        core = _Core(metadata, self._endpoints, nonce="")
        client = _Client(self._config, _Memory(), core)
        try:
            return await client.signOut(post_logout)
        except LogtoException:
            raise ProviderUnavailable("Logto names no end of session.") from None

    async def ready(self) -> bool:
        """Tell whether sign-ins can begin: Logto is known, or answers now."""
        try:
            await self._endpoints.metadata.get()
        except ProviderUnavailable:
            return False
        return True


class _Memory(Storage):
    """The SDK's storage, for one sign-in."""

    def __init__(self, **values: str) -> None:
        self._values: dict[str, str | None] = dict(values)

    def get(self, key: PersistKey) -> str | None:
        return self._values.get(key)

    def set(self, key: PersistKey, value: str | None) -> None:
        self._values[key] = value

    def delete(self, key: PersistKey) -> None:
        self._values.pop(key, None)


class _Client(LogtoClient):
    """The SDK's client, on a core that is here already."""

    def __init__(self, config: LogtoConfig, storage: Storage, core: OidcCore) -> None:
        super().__init__(config, storage)
        self._oidcCore = core


class _Core(OidcCore):
    """The SDK's protocol functions, for one sign-in whose ID token holds *nonce*."""

    tokens: Tokens
    claims: dict[str, object]  # verified
    _signer: Signer

    def __init__(
        self, metadata: ProviderMetadata, endpoints: ProviderEndpoints, nonce: str
    ) -> None:
        super().__init__(_as_the_sdk_has_it(metadata))
        self._endpoints = endpoints
        self._nonce = nonce

    async def fetchTokenByCode(  # noqa: N802 - the SDK's name
        self,
        clientId: str,  # noqa: ARG002, N803
        clientSecret: str | None,  # noqa: ARG002, N803
        redirectUri: str,  # noqa: N803
        code: str,
        codeVerifier: str,  # noqa: N803
    ) -> TokenResponse:
        """Exchange *code*, and get hold of the key that the ID token needs."""
        self.tokens = await self._endpoints.tokens(
            {
                "grant_type": "authorization_code",
                "redirect_uri": redirectUri,
                "code": code,
                "code_verifier": codeVerifier,
            }
        )
        self._signer = await self._endpoints.verifier.signer(self.tokens.id_token)
        answer = asdict(self.tokens) | {"token_type": "Bearer"}
        return TokenResponse.model_validate(answer)

    def verifyIdToken(self, idToken: str, clientId: str) -> None:  # noqa: N802, N803
        """Verify *idToken* with the key that is at hand: nothing is fetched here."""
        expected = Expected(
            issuer=self.metadata.issuer,
            client_id=clientId,
            nonce=self._nonce,
            access_token=self.tokens.access_token,
        )
        self.claims = self._endpoints.verifier.verify(idToken, self._signer, expected)


@lru_cache(maxsize=4)
def _as_the_sdk_has_it(metadata: ProviderMetadata) -> OidcProviderMetadata:
    document = asdict(metadata) | {
        "end_session_endpoint": metadata.end_session_endpoint or None,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted(metadata.algorithms),
    }
    return OidcProviderMetadata.model_validate(document)
