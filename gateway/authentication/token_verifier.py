"""Verifies what Logto signs: keys are fetched first, then the CPU alone decides."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import (
    ID_TOKEN,
    Expected,
    Header,
    Kind,
    check_access_token,
    check_claims,
    read_header,
    verify_signature,
)
from gateway.authentication.kept import Kept
from gateway.authentication.key_set import SigningKey
from gateway.authentication.provider_metadata import (
    KNOWN_ALGORITHMS,
    ProviderMetadata,
)
from gateway.authentication.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True)
class Signer:
    """How a token says it is signed, and the published key for that."""

    header: Header
    key: SigningKey


class TokenVerifier:
    """Verifies ID tokens of the provider that *discovered* describes.

    Holds nothing that belongs to one sign-in. *now* gives unix seconds.
    """

    def __init__(
        self,
        discovered: Kept[ProviderMetadata],
        keys: SigningKeys,
        *,
        now: Callable[[], float],
    ) -> None:
        self._discovered = discovered
        self._keys = keys
        self._now = now

    async def listed(self) -> tuple[SigningKey, ...]:
        """Return the keys that Logto lists: see :meth:`SigningKeys.listed`."""
        return await self._keys.listed()

    async def signer(self, token: str, kind: Kind = ID_TOKEN) -> Signer:
        """Return the published key that *token*, of *kind*, must be signed with.

        Raises SignInRefused where there is none, ProviderUnavailable where Logto must
        be asked and does not answer.
        """
        header = read_header(token, KNOWN_ALGORITHMS, kind)
        metadata = await self._discovered.get()
        if header.algorithm not in metadata.algorithms:
            # A tenant may change its algorithm; the document is then out of date.
            metadata = await self._discovered.look_again()
        if header.algorithm not in metadata.algorithms:
            raise SignInRefused(
                f"The {kind.name} is signed with {header.algorithm}, "
                "which Logto does not advertise.",
                "invalid_id_token",
            )
        return Signer(header, await self._keys.find(header))

    def verify(
        self, token: str, signer: Signer, expected: Expected
    ) -> dict[str, object]:
        """Return the claims of *token*, every one that matters checked.

        Raises SignInRefused where *token* is not what is *expected*.
        """
        algorithm = signer.header.algorithm
        claims = verify_signature(token, signer.key, algorithm)
        check_claims(claims, expected, self._now())
        check_access_token(claims, expected.access_token, algorithm)
        return claims
