"""No shared cache keeps what is protected."""

import pytest

from gateway.fields import Field
from gateway.proxying.cache_privacy import no_store, private, vary_by

CC = b"Cache-Control"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([], [b"private"]),
        ([b"max-age=60"], [b"max-age=60, private"]),
        ([b"public, max-age=60"], [b"max-age=60, private"]),
        ([b"Public , S-MaxAge=9, immutable"], [b"immutable, private"]),
        ([b"private"], [b"private"]),
        ([b"max-age=1, PRIVATE"], [b"max-age=1, PRIVATE"]),
        ([b"no-store"], [b"no-store"]),
        ([b"no-cache"], [b"no-cache, private"]),
        ([b'private="set-cookie", max-age=1'], [b"max-age=1, private"]),
        (
            [b'no-cache="a, public", max-age=1'],
            [b'no-cache="a, public", max-age=1, private'],
        ),
        ([b"public", b"max-age=1"], [b"max-age=1, private"]),
        ([b"public", b"no-store"], [b"public", b"no-store"]),
        ([b""], [b"private"]),
    ],
)
def test_cache_control(sent: list[bytes], expected: list[bytes]) -> None:
    fields = [(b"A", b"1"), *((CC, value) for value in sent), (b"B", b"2")]
    kept = private(fields)
    assert [value for name, value in kept if name == CC] == expected
    assert [field for field in kept if field[0] != CC] == [(b"A", b"1"), (b"B", b"2")]


@pytest.mark.parametrize(
    "name",
    [
        b"CDN-Cache-Control",
        b"Cloudflare-CDN-Cache-Control",
        b"vercel-cdn-cache-control",
        b"Surrogate-Control",
        b"Edge-Control",
        b"X-Accel-Expires",
        b"X-LiteSpeed-Cache-Control",
    ],
)
def test_what_cdns_are_told_goes(name: bytes) -> None:
    assert private([(name, b"max-age=60")]) == [(CC, b"private")]
    assert no_store([(name, b"max-age=60")]) == [(CC, b"no-store")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], [(b"Vary", b"Cookie")]),
        ([(b"Vary", b"Accept")], [(b"Vary", b"Accept"), (b"Vary", b"Cookie")]),
        ([(b"vary", b"accept, COOKIE")], [(b"vary", b"accept, COOKIE")]),
        ([(b"Vary", b"*")], [(b"Vary", b"*")]),
    ],
)
def test_vary(fields: list[Field], expected: list[Field]) -> None:
    assert vary_by(fields, b"Cookie") == expected


def test_no_store_is_alone() -> None:
    fields = [(CC, b"public"), (b"A", b"1"), (b"cache-control", b"max-age=1")]
    assert no_store(fields) == [(CC, b"no-store"), (b"A", b"1")]
