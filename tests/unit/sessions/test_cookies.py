"""Our cookies among others: found, kept back, never set by somebody else."""

import pytest
from hypothesis import given, strategies as st

from gateway.sessions.cookies import OwnCookies, SetCookies

OWN = OwnCookies(b"__Host-gateway")
LOOPBACK = OwnCookies(b"gateway-8080")
LOGTO = b'_interaction={"appId":"a,b","x":[1, 2]}'


@pytest.mark.parametrize(
    ("cookie", "left"),
    [
        pytest.param(b"", b"", id="empty"),
        pytest.param(b"a=1; b=2", b"a=1; b=2", id="none of ours"),
        pytest.param(b"__Host-gateway=x", None, id="nothing else"),
        pytest.param(b"__Host-gateway=x; a=1", b"a=1", id="first"),
        pytest.param(b"a=1; __Host-gateway=x", b"a=1", id="last"),
        pytest.param(b"a=1; __Host-gateway=x; b=2", b"a=1; b=2", id="between"),
        pytest.param(
            b"__Host-gateway=x; __Host-gateway.1=y; __Host-gateway-attempt-abc=z; "
            b"__Host-gateway-arrival=1; a=1",
            b"a=1",
            id="chunks, attempts and arrival",
        ),
        pytest.param(b"__Host-gateway.junk=x; a=1", b"a=1", id="no number"),
        pytest.param(b"a=1;__Host-gateway=x;b=2", b"a=1;b=2", id="no blank"),
        pytest.param(b"a=1;  \t__Host-gateway =x ;b=2", b"a=1;b=2", id="blanks"),
        pytest.param(b"__Host-gateway; a=1", b"a=1", id="without a value"),
        pytest.param(b"a=1; __Host-gateway=x;", b"a=1;", id="separator at the end"),
        pytest.param(b"; __Host-gateway=x; ", None, id="only separators left"),
        pytest.param(
            b"__Host-gateway=x; " + LOGTO + b"; a=1",
            LOGTO + b"; a=1",
            id="raw JSON of Logto",
        ),
        pytest.param(
            b"\xff=\xfe;; =; __Host-gateway=x;  b = \x80",
            b"\xff=\xfe;; =;  b = \x80",
            id="junk that is no UTF-8",
        ),
        pytest.param(
            b'a="1; __Host-gateway=x; 2"', b'a="1; 2"', id="within quotes, no quotes"
        ),
        pytest.param(
            b"a=__Host-gateway=x; b=2",
            b"a=__Host-gateway=x; b=2",
            id="in another's value",
        ),
        pytest.param(
            b"__Host-gateways=1; x__Host-gateway=1; __Host-gateway-theme=1",
            b"__Host-gateways=1; x__Host-gateway=1; __Host-gateway-theme=1",
            id="names that only look like ours",
        ),
    ],
)
def test_ours_are_kept_back_and_others_pass_byte_for_byte(
    cookie: bytes, left: bytes | None
) -> None:
    assert OWN.strip_own(cookie) == left


OTHERS = st.binary(max_size=20).filter(
    lambda piece: b";" not in piece and b"gateway" not in piece and piece.strip(b" \t")
)
OURS = st.sampled_from(
    [
        b"__Host-gateway=x",
        b"__Host-gateway.1=y",
        b"__Host-gateway-attempt-0123456789abcdef=z",
        b"__Host-gateway-arrival=1",
        b"__Host-gateway",
    ]
)


@given(st.lists(st.one_of(OTHERS, OURS), max_size=12))
def test_what_is_left_is_what_others_sent(pieces: list[bytes]) -> None:
    others = [piece for piece in pieces if b"__Host-gateway" not in piece]
    cookie = b"; ".join(pieces)
    if len(others) == len(pieces):
        assert OWN.strip_own(cookie) is cookie
        return
    left = b"; ".join(others)
    if pieces[0] not in others:
        left = left.lstrip(b" \t")
    assert OWN.strip_own(cookie) == (left or None)


@given(st.lists(st.sampled_from([*b"ng; =\t.-\xff", b"n", b"n.1", b"; n=", b";"])))
def test_nothing_of_ours_is_left_in_any_bytes(parts: list[int | bytes]) -> None:
    own = OwnCookies(b"n")
    cookie = b"".join(
        part if isinstance(part, bytes) else bytes([part]) for part in parts
    )
    left = own.strip_own(cookie)
    found = own.found(cookie)
    assert left == cookie if not found else left != cookie
    assert left is None or own.found(left) == []


