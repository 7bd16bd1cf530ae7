"""Verifies the logout tokens that anybody can send us, at a bounded price.

With endpoints of its own: an invented key id makes the keys be fetched again at most
once in ten seconds, and that must not be used up for those who sign in meanwhile.
"""

from collections.abc import Callable

from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import verify_signature
from gateway.authentication.logout_token import (
    LOGOUT_TOKEN,
    REMEMBERED,
    LoggedOut,
    check_logout_claims,
)
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.sessions.sharing import Sharing


class LogoutTokens:
    """Takes logout tokens for the application *client_id*, each once.

    *sharing* tells whether one was here before, *now* gives unix seconds.
    """

    def __init__(
        self,
        endpoints: ProviderEndpoints,
        client_id: str,
        sharing: Sharing,
        now: Callable[[], float],
    ) -> None:
        self._endpoints = endpoints
        self._client_id = client_id
        self._sharing = sharing
        self._now = now

    async def accept(self, token: str) -> LoggedOut:
        """Return whom *token* signs out.

        Raises SignInRefused where it cannot be believed or came before,
        ProviderUnavailable where Logto's keys cannot be had, and SharingAway.
        """
        signer = await self._endpoints.verifier.signer(token, LOGOUT_TOKEN)
        issuer = (await self._endpoints.metadata.get()).issuer
        algorithm = signer.header.algorithm
        claims = verify_signature(token, signer.key, algorithm, LOGOUT_TOKEN)
        now = self._now()
        logged_out = check_logout_claims(
            claims, issuer=issuer, client_id=self._client_id, now=now
        )
        name = f"logout {logged_out.token_id}"  # only what Logto signed gets here
        if not await self._sharing.first_use(name, now + REMEMBERED, now):
            raise SignInRefused(
                "The logout token was here before.", "invalid_logout_token"
            )
        return logged_out
