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
from gateway.authentication.key_set import SigningKey
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.identity.claims import ClaimsInvalid
from gateway.sessions.bearer import Bearer

MOST_KNOWN = 4096  # tokens of about a kilobyte each; the oldest goes first
OPAQUE = "The access token is opaque: ask for one with a resource, which is a JWT."


@dataclass(slots=True)
class _Known:
    """A *bearer*, the *key* of its token, and the list that the key was found in."""

    bearer: Bearer
    key: SigningKey
    among: tuple[SigningKey, ...] = ()


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

    async def known(self, shown: Shown, now: float) -> Bearer | None:
        """Return whom the token *shown* speaks for, where that is known at *now*.

        It is until the token's end, as long as Logto lists the key that signed it.
        """
        known = self._known.get(shown.id)
        if known is None:
            return None
        listed = await self._endpoints.verifier.listed()
        is_listed = listed is known.among or known.key in listed
        if is_listed and not known.bearer.is_over(now):
            known.among = listed
            return known.bearer
        self._known.pop(shown.id, None)
        return None

    async def ready(self) -> None:
        """Have at hand what tokens are verified with.  Raises ProviderUnavailable."""
        await self._endpoints.metadata.get()
        await self._endpoints.verifier.listed()

    async def verify(self, shown: Shown) -> Bearer:
        """Return whom the token *shown* speaks for.

        Raises SignInRefused where it cannot be believed, ProviderUnavailable where
        Logto's keys cannot be had.
        """
        if "." not in shown.token:
            raise SignInRefused(OPAQUE, "invalid_token")
        verifier = self._endpoints.verifier
        signer = await verifier.signer(shown.token, ACCESS_TOKEN)
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
        self._known[shown.id] = _Known(bearer, signer.key)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return bearer
