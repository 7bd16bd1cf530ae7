"""Attacks 10 and 18: broken cookies from clients, and planted ones from upstreams."""

from collections.abc import Callable

import pytest

from tests.support.fortress import ADA, BOB, NAVIGATION, Fortress

pytestmark = pytest.mark.asyncio(loop_scope="module")

Break = Callable[[bytes, bytes], bytes]  # of a cookie's name and value


def _flipped(value: bytes, place: int) -> bytes:
    other = b"A" if value[place : place + 1] != b"A" else b"B"
    return value[:place] + other + value[place + 1 :]


BROKEN: dict[str, Break] = {
    "empty": lambda name, _: name + b"=",
    "no equals sign": lambda name, _: name,
    "no value at all": lambda name, _: name + b";",
    "one character": lambda name, _: name + b"=A",
    "truncated": lambda name, value: name + b"=" + value[:-1],
    "half": lambda name, value: name + b"=" + value[: len(value) // 2],
    "without its beginning": lambda name, value: name + b"=" + value[1:],
    "longer": lambda name, value: name + b"=" + value + b"A",
    "twice the same, joined": lambda name, value: name + b"=" + value * 2,
    "first character changed": lambda name, value: name + b"=" + _flipped(value, 0),
    "tenth character changed": lambda name, value: name + b"=" + _flipped(value, 9),
    "middle changed": lambda name, value: name + b"=" + _flipped(value, 100),
    "last but one changed": lambda name, value: name + b"=" + _flipped(value, -2),
    "random text": lambda name, _: name + b"=" + b"c2Vzc2lvbg" * 20,
    "padded": lambda name, value: name + b"=" + value + b"==",
    "quoted": lambda name, value: name + b'="' + value + b'"',
    "another alphabet": lambda name, value: (
        name + b"=" + value.replace(b"-", b"+").replace(b"_", b"/") + b"+/"
    ),
    "JSON": lambda name, _: name + b'={"sub":"87xtcn7tlv7b"}',
    "a JWT": lambda name, _: name + b"=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
    "not UTF-8": lambda name, _: name + b"=\xff\xfe\x80\xc0\xaf",
    "UTF-8": lambda name, value: name + b"=\xc3\xa4" + value,
    "huge": lambda name, _: name + b"=" + b"A" * 50_000,
    "a thousand of them": lambda name, _: b"; ".join([name + b"=A"] * 1000),
    "two that differ": lambda name, value: (
        name + b"=" + value + b"; " + name + b"=" + _flipped(value, 40)
    ),
    "a broken one first": lambda name, value: (
        name + b"=A; " + name + b"=" + value + b"; x=y"
    ),
    "as a chunk": lambda name, value: name + b".1=" + value,
    "a chunk missing": lambda name, value: (
        name + b".0=" + value[:50] + b"; " + name + b".2=" + value[50:]
    ),
    "a chunk too many": lambda name, value: (
        name + b"=" + value + b"; " + name + b".1=A"
    ),
    "a negative chunk": lambda name, value: name + b".-1=" + value,
    "a chunk of a million": lambda name, value: name + b".1000000=" + value,
    "a thousand chunks": lambda name, _: b"; ".join(
        name + b".%d=A" % number for number in range(1000)
    ),
    "in capitals": lambda name, value: name.upper() + b"=" + value,
    "another name": lambda name, value: name + b"x=" + value,
    "an attempt's name": lambda name, value: (
        name + b"-attempt-aaaaaaaaaaaaaaaa=" + value
    ),
    "the arrival's name": lambda name, value: name + b"-arrival=" + value,
    "an open quote": lambda name, value: b'x="; ' + name + b"=" + value + b"A",
    "many separators": lambda name, value: (
        b";;;; " * 500 + name + b" = " + value[:-4] + b";;"
    ),
}
OWN = (b"/.gateway/", b"/.gateway/userinfo", b"/.gateway/sign-in", b"/.gateway/sign-up",
       b"/.gateway/callback", b"/.gateway/callback?code=a&state=b",
       b"/.gateway/sign-out",
       b"/.gateway/signed-out", b"/.gateway/healthz", b"/.gateway/nothing")  # fmt: skip


def broken(walls: Fortress, how: Break) -> bytes:
    name, _, value = walls.cookies["ada"].partition(b"=")
    return how(name, value)


@pytest.mark.parametrize("how", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
async def test_10_a_broken_cookie_is_no_session(
    walls: Fortress, how: Break, *, upgrade: bool
) -> None:
    cookie = (b"Cookie", broken(walls, how))
    for target in (b"/x", b"/bob/x", b"/public/inner"):
        assert (await walls.ask(target, cookie, upgrade=upgrade)).status == 401
    assert walls.upstream.requests == []
    for target in (b"/public/x", b"/optional/x"):
        answer = await walls.ask(target, cookie, upgrade=upgrade)
        assert answer.status in {101, 200}
        assert walls.upstream.last.values(b"X-Forwarded-User") == []


@pytest.mark.parametrize("how", BROKEN.values(), ids=BROKEN)
async def test_10_a_broken_cookie_breaks_no_address_of_ours(
    walls: Fortress, how: Break
) -> None:
    cookie = (b"Cookie", broken(walls, how))
    for target in OWN:
        for method in (b"GET", b"POST"):
            answer = await walls.ask(target, cookie, *NAVIGATION, method=method)
            assert answer.status < 500, (method, target)
            assert b"Ada Example" not in answer.body
            assert ADA not in answer.body


async def test_10_the_same_cookie_twice_is_one(walls: Fortress) -> None:
    cookie = walls.cookies["ada"]
    await walls.ask(b"/x", (b"Cookie", cookie + b"; " + cookie))
    assert walls.upstream.last.value(b"X-Forwarded-User") == ADA


async def test_10_two_people_at_once_are_nobody(walls: Fortress) -> None:
    both = walls.cookies["ada"] + b"; " + walls.cookies["bob"]
    assert (await walls.ask(b"/x", (b"Cookie", both))).status == 401
    fields = [(b"Cookie", walls.cookies[person]) for person in ("bob", "ada")]
    assert (await walls.ask(b"/x", *fields)).status == 401
    assert walls.upstream.requests == []


async def test_10_a_long_row_of_other_cookies_costs_nobody_anything(
    walls: Fortress,
) -> None:
    others = b"; ".join(b"k%d=%b" % (n, b'{"a":[1]}') for n in range(1500))
    await walls.ask(b"/x", (b"Cookie", others + b"; " + walls.cookies["bob"]))
    assert walls.upstream.last.value(b"X-Forwarded-User") == BOB
    assert walls.upstream.last.value(b"Cookie") == others


PLANTED = (
    b"NAME=evil", b"NAME=evil; Path=/; HttpOnly", b"NAME =evil", b" NAME=evil",
    b"NAME=", b"NAME=; Max-Age=0", b"NAME", b"=NAME=evil", b"= NAME=evil",
    b"NAME.0=evil",
    b"NAME.1=evil; Path=/", b"NAME.99=evil", b"NAME-attempt-aaaaaaaaaaaaaaaa=evil",
    b"NAME-attempt-=evil", b"NAME-arrival=3", b"NAME\t=evil", b"\tNAME=evil",
    b"NAME=evil; Domain=127.0.0.1", b"NAME=evil; SameSite=None", b'NAME="evil"',
)  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("field", [b"Set-Cookie", b"set-cookie", b"SET-COOKIE"])
@pytest.mark.parametrize("upgrade", [False, True], ids=["200", "101"])
async def test_18_an_upstream_cannot_set_a_cookie_of_ours(
    walls: Fortress, planted: bytes, field: bytes, *, upgrade: bool
) -> None:
    value = planted.replace(b"NAME", walls.cookie_name)
    walls.upstream.fields = b"Set-Cookie: a=1\r\n%b: %b\r\nset-cookie: b=2\r\n" % (
        field,
        value,
    )
    for target, person in (
        (b"/x", "ada"),
        (b"/public/x", None),
        (b"/optional/x", None),
    ):
        answer = await walls.ask(target, person=person, upgrade=upgrade)
        assert answer.status in {101, 200}
        assert answer.values(b"Set-Cookie") == [b"a=1", b"b=2"]


async def test_18_not_in_trailers_nor_in_early_hints_either(walls: Fortress) -> None:
    cookie = b"Set-Cookie: %b=evil\r\n" % walls.cookie_name
    walls.upstream.answers[b"/x"] = (
        b"HTTP/1.1 103 Early Hints\r\n" + cookie + b"\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nok\r\n0\r\n" + cookie + b"\r\n"
    )
    head = b"GET /x HTTP/1.1\r\nHost: %b\r\nCookie: %b\r\nTE: trailers\r\n\r\n" % (
        walls.host,
        walls.cookies["ada"],
    )
    heard = await walls.send(head, enough=1)
    assert b"ok" in heard.data
    assert b"=evil" not in heard.data
