from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from gateway.authentication.errors import ProviderUnavailable, SignInRefused
from gateway.authentication.id_token import Header
from gateway.authentication.kept import LIFETIME, PAUSE
from gateway.authentication.provider_metadata import KNOWN_ALGORITHMS
from gateway.authentication.signing_keys import SigningKeys
from gateway.demo.signing_keys import SigningKey


@dataclass
class Publisher:
    """Publishes keys, and counts who asks."""

    keys: list[SigningKey] = field(default_factory=list)
    asked: int = 0
    away: bool = False
    clock: float = 1_000_000.0

    async def fetch(self) -> Mapping[str, object]:
        self.asked += 1
        if self.away:
            raise ProviderUnavailable("away")
        return {"keys": [key.jwk() for key in self.keys]}

    def rotate(self) -> Header:
        key = SigningKey.generate()
        self.keys.insert(0, key)
        return Header("ES384", key.kid)

    def signing_keys(self) -> SigningKeys:
        return SigningKeys(self.fetch, known=KNOWN_ALGORITHMS, now=lambda: self.clock)


async def test_keys_are_fetched_once() -> None:
    publisher = Publisher()
    header = publisher.rotate()
    keys = publisher.signing_keys()
    for _ in range(100):
        assert (await keys.find(header)).key_id == header.key_id
    assert publisher.asked == 1


async def test_a_new_key_is_found_at_once_even_right_after_the_start() -> None:
    publisher = Publisher()
    old = publisher.rotate()
    keys = publisher.signing_keys()
    await keys.find(old)
    new = publisher.rotate()
    assert (await keys.find(new)).key_id == new.key_id
    assert (await keys.find(old)).key_id == old.key_id
    assert publisher.asked == 2


async def test_38_unknown_keys_cannot_drive_key_fetches() -> None:
    publisher = Publisher()
    known = publisher.rotate()
    keys = publisher.signing_keys()
    await keys.find(known)
    for number in range(1000):
        with pytest.raises(SignInRefused):
            await keys.find(Header("ES384", f"invented-{number}"))
        publisher.clock += PAUSE / 100
    assert publisher.asked <= 1 + 1000 / 100
    assert (await keys.find(known)).key_id == known.key_id


async def test_38_not_even_while_the_provider_is_away() -> None:
    publisher = Publisher()
    keys = publisher.signing_keys()
    await keys.find(publisher.rotate())
    publisher.away = True
    with pytest.raises(ProviderUnavailable):
        await keys.find(Header("ES384", "invented"))
    for number in range(100):
        with pytest.raises(SignInRefused):
            await keys.find(Header("ES384", f"invented-{number}"))
    assert publisher.asked == 2


async def test_a_key_that_is_withdrawn_is_forgotten() -> None:
    publisher = Publisher()
    stolen = publisher.rotate()
    keys = publisher.signing_keys()
    await keys.find(stolen)
    publisher.keys.clear()
    publisher.rotate()
    publisher.clock += LIFETIME
    with pytest.raises(SignInRefused):
        await keys.find(stolen)


async def test_without_keys_logto_is_away_and_the_next_one_tries_again() -> None:
    publisher = Publisher(away=True)
    header = publisher.rotate()
    keys = publisher.signing_keys()
    with pytest.raises(ProviderUnavailable):
        await keys.find(header)
    publisher.away = False
    assert (await keys.find(header)).key_id == header.key_id
