"""Attacks 01-03: a client says by itself who it is.

Whatever spelling it finds for a name that applications believe, the upstream sees only
what the gateway says: on every kind of route, with every method, on upgrades, beside
nominations in Connection, and in trailers.
"""

from collections.abc import Callable

import pytest

from tests.support.fortress import ADA, Fortress

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVIL = b"evil"
NAMES = (
    # What this gateway sends,
    b"X-Forwarded-User", b"X-Forwarded-Preferred-Username", b"X-Forwarded-Email",
    b"X-Forwarded-Groups", b"X-Forwarded-Name", b"X-Forwarded-Access-Token",
    b"X-Forwarded-Id-Token", b"X-Forwarded-For", b"X-Forwarded-Host",
    b"X-Forwarded-Proto", b"X-Forwarded-Port", b"X-Forwarded-Prefix", b"Forwarded",
    b"X-Request-Id", b"X-Gateway-Assertion", b"X-Gateway-Anything",
    # what others send,
    b"X-Forwarded-Uri", b"X-Forwarded-Server", b"X-Forwarded-Ssl", b"X-Real-IP",
    b"X-Auth-Request-User", b"X-Auth-Request-Email", b"X-Auth-Request-Groups",
    b"X-authentik-username", b"X-Pomerium-Jwt-Assertion", b"Cf-Access-Jwt-Assertion",
    b"CF-Connecting-IP", b"X-Goog-IAP-JWT-Assertion",
    b"X-Goog-Authenticated-User-Email", b"X-Original-URL", b"X-Original-URI",
    b"X-Original-Method", b"X-Rewrite-URL",
    # and what applications have believed for thirty years.
    b"Remote-User", b"Remote-Name", b"Remote-Email", b"Remote-Groups",
    b"X-Remote-User", b"X-Auth-User", b"X-Auth-Username", b"X-Auth-Userid",
    b"X-Auth-Email", b"X-Auth-Name", b"X-Auth-Groups", b"X-Auth-Roles",
    b"X-Auth-Subject", b"X-Webauth-User",
    # What a CGI program sees as HTTP_PROXY (CVE-2016-5385, httpoxy).
    b"Proxy",
)  # fmt: skip
SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda name: name,
    "lower case": bytes.lower,
    "upper case": bytes.upper,
    "swapped case": bytes.swapcase,
    "underscores": lambda name: name.replace(b"-", b"_"),
    "upper case with underscores": lambda name: name.upper().replace(b"-", b"_"),
    "dots": lambda name: name.replace(b"-", b"."),
    "mixed": lambda name: name.replace(b"-", b"_", 1).swapcase(),
    "doubled hyphens": lambda name: name.replace(b"-", b"--"),
    "doubled underscores": lambda name: name.replace(b"-", b"__"),
    "no separators": lambda name: name.replace(b"-", b""),
    "padded with hyphens": lambda name: b"-" + name + b"-",
    "padded with underscores": lambda name: b"_" + name + b"_",
    "padded with token characters": lambda name: b"!~" + name + b"'|",
    "odd separators": lambda name: name.replace(b"-", b"^"),
    "split in the middle": lambda name: name[:3] + b"_" + name[3:],
}
ROUTES = [
    pytest.param(b"/public/x", None, id="public"),
    pytest.param(b"/public/x", "ada", id="public, signed in"),
    pytest.param(b"/optional/x", None, id="optional"),
    pytest.param(b"/optional/x", "ada", id="optional, signed in"),
    pytest.param(b"/x", "ada", id="signed in"),
]
WAYS = [
    pytest.param(b"GET", False, id="GET"),
    pytest.param(b"OPTIONS", False, id="OPTIONS"),
    pytest.param(b"POST", False, id="POST"),
    pytest.param(b"PROPFIND", False, id="PROPFIND"),
    pytest.param(b"GET", True, id="upgrade"),
]
INNOCENT = (
    (b"X-Auth-Token", b"abc"), (b"Authorization", b"Bearer abc"), (b"X-Forward", b"1"),
    (b"Remote", b"1"), (b"X-Remote-Username-Hint", b"1"), (b"X-User", b"ada"),
)  # fmt: skip


def spelt_names() -> list[bytes]:
    """Return every spelling of every name, once."""
    spellings = (spell(name) for name in NAMES for spell in SPELLINGS.values())
    return list(dict.fromkeys(spellings))


