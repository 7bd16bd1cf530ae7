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
from gateway.sessions.remembered import Remembered

MOST_REMEMBERED = 20_000  # only tokens that Logto signed get here


class LogoutTokens:
    """Takes logout tokens for the application *client_id*, each once.

    *now* gives unix seconds.
    """

    def __init__(
        self, endpoints: ProviderEndpoints, client_id: str, now: Callable[[], float]
    ) -> None:
        self._endpoints = endpoints
        self._client_id = client_id
        self._now = now
        self._used = Remembered(MOST_REMEMBERED)

    async def accept(self, token: str) -> LoggedOut:
        """Return whom *token* signs out.

        Raises SignInRefused where it cannot be believed or came before, and
        ProviderUnavailable where Logto's keys cannot be had.
        """
        signer = await self._endpoints.verifier.signer(token, LOGOUT_TOKEN)
        issuer = (await self._endpoints.metadata.get()).issuer
        algorithm = signer.header.algorithm
        claims = verify_signature(token, signer.key, algorithm, LOGOUT_TOKEN)
        now = self._now()
        logged_out = check_logout_claims(
            claims, issuer=issuer, client_id=self._client_id, now=now
        )
        if self._used.holds(logged_out.token_id, now):
            raise SignInRefused(
                "The logout token was here before.", "invalid_logout_token"
            )
        self._used.add(logged_out.token_id, now + REMEMBERED, now)
        return logged_out
