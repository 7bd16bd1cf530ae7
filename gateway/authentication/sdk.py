"""The SDK, as the gateway uses it: the only module that knows it.

It keeps one slot per storage, opens a session per request, blocks on keys and skips
checks; so each sign-in has a storage, a core and a client of its own, and the core asks
and verifies through the modules beside this one.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache

from logto import (
    LogtoClient,
    LogtoConfig,
    LogtoException,
    OidcProviderMetadata,
    PersistKey,
    Storage,
)
from logto.models.oidc import ReservedResource
from logto.models.response import TokenResponse
from logto.OidcCore import OidcCore

from config.logto import Logto
from gateway.authentication.answers import Tokens
from gateway.authentication.authorization_url import scopes_beside_the_sdk
from gateway.authentication.id_token import Expected
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.authentication.provider_metadata import ProviderMetadata
from gateway.authentication.token_verifier import Signer
from gateway.identity.needs import Needs

ORGANIZATION_RESOURCE = ReservedResource.organizations.value
SdkError = LogtoException


def config_for(settings: Logto, needs: Needs) -> LogtoConfig:
    """Return *settings* as the SDK has them, with what *needs* are to be asked for."""
    scopes = (*settings.scopes, *needs.logto_scopes)
    organizations = [ORGANIZATION_RESOURCE] if needs.acts and needs.scopes else []
    return LogtoConfig(
        endpoint=settings.endpoint,
        appId=settings.app_id,
        appSecret=settings.app_secret.get_secret_value(),
        prompt="consent",  # a refresh token comes with consent only
        scopes=[*scopes_beside_the_sdk(scopes)],
        resources=[*needs.resources, *organizations],
    )


class Memory(Storage):
    """The SDK's storage, for one sign-in."""

    def __init__(self, **values: str) -> None:
        self._values: dict[str, str | None] = dict(values)

    def get(self, key: PersistKey) -> str | None:
        """Return what is kept under *key*."""
        return self._values.get(key)

    def set(self, key: PersistKey, value: str | None) -> None:
        """Keep *value* under *key*."""
        self._values[key] = value

    def delete(self, key: PersistKey) -> None:
        """Forget what is kept under *key*."""
        self._values.pop(key, None)


class Client(LogtoClient):
    """The SDK's client, on a core that is here already."""

    def __init__(self, config: LogtoConfig, storage: Storage, core: OidcCore) -> None:
        super().__init__(config, storage)
        self._oidcCore = core


class Core(OidcCore):
    """The SDK's protocol functions, for one sign-in or refresh.

    The ID token must hold *nonce*; any or none will do where that is None.
    """

    tokens: Tokens
    claims: dict[str, object]  # verified
    _signer: Signer

    def __init__(
        self,
        metadata: ProviderMetadata,
        endpoints: ProviderEndpoints,
        nonce: str | None,
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
        return await self._tokens(
            {
                "grant_type": "authorization_code",
                "redirect_uri": redirectUri,
                "code": code,
                "code_verifier": codeVerifier,
            },
            repeatable=False,
        )

    async def fetchTokenByRefreshToken(  # noqa: N802 - the SDK's name
        self,
        clientId: str,  # noqa: ARG002, N803
        clientSecret: str | None,  # noqa: ARG002, N803
        refreshToken: str,  # noqa: N803
        resource: str = "",
    ) -> TokenResponse:
        """Use *refreshToken*, and get hold of the key that the ID token needs.

        Tried again where an answer got lost: a token that was replaced just now still
        works for a moment, and later it would end the grant.
        """
        grant = {"grant_type": "refresh_token", "refresh_token": refreshToken}
        if resource:
            grant["resource"] = resource
        return await self._tokens(grant, repeatable=True)

    def verifyIdToken(self, idToken: str, clientId: str) -> None:  # noqa: N802, N803
        """Verify *idToken* with the key that is at hand: nothing is fetched here."""
        expected = Expected(
            issuer=self.metadata.issuer,
            client_id=clientId,
            nonce=self._nonce,
            access_token=self.tokens.access_token,
        )
        self.claims = self._endpoints.verifier.verify(idToken, self._signer, expected)

    async def _tokens(
        self, grant: Mapping[str, str], *, repeatable: bool
    ) -> TokenResponse:
        self.tokens = await self._endpoints.tokens(grant, repeatable=repeatable)
        self._signer = await self._endpoints.verifier.signer(self.tokens.id_token)
        answer = asdict(self.tokens) | {"token_type": "Bearer"}
        return TokenResponse.model_validate(answer)


@lru_cache(maxsize=4)
def _as_the_sdk_has_it(metadata: ProviderMetadata) -> OidcProviderMetadata:
    document = asdict(metadata) | {
        "end_session_endpoint": metadata.end_session_endpoint or None,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted(metadata.algorithms),
    }
    return OidcProviderMetadata.model_validate(document)