@pytest.mark.parametrize(("target", "person"), ROUTES)
@pytest.mark.parametrize(("method", "upgrade"), WAYS)
async def test_01_02_no_spelling_of_a_reserved_name_reaches_the_upstream(
    walls: Fortress, target: bytes, person: str | None, method: bytes, *, upgrade: bool
) -> None:
    names = spelt_names()
    for start in range(0, len(names), 150):  # 200 fields are the default limit
        fields = [(name, EVIL) for name in names[start : start + 150]]
        answer = await walls.ask(
            target,
            *fields,
            person=person,
            method=method,
            upgrade=upgrade,
        )
        assert answer.status == (101 if upgrade else 200)
        seen = walls.upstream.last
        assert EVIL not in b" ".join(value for _, value in seen.fields)
        known = person == "ada" and target != b"/public/x"
        assert seen.value(b"X-Forwarded-User") == (ADA if known else None)
        assert seen.value(b"X-Forwarded-For") == b"127.0.0.1"
        assert seen.value(b"X-Forwarded-Host") == walls.host
        assert seen.value(b"X-Forwarded-Proto") == b"http"
        assert len(seen.values(b"X-Request-Id")) == 1


async def test_01_a_name_that_is_not_reserved_passes(walls: Fortress) -> None:
    await walls.ask(b"/public/x", *INNOCENT)
    assert set(INNOCENT) <= set(walls.upstream.last.fields)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"X-Forwarded-User ", id="blank before the colon"),
        pytest.param(b" X-Forwarded-User", id="blank before the name"),
        pytest.param(b"X-Forwarded-User\t", id="tab before the colon"),
        pytest.param(b"X Forwarded User", id="blanks as separators"),
        pytest.param(b"X-Forwarded\x00-User", id="NUL"),
        pytest.param(b"X-Forwarded-User\x0b", id="vertical tab"),
        pytest.param(b"X\xe2\x80\x90Forwarded-User", id="another hyphen of Unicode"),
        pytest.param(b"\xef\xbb\xbfX-Forwarded-User", id="byte order mark"),
        pytest.param(b"X-Forwarded-User\xa0", id="no-break space"),
        pytest.param(b"\x00X-Forwarded-User", id="NUL in front"),
        pytest.param(b'"X-Forwarded-User"', id="quoted"),
        pytest.param(b"(X-Forwarded-User)", id="in brackets"),
    ],
)
async def test_01_what_is_no_header_name_is_refused(
    walls: Fortress, name: bytes
) -> None:
    answer = await walls.ask(b"/public/x", (name, EVIL))
    assert answer.status == 400
    assert walls.upstream.requests == []


@pytest.mark.parametrize("method", [b"GET", b"OPTIONS", b"POST", b"HEAD", b"PROPFIND"])
@pytest.mark.parametrize(
    ("target", "person"),
    [
        pytest.param(b"/x", None, id="nobody is signed in"),
        pytest.param(b"/bob/x", "ada", id="ada may not"),
        pytest.param(b"/.gateway/nothing", None, id="not found"),
        pytest.param(b"/.gateway/healthz", None, id="health"),
        pytest.param(b"/a/../b", "ada", id="malformed"),
    ],
)
async def test_02_a_claim_opens_nothing_and_errors_do_not_repeat_it(
    walls: Fortress, target: bytes, person: str | None, method: bytes
) -> None:
    fields = [(name, EVIL) for name in NAMES]
    answer = await walls.ask(target, *fields, person=person, method=method)
    assert walls.upstream.requests == []
    assert EVIL not in answer.body
    assert EVIL not in b" ".join(value for _, value in answer.fields)


NOMINATIONS = (
    b"x-forwarded-user, cookie, host",
    b"X-Forwarded-User, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto",
    b"keep-alive, forwarded, x-request-id, traceparent, x-forwarded-port",
    b"close, x-forwarded-preferred-username, x-forwarded-name",
    b"content-length, transfer-encoding, authorization, content-type",
    b"te, upgrade, connection",
    b"X_Forwarded_User, xforwardeduser, *",
)


