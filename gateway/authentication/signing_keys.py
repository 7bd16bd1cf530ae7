"""Logto's signing keys: fetched once, and again for a key that nobody has seen.

Logto signs with a new key from the moment of a rotation, so an unknown one is looked up
at once; but whoever can send us tokens can invent key ids, so that is done sparingly.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping

from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import Header
from gateway.authentication.kept import Kept
from gateway.authentication.key_set import SigningKey, choose, parse_keys


class SigningKeys:
    """The keys that *fetch* brings, usable with the *known* algorithms."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Mapping[str, object]]],
        *,
        known: Collection[str],
        now: Callable[[], float],
    ) -> None:
        async def fetch_keys() -> tuple[SigningKey, ...]:
            return parse_keys(await fetch(), known)

        self._kept = Kept(fetch_keys, now=now)

    async def listed(self) -> tuple[SigningKey, ...]:
        """Return the keys that Logto lists: another tuple once they were fetched again.

        Raises ProviderUnavailable where they never could be had.
        """
        return await self._kept.get()

    async def find(self, header: Header) -> SigningKey:
        """Return the key that signed a token with this *header*.

        Raises SignInRefused where no key, or more than one, can have done so, and
        ProviderUnavailable where the keys cannot be had.
        """
        key = choose(await self._kept.get(), header.key_id, header.algorithm)
        if key is None:
            keys = await self._kept.look_again()
            key = choose(keys, header.key_id, header.algorithm)
        if key is None:
            raise SignInRefused(
                f"The {header.kind.name} is signed with a key "
                "that Logto does not list.",
                "invalid_id_token",
            )
        return key
