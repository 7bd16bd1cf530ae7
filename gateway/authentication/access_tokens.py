"""Verifies the access tokens that programs show, each once.

With endpoints of its own: an invented key id makes the keys be fetched again at most
once in ten seconds, and that must not be used up for those who sign in meanwhile.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from gateway.authentication.access_token import ACCESS_TOKEN, Terms, bearer_of
from gateway.authentication.bearer_field import Shown
from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import verify_signature
from gateway.authentication.kept import LIFETIME
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.identity.claims import ClaimsInvalid
from gateway.sessions.bearer import Bearer

MOST_KNOWN = 4096  # tokens of about a kilobyte each; the oldest goes first
OPAQUE = "The access token is opaque: ask for one with a resource, which is a JWT."


@dataclass(frozen=True, slots=True)
class _Known:
    """A *bearer* that was verified at a time, by the keys of one fetch."""

    bearer: Bearer
    verified_at: float
    keys: int


class AccessTokens:
    """Takes access tokens for *resources*; *now* gives unix seconds.

    *wanted* are the claims that headers ask for.  What is remembered is a token, with
    all that was verified about it: what a route asks beside that is asked each time.
    """

    def __init__(
        self,
        endpoints: ProviderEndpoints,
        resources: Collection[str],
        wanted: Collection[str],
        now: Callable[[], float],
    ) -> None:
        self._endpoints = endpoints
        self._resources = frozenset(resources)
        self._wanted = wanted
        self._now = now
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def known(self, shown: Shown, now: float) -> Bearer | None:
        """Return whom the token *shown* speaks for, where that is known at *now*.

        A token is verified anew once Logto's keys were fetched again, which may have
        become others, and once they should have been.
        """
        known = self._known.get(shown.id)
        if known is None:
            return None
        current = (
            known.keys == self._endpoints.verifier.fetched
            and 0 <= now - known.verified_at < LIFETIME
            and not known.bearer.is_over(now)
        )
        if current:
            return known.bearer
        del self._known[shown.id]
        return None

    async def verify(self, shown: Shown) -> Bearer:
        """Return whom the token *shown* speaks for.

        Raises SignInRefused where it cannot be believed, ProviderUnavailable where
        Logto's keys cannot be had.
        """
        if "." not in shown.token:
            raise SignInRefused(OPAQUE, "invalid_token")
        verifier = self._endpoints.verifier
        signer = await verifier.signer(shown.token, ACCESS_TOKEN)
        keys = verifier.fetched
        issuer = (await self._endpoints.metadata.get()).issuer
        now = self._now()
        claims = verify_signature(
            shown.token, signer.key, signer.header.algorithm, ACCESS_TOKEN
        )
        try:
            terms = Terms(issuer, self._resources, self._wanted)
            bearer = bearer_of(shown.id, claims, terms, now)
        except ClaimsInvalid:
            raise SignInRefused(
                "The access token does not say whose it is.", "invalid_token"
            ) from None
        self._known[shown.id] = _Known(bearer, now, keys)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return bearer
