"""Logto: begin a sign-in, complete it, refresh it, sign out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp

from config.logto import Logto
from gateway.authentication.authentication_time import ANY_AGE
from gateway.authentication.authorization_url import AuthorizationRequest, complete_url
from gateway.authentication.callback_parameters import parse_callback
from gateway.authentication.errors import (
    GrantEnded,
    ProviderUnavailable,
    SignInRefused,
)
from gateway.authentication.id_token import expiry
from gateway.authentication.permitted import Audience, Permitted, permitted
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.authentication.sdk import Client, Core, Memory, SdkError, config_for
from gateway.authentication.sign_in_record import read_record
from gateway.identity.needs import Needs

NOTHING = Needs()
SIGN_OF_LIFE = 15.0  # seconds for which Logto is taken to be there still


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in: claims that are verified and agree, and the tokens for them."""

    id_token_claims: Mapping[str, object] = field(repr=False)
    userinfo: Mapping[str, object] = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: int  # of the ID token, unix seconds
    access_until: int  # of the access token, unix seconds


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The same person again, and the tokens to go on with.

    *userinfo* is None where Logto gave the tokens and then could not be asked: they
    must be kept all the same, for the ones before may be used up.
    """

    id_token_claims: Mapping[str, object] = field(repr=False)
    userinfo: Mapping[str, object] | None = field(repr=False)
    refresh_token: str = field(repr=False)
    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: int  # of the ID token, unix seconds
    access_until: int  # of the access token, unix seconds


class LogtoProvider:
    """The Logto of *settings*; *now* gives unix seconds.

    *needs* are what sign-ins ask for beside the scopes of *settings*; *http* comes from
    :func:`gateway.authentication.provider_http.open_session`.
    """

    def __init__(
        self,
        settings: Logto,
        http: aiohttp.ClientSession,
        *,
        now: Callable[[], float],
        needs: Needs = NOTHING,
    ) -> None:
        self._sign_in = settings.sign_in
        self._now = now
        self._endpoints = ProviderEndpoints(settings, http, now=now)
        self._config = config_for(settings, needs)
        self.needs = needs

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
        Where *needs* have it, Logto is asked when the person last showed who they are.
        Logto must have been there a moment ago, or a person would be sent to nowhere.
        Raises ProviderUnavailable.
        """
        metadata = await self._endpoints.metadata.recent(SIGN_OF_LIFE)
        storage = Memory()
        core = Core(metadata, self._endpoints, nonce)
        client = Client(self._config, storage, core)
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
                "max_age": str(ANY_AGE) if self.needs.sign_in_time else "",
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
        core = Core(metadata, self._endpoints, nonce)
        client = Client(self._config, Memory(signInSession=sign_in_session), core)
        answer = urlencode({"state": record.state, "code": code})
        try:
            await client.handleSignInCallback(f"{callback}?{answer}")
        except SdkError:
            raise SignInRefused("The SDK does not accept the answer.") from None
        tokens, subject = core.tokens, str(core.claims["sub"])
        return SignedIn(
            id_token_claims=core.claims,
            userinfo=await self._endpoints.userinfo(tokens.access_token, subject),
            refresh_token=tokens.refresh_token,
            id_token=tokens.id_token,
            access_token=tokens.access_token,
            expires_at=expiry(core.claims),
            access_until=int(self._now()) + tokens.expires_in,
        )

    async def refresh(self, refresh_token: str, expected_sub: str) -> Refreshed:
        """Return what Logto says now about *expected_sub*, whose refresh token it is.

        Userinfo is asked as well: the X account stands nowhere else, and so may the
        roles. Not to be cancelled, and one at a time: Logto may replace the token.
        Raises GrantEnded and ProviderUnavailable.
        """
        metadata = await self._endpoints.metadata.get()
        core = Core(metadata, self._endpoints, nonce=None)
        client_id, secret = self._config.appId, self._config.appSecret
        try:
            await core.fetchTokenByRefreshToken(client_id, secret, refresh_token)
            core.verifyIdToken(core.tokens.id_token, client_id)
        except SignInRefused as error:
            raise _as_refresh_failure(error) from None
        if core.claims["sub"] != expected_sub:
            raise GrantEnded("The refreshed ID token is about someone else.")
        return Refreshed(
            id_token_claims=core.claims,
            userinfo=await self._userinfo_again(core.tokens.access_token, expected_sub),
            refresh_token=core.tokens.refresh_token or refresh_token,
            id_token=core.tokens.id_token,
            access_token=core.tokens.access_token,
            expires_at=expiry(core.claims),
            access_until=int(self._now()) + core.tokens.expires_in,
        )

    async def _userinfo_again(
        self, access_token: str, subject: str
    ) -> Mapping[str, object] | None:
        try:
            return await self._endpoints.userinfo(access_token, subject)
        except ProviderUnavailable:
            return None
        except SignInRefused as error:
            if error.code == "invalid_userinfo":
                raise GrantEnded(error.reason) from None
            return None

    async def permitted(
        self, refresh_token: str, expected_sub: str, audience: Audience
    ) -> Permitted:
        """Return what *expected_sub*, whose token it is, may do at *audience*.

        As :meth:`refresh`, it is not to be cancelled, and one at a time. Raises
        NotPermitted, GrantEnded and ProviderUnavailable.
        """
        return await permitted(
            self._endpoints, refresh_token, expected_sub, audience, self._now
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
        core = Core(metadata, self._endpoints, nonce="")
        client = Client(self._config, Memory(), core)
        try:
            return await client.signOut(post_logout)
        except SdkError:
            raise ProviderUnavailable("Logto names no end of session.") from None

    def doubt(self) -> None:
        """Hear that Logto did not answer: nobody is sent there without asking it."""
        self._endpoints.metadata.doubt()

    async def ready(self) -> bool:
        """Tell whether sign-ins can begin: Logto is known, or answers now."""
        try:
            await self._endpoints.metadata.get()
        except ProviderUnavailable:
            return False
        return True


def _as_refresh_failure(error: SignInRefused) -> GrantEnded | ProviderUnavailable:
    """Return what *error* means for a session: only ``invalid_grant`` ends one.

    Whatever else is wrong is wrong with Logto or with the configuration, and nobody
    should be signed out for it (RFC 6749 section 5.2).
    """
    if error.code == "invalid_grant":
        return GrantEnded(error.reason)
    return ProviderUnavailable(error.reason)
