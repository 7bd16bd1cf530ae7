"""What of an upstream's fields reaches the client."""

import pytest

from gateway.fields import Field
from gateway.proxying.response_headers import (
    ResponseRule,
    interim_fields,
    trailer_fields,
)

DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
DATED = (b"Date", DATE)


def rule(
    *, private: bool = False, vary: bool = False, port: bytes = b"", prefix: bytes = b""
) -> ResponseRule:
    return ResponseRule(
        private=private,
        vary=vary,
        scheme=b"https",
        port=port,
        upstream=b"http://up:3000",
        upstream_host=b"up",
        prefix=prefix,
        is_own_set_cookie=lambda value: value.startswith(b"own"),
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param([], [DATED], id="a missing date"),
        pytest.param(
            [(b"dAtE", b"x"), (b"A", b"1")],
            [(b"dAtE", b"x"), (b"A", b"1")],
            id="a date",
        ),
        pytest.param([DATED, (b"Connection", b"a"), (b"A", b"1")], [DATED], id="named"),
        pytest.param(
            [DATED, (b"Connection", b"set-cookie, date"), (b"Set-Cookie", b"a=1")],
            [DATED, (b"Set-Cookie", b"a=1")],
            id="never named",
        ),
        pytest.param(
            [DATED, (b"Upgrade", b"h2"), (b"Keep-Alive", b"x")],
            [DATED],
            id="hop by hop",
        ),
        pytest.param([DATED, (b"Set-Cookie", b"own=1")], [DATED], id="our cookie"),
        pytest.param(
            [DATED, (b"Set-Cookie", b"a=1; Domain=up"), (b"Set-Cookie", b"b")],
            [DATED, (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b")],
            id="cookies",
        ),
        pytest.param(
            [DATED, (b"Location", b"http://up:3000/x")],
            [DATED, (b"Location", b"https://app.example/x")],
            id="location",
        ),
        pytest.param(
            [DATED, (b"Cache-Control", b"public")],
            [DATED, (b"Cache-Control", b"public")],
            id="public",
        ),
    ],
)
def test_fields(fields: list[Field], expected: list[Field]) -> None:
    assert rule().client_fields(fields, b"APP.example.:443", (), DATE) == expected


@pytest.mark.parametrize(
    ("host", "public"),
    [
        (b"app.example", b"https://app.example:8443/x"),
        (b"app.example:8443", b"https://app.example:8443/x"),
        (b"[::1]:8443", b"https://[::1]:8443/x"),
        (b"[::1]", b"https://[::1]:8443/x"),
    ],
)
def test_the_public_port_is_ours(host: bytes, public: bytes) -> None:
    fields = [DATED, (b"Location", b"http://up:3000/x")]
    changed = rule(port=b"8443").client_fields(fields, host, (), DATE)
    assert changed[1] == (b"Location", public)


def test_a_domain_that_the_client_uses_too_stays() -> None:
    fields = [DATED, (b"Set-Cookie", b"a; Domain=up")]
    assert rule().client_fields(fields, b"up", (), DATE) == fields


@pytest.mark.parametrize(
    "told", [[], [(b"Surrogate-Control", b"x")], [(b"cache-control", b"public")]]
)
def test_protected_answers_are_private(told: list[Field]) -> None:
    kept = rule(private=True, vary=True).client_fields([DATED, *told], b"a", (), DATE)
    assert kept == [DATED, (b"Cache-Control", b"private"), (b"Vary", b"Cookie")]


def test_an_answer_with_a_cookie_of_ours_is_not_stored() -> None:
    fields = [(b"Cache-Control", b"private"), DATED]
    kept = rule(private=True).client_fields(fields, b"a", [b"own=2", b"own.1=3"], DATE)
    assert kept == [
        (b"Cache-Control", b"no-store"),
        DATED,
        (b"Set-Cookie", b"own=2"),
        (b"Set-Cookie", b"own.1=3"),
    ]


def test_interim_and_trailer_fields() -> None:
    fields = [
        (b"Link", b"x"),
        (b"Connection", b"y"),
        (b"Y", b"1"),
        (b"Set-Cookie", b"a"),
        (b"Content-Length", b"1"),
    ]
    assert interim_fields(fields) == [(b"Link", b"x")]
    assert trailer_fields(fields) == [(b"Link", b"x"), (b"Y", b"1")]