def test_ours_are_found_with_their_values() -> None:
    cookie = b"a=1; __Host-gateway=x=y; __Host-gateway.1= z ;__Host-gateway"
    assert list(OWN.found(cookie)) == [
        (b"__Host-gateway", b"x=y"),
        (b"__Host-gateway.1", b"z"),
        (b"__Host-gateway", b""),
    ]


@pytest.mark.parametrize(
    ("cookie", "value"),
    [
        pytest.param(b"a=1", None, id="absent"),
        pytest.param(b"__Host-gateway=x", b"x", id="once"),
        pytest.param(b"__Host-gateway=x; __Host-gateway=x", b"x", id="repeated"),
        pytest.param(b"__Host-gateway=x; __Host-gateway=y", None, id="contradicted"),
        pytest.param(b"__Host-gateway.1=x", None, id="another name"),
    ],
)
def test_10_a_name_with_two_values_has_none(cookie: bytes, value: bytes | None) -> None:
    assert OWN.only(b"__Host-gateway", cookie) == value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"__Host-gateway=x; Path=/; Secure", id="the session"),
        pytest.param(b"__Host-gateway.1=x", id="a chunk"),
        pytest.param(b"__Host-gateway.99=x", id="a chunk that we never write"),
        pytest.param(b"__Host-gateway-attempt-abc=x", id="an attempt"),
        pytest.param(b"__Host-gateway-arrival=x", id="arrival"),
        pytest.param(b" \t__Host-gateway=x", id="blank in front"),
        pytest.param(b"__Host-gateway \t=x", id="blank behind"),
        pytest.param(b"=__Host-gateway=x", id="without a name"),
        pytest.param(b" = __Host-gateway=x", id="without a name, blanks"),
        pytest.param(b"==__Host-gateway=x", id="without a name, twice"),
        pytest.param(b"__Host-gateway", id="a bare value"),
        pytest.param(b"__Host-gateway; Path=/", id="a bare value with attributes"),
        pytest.param(b"__Host-gateway=", id="an empty one"),
        pytest.param(b"__Host-gateway=; Max-Age=0", id="its removal"),
        pytest.param(b"__host-GATEWAY=x", id="other case"),
        pytest.param(b"__Host-gate\x00way=x", id="NUL within"),
        pytest.param(b"__Host-gateway\x00junk=x", id="NUL behind"),
        pytest.param(b"\r\n__Host-gateway=x", id="line end in front"),
        pytest.param(b"a=1\n__Host-gateway=x", id="line end between"),
    ],
)
def test_18_nobody_else_sets_a_cookie_of_ours(value: bytes) -> None:
    assert OWN.is_own_set_cookie(value)
    loopback = value.replace(b"__Host-gateway", b"gateway-8080")
    assert loopback == value or LOOPBACK.is_own_set_cookie(loopback)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"sid=x; Path=/", id="the application's"),
        pytest.param(b"__Host-gateways=x", id="a longer name"),
        pytest.param(b"__Host-gateway-theme=x", id="no relative of ours"),
        pytest.param(b"a=__Host-gateway=x", id="in the value"),
        pytest.param(b"a=1; __Host-gateway=x", id="in the place of an attribute"),
        pytest.param(b"a=1, __Host-gateway=x", id="behind a comma"),
        pytest.param(b"\xff=\xfe", id="no UTF-8"),
    ],
)
def test_18_other_cookies_pass(value: bytes) -> None:
    assert not OWN.is_own_set_cookie(value)


def test_endless_equal_signs_cost_no_time() -> None:
    assert OWN.is_own_set_cookie(b"=" * 1_000_000 + b"__Host-gateway=x")


def test_a_cookie_of_ours_is_for_the_whole_host_and_not_for_scripts() -> None:
    assert SetCookies(secure=True, same_site="lax").keep(b"n", b"v", 60) == (
        b"n=v; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"
    )
    assert SetCookies(secure=False, same_site="strict").keep(b"n", b"v", 1) == (
        b"n=v; Max-Age=1; Path=/; HttpOnly; SameSite=Strict"
    )


def test_27_removing_repeats_what_a_host_cookie_needs() -> None:
    assert SetCookies(secure=True, same_site="none").expire(b"__Host-n") == (
        b"__Host-n=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        b"; Path=/; Secure; HttpOnly; SameSite=None"
    )