@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
@pytest.mark.parametrize("nominated", NOMINATIONS)
@pytest.mark.parametrize(("target", "person"), ROUTES)
async def test_03_a_nomination_in_connection_removes_nothing_of_ours(
    walls: Fortress,
    target: bytes,
    person: str | None,
    nominated: bytes,
    *,
    upgrade: bool,
) -> None:
    await walls.ask(
        target,
        (b"Connection", nominated),
        (b"Authorization", b"Basic b"),
        person=person,
        upgrade=upgrade,
    )
    seen = walls.upstream.last
    known = person == "ada" and target != b"/public/x"
    assert seen.value(b"X-Forwarded-User") == (ADA if known else None)
    assert seen.value(b"X-Forwarded-Name") == (b"Ada Example" if known else None)
    assert seen.value(b"Host") == walls.host
    assert seen.value(b"Authorization") == b"Basic b"
    for name in (b"For", b"Host", b"Proto", b"Port"):
        assert seen.value(b"X-Forwarded-" + name)
    for name in (b"Forwarded", b"X-Request-Id", b"traceparent"):
        assert seen.value(name)


async def test_03_a_nominated_length_still_frames_the_body(walls: Fortress) -> None:
    await walls.ask(
        b"/public/x", (b"Connection", b"content-length"), method=b"POST", body=b"abc"
    )
    (seen,) = walls.upstream.requests
    assert seen.body == b"abc"


@pytest.mark.parametrize("nominated", [b"cookie", b"Cookie, X-A"])
async def test_03_a_nominated_cookie_still_signs_in(
    walls: Fortress, nominated: bytes
) -> None:
    answer = await walls.ask(b"/x", (b"Connection", nominated), person="ada")
    assert answer.status == 200
    assert walls.upstream.last.value(b"X-Forwarded-User") == ADA


@pytest.mark.parametrize(("target", "person"), ROUTES)
async def test_01_trailers_carry_no_identity(
    walls: Fortress, target: bytes, person: str | None
) -> None:
    for start in range(0, len(spelt_names()), 60):
        trailers = spelt_names()[start : start + 60]
        lines = b"".join(b"%b: evil\r\n" % name for name in trailers)
        head = (
            b"POST %b HTTP/1.1\r\nHost: %b\r\nTransfer-Encoding: chunked\r\n"
            b"Trailer: X-Forwarded-User\r\nTE: trailers\r\n" % (target, walls.host)
        )
        if person:
            head += b"Cookie: %b\r\n" % walls.cookies[person]
        body = b"3\r\nabc\r\n0\r\n%bX-Checksum: 1\r\n\r\n" % lines
        await walls.send(head + b"\r\n" + body, enough=1)
        seen = walls.upstream.last
        assert seen.body == b"abc"
        assert seen.trailers == ((b"X-Checksum", b"1"),)


async def test_01_our_cookies_stay_with_us_and_others_pass(walls: Fortress) -> None:
    cookie = walls.cookies["ada"]
    for target in (b"/x", b"/public/x", b"/optional/x"):
        await walls.ask(target, (b"Cookie", b"a=1; " + cookie + b'; b="{2}"'))
        assert walls.upstream.last.value(b"Cookie") == b'a=1; b="{2}"'
        await walls.ask(target, (b"Cookie", b"a=1"), (b"cookie", cookie))
        assert walls.upstream.last.values(b"Cookie") == [b"a=1"]


async def test_02_the_same_fields_on_another_route_are_decided_anew(
    walls: Fortress,
) -> None:
    """Fields may be read once and remembered; what follows from more may not."""
    asked = (
        (b"GET", b"/x", 101, ADA),
        (b"DELETE", b"/x", 200, ADA),
        (b"GET", b"/public/x", 101, None),
        (b"POST", b"/public/x", 200, None),
        (b"GET", b"/optional/x", 101, ADA),
        (b"OPTIONS", b"/optional/x", 200, ADA),
        (b"GET", b"/bob/x", 403, None),
        (b"TRACE", b"/x", 405, None),
        (b"GET", b"/.gateway/userinfo", 200, None),
    )
    for method, target, status, identity in asked * 2 + asked[::-1]:
        walls.upstream.forget()
        answer = await walls.ask(target, person="ada", method=method, upgrade=True)
        assert answer.status == status, (method, target)
        for seen in walls.upstream.requests:
            assert seen.value(b"X-Forwarded-User") == identity
            assert bool(seen.values(b"Upgrade")) == (status == 101)
        forwarded = status in {101, 200} and target != b"/.gateway/userinfo"
        assert len(walls.upstream.requests) == forwarded
