"""Sealing: what one purpose, cookie and host sealed opens there, and nowhere else."""

import pytest
from hypothesis import given, settings, strategies as st

from gateway.sessions.codec import LONGEST_TEXT, KeyRing, Purpose

KEY, OTHER, OLD = bytes(32), b"\x01" * 32, b"\x02" * 32
NONCE = b"nonce-nonce-"
NAME, HOST = "__Host-gateway", "app.example.com"
RING = KeyRing([KEY])


def seal(payload: bytes = b"payload", ring: KeyRing = RING) -> str:
    return ring.seal(
        payload, purpose=Purpose.SESSION, cookie_name=NAME, host=HOST, nonce=NONCE
    )


def opened(text: bytes | str, ring: KeyRing = RING) -> bytes | None:
    return ring.open(text, purpose=Purpose.SESSION, cookie_name=NAME, host=HOST)


@given(st.binary(max_size=4000), st.binary(min_size=12, max_size=12))
def test_what_was_sealed_opens(payload: bytes, nonce: bytes) -> None:
    place = {"cookie_name": NAME, "host": HOST}
    text = RING.seal(payload, purpose=Purpose.ATTEMPT, **place, nonce=nonce)
    assert RING.open(text, purpose=Purpose.ATTEMPT, **place) == payload
    assert RING.open(text.encode(), purpose=Purpose.ATTEMPT, **place) == payload


@pytest.mark.parametrize("length", range(4))
def test_25_every_flipped_bit_is_no_session(length: int) -> None:
    text = seal(bytes(length)).encode()
    for position in range(len(text)):
        for bit in range(8):
            flipped = bytearray(text)
            flipped[position] ^= 1 << bit
            assert opened(bytes(flipped)) is None


@pytest.mark.parametrize("length", range(4))
def test_25_every_other_character_is_no_session(length: int) -> None:
    text = seal(bytes(length)).encode()
    for position in range(len(text)):
        for code in range(256):
            changed = text[:position] + bytes([code]) + text[position + 1 :]
            assert opened(changed) == (bytes(length) if changed == text else None)


@given(st.data())
def test_25_every_flipped_bit_of_any_payload_is_no_session(data: st.DataObject) -> None:
    text = seal(data.draw(st.binary(max_size=200))).encode()
    position = data.draw(st.integers(0, len(text) - 1))
    flipped = bytearray(text)
    flipped[position] ^= 1 << data.draw(st.integers(0, 7))
    assert opened(bytes(flipped)) is None


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
@settings(max_examples=300)
def test_10_whatever_was_not_sealed_here_is_no_session(text: bytes | str) -> None:
    assert opened(text) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("A", id="one character"),
        pytest.param(seal() + "=", id="padded"),
        pytest.param(seal() + "A", id="longer"),
        pytest.param(seal()[:-1], id="truncated"),
        pytest.param(seal()[:8], id="key id only"),
        pytest.param(" " + seal(), id="blank in front"),
        pytest.param(seal() + "\n", id="line end behind"),
        pytest.param(seal()[:30] + "\n" + seal()[30:], id="line end within"),
        pytest.param(f'"{seal()}"', id="quoted"),
        pytest.param(b"\xff" * 100, id="not UTF-8"),
        pytest.param("\udcff" * 100, id="surrogates"),
        pytest.param("A" * 10_000_000, id="huge"),
    ],
)
def test_10_a_broken_text_is_no_session(text: bytes | str) -> None:
    assert opened(text) is None


def test_a_text_at_the_bound_opens_and_one_beyond_does_not() -> None:
    overhead = 1 + 4 + 12 + 16
    longest = LONGEST_TEXT * 3 // 4 - overhead
    assert opened(seal(bytes(longest))) == bytes(longest)
    assert opened(seal(bytes(longest + 1))) is None


@pytest.mark.parametrize(
    ("purpose", "cookie_name", "host"),
    [
        pytest.param(Purpose.ATTEMPT, NAME, HOST, id="purpose"),
        pytest.param(Purpose.ARRIVAL, NAME, HOST, id="another purpose"),
        pytest.param(Purpose.SESSION, NAME + ".1", HOST, id="cookie name"),
        pytest.param(Purpose.SESSION, NAME, "evil.example.com", id="host"),
        pytest.param(Purpose.SESSION, NAME + HOST[0], HOST[1:], id="border moved"),
        pytest.param(Purpose.SESSION, NAME, "", id="no host"),
        pytest.param(Purpose.SESSION, NAME, "\udcff", id="no text"),
    ],
)
def test_25_it_opens_only_where_it_was_sealed(
    purpose: Purpose, cookie_name: str, host: str
) -> None:
    text = seal()
    assert RING.open(text, purpose=purpose, cookie_name=cookie_name, host=host) is None


def test_another_key_opens_nothing() -> None:
    assert opened(seal(), KeyRing([OTHER])) is None


def test_every_key_of_the_ring_opens_and_the_first_seals() -> None:
    old, both = KeyRing([OLD]), KeyRing([KEY, OLD])
    assert opened(seal(ring=old), both) == b"payload"
    assert opened(seal(ring=both), RING) == b"payload"
    assert opened(seal(ring=both), old) is None


def test_it_tells_what_was_not_sealed_with_the_newest_key() -> None:
    both = KeyRing([KEY, OLD])
    assert both.is_current(seal(ring=both).encode())
    assert not both.is_current(seal(ring=KeyRing([OLD])).encode())
    assert not both.is_current(b"")


def test_the_same_payload_never_looks_the_same_under_two_nonces() -> None:
    place = {"cookie_name": NAME, "host": HOST}
    texts = {
        RING.seal(b"x" * 50, purpose=Purpose.SESSION, **place, nonce=bytes([n]) * 12)
        for n in range(5)
    }
    assert len({text[-60:] for text in texts}) == 5


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="none"),
        pytest.param([b"short"], id="short"),
        pytest.param([KEY, bytes(33)], id="the second too long"),
    ],
)
def test_a_ring_of_wrong_keys_is_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(keys)


def test_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        RING.seal(
            b"", purpose=Purpose.SESSION, cookie_name=NAME, host=HOST, nonce=b"short"
        )


def test_no_key_shows_when_a_ring_is_printed() -> None:
    key = b"a key of thirty-two plain letter"
    assert "thirty" not in repr(KeyRing([key]))
