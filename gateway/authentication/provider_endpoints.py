"""Logto's endpoints: what each is asked, and what its answer means.

Shared by all sign-ins, so nothing here belongs to one of them.
"""

from collections.abc import Callable, Mapping

import aiohttp

from config.logto import Logto
from gateway.authentication.answers import (
    Tokens,
    check_revoked,
    read_access_token,
    read_document,
    read_tokens,
    read_userinfo,
)
from gateway.authentication.errors import ProviderUnavailable
from gateway.authentication.kept import Kept
from gateway.authentication.provider_call import Answer, Call
from gateway.authentication.provider_http import ProviderHttp
from gateway.authentication.provider_metadata import (
    KNOWN_ALGORITHMS,
    ProviderMetadata,
    discovery_url,
    parse_metadata,
)
from gateway.authentication.signing_keys import SigningKeys
from gateway.authentication.token_verifier import TokenVerifier
from gateway.sessions.renewal import REFRESH_PATIENCE


class ProviderEndpoints:
    """The endpoints of the Logto of *settings*; *now* gives unix seconds.

    ``metadata`` is what discovery said, ``verifier`` verifies with the listed keys.
    """

    def __init__(
        self,
        settings: Logto,
        http: aiohttp.ClientSession,
        *,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._http = ProviderHttp(http, timeout=settings.timeout)
        self.metadata = Kept(self._discover, now=now)
        keys = SigningKeys(self._fetch_keys, known=KNOWN_ALGORITHMS, now=now)
        self.verifier = TokenVerifier(self.metadata, keys, now=now)

    async def tokens(self, grant: Mapping[str, str], *, repeatable: bool) -> Tokens:
        """Return what Logto hands out for *grant* (RFC 6749 sections 4.1.3 and 6).

        Unless it is *repeatable* it is never sent again once it may have arrived: a
        code used twice ends the whole grant. Raises SignInRefused and
        ProviderUnavailable.
        """
        return read_tokens(await self._ask_for_tokens(grant, repeatable=repeatable))

    async def access_token(self, grant: Mapping[str, str]) -> tuple[str, str | None]:
        """Return an access token for *grant*, a refresh, and the new refresh token.

        None where the former is good still. Raises SignInRefused and
        ProviderUnavailable.
        """
        return read_access_token(await self._ask_for_tokens(grant, repeatable=True))

    async def _ask_for_tokens(
        self, grant: Mapping[str, str], *, repeatable: bool
    ) -> Answer:
        metadata = await self.metadata.get()
        call = Call(
            "token endpoint",
            metadata.token_endpoint,
            form={**grant, **self._credentials()},
            repeatable=repeatable,
            patience=REFRESH_PATIENCE if repeatable else 1.0,
        )
        return await self._http.ask(call)

    async def userinfo(self, access_token: str, subject: str) -> Mapping[str, object]:
        """Return the claims about *subject*, who must be whose token it is.

        Raises SignInRefused and ProviderUnavailable.
        """
        metadata = await self.metadata.get()
        url = metadata.userinfo_endpoint
        call = Call("userinfo endpoint", url, bearer=access_token)
        return read_userinfo(await self._http.ask(call), subject)

    async def revoke(self, refresh_token: str) -> None:
        """Revoke *refresh_token* and with it the whole grant (RFC 7009 section 2.1).

        Raises ProviderUnavailable where Logto does not confirm it.
        """
        metadata = await self.metadata.get()
        if not metadata.revocation_endpoint:
            raise ProviderUnavailable("Logto names no revocation endpoint.")
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        call = Call(
            "revocation endpoint",
            metadata.revocation_endpoint,
            form={**form, **self._credentials()},
            wants_json=False,
        )
        check_revoked(await self._http.ask(call))

    def _credentials(self) -> dict[str, str]:
        """Return the client authentication (RFC 6749 section 2.3.1, in the body)."""
        return {
            "client_id": self._settings.app_id,
            "client_secret": self._settings.app_secret.get_secret_value(),
        }

    async def _discover(self) -> ProviderMetadata:
        endpoint = self._settings.endpoint
        call = Call("discovery document", discovery_url(endpoint))
        document = read_document(await self._http.ask(call), call.name)
        return parse_metadata(document, endpoint)

    async def _fetch_keys(self) -> Mapping[str, object]:
        metadata = await self.metadata.get()
        call = Call("key set", metadata.jwks_uri)
        return read_document(await self._http.ask(call), call.name)
