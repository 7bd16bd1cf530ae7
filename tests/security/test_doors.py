"""Attacks 07, 08, 11, 12 and 14: nothing a client may send opens a door or picks one.

No header, no method, no Host and no form of a target lets somebody in, or chooses the
upstream.
"""

import pytest

from config.loader import load_text
from config.problem import ConfigurationError
from tests.support.fortress import ADA, NAVIGATION, Fortress
from tests.support.strict_http import Field

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIES: tuple[Field, ...] = (
    (b"X-Forwarded-For", b"127.0.0.1"), (b"X-Forwarded-For", b"10.0.0.1, ::1"),
    (b"X-Forwarded-Host", b"evil.example"), (b"X-Forwarded-Proto", b"https"),
    (b"X-Forwarded-Port", b"1"), (b"X-Forwarded-Uri", b"/public"),
    (b"X-Forwarded-Method", b"OPTIONS"), (b"X-Forwarded-Prefix", b"/public"),
    (b"X-Forwarded-User", ADA), (b"X-Forwarded-Email", b"ada@example.com"),
    (b"Forwarded", b"for=127.0.0.1;host=evil.example;proto=https"),
    (b"X-Original-URL", b"/public"), (b"X-Original-URI", b"/public"),
    (b"X-Original-Method", b"OPTIONS"), (b"X-Rewrite-URL", b"/public"),
    (b"X-Real-IP", b"127.0.0.1"), (b"CF-Connecting-IP", b"127.0.0.1"),
    (b"True-Client-IP", b"127.0.0.1"), (b"X-Client-IP", b"127.0.0.1"),
    (b"X-Host", b"evil.example"), (b"X-HTTP-Method-Override", b"OPTIONS"),
    (b"X-Method-Override", b"GET"), (b"X-Custom-IP-Authorization", b"127.0.0.1"),
    (b"User-Agent", b"kube-probe/1.31"), (b"User-Agent", b"GoogleHC/1.0"),
    (b"User-Agent", b"ELB-HealthChecker/2.0"), (b"X-Gateway-Assertion", b"e30.e30."),
    (b"Authorization", b"Bearer e30.e30."), (b"Authorization", b"Basic YWRhOng="),
    (b"Authorization", b"Negotiate x"), (b"Proxy-Authorization", b"Basic YWRhOng="),
    (b"X-Remote-User", b"ada"), (b"Remote-User", b"ada"), (b"X-Auth-User", b"ada"),
    (b"Origin", b"null"), (b"Referer", b"http://127.0.0.1/public"),
    (b"Access-Control-Request-Method", b"GET"), (b"Sec-Fetch-Site", b"same-origin"),
    (b"X-Requested-With", b"XMLHttpRequest"), (b"Upgrade-Insecure-Requests", b"1"),
    (b"Service-Worker", b"script"), (b"Sec-Purpose", b"prefetch"), (b"Expect", b"x"),
    (b"Accept", b"text/event-stream"), (b"Range", b"bytes=0-0"), (b"Via",
    b"1.1 gateway"),
    (b"If-None-Match", b"*"), (b"Content-Type", b"application/grpc"), (b"Host2", b"x"),
)  # fmt: skip
PROTECTED = (b"/x", b"/public/inner", b"/private", b"/bob/x")
METHODS = (
    b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"get", b"GeT",
    b"Get", b"post", b"options", b"FOO", b"PROPFIND", b"PROPPATCH", b"MKCOL", b"COPY",
    b"LOCK", b"REPORT", b"SEARCH", b"QUERY", b"PURGE", b"BAN", b"LINK", b"M-SEARCH",
    b"SOURCE", b"X", b"HEADX", b"GET-", b"OPTION", b"SUBSCRIBE", b"BREW",
)  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie[0]!r} {lie[1]!r}")
@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
async def test_07_08_no_header_opens_a_protected_path(
    walls: Fortress, lie: Field, *, upgrade: bool
) -> None:
    for target in PROTECTED:
        answer = await walls.ask(target, lie, upgrade=upgrade)
        assert answer.status == 401, target
    assert (await walls.ask(b"/bob/x", lie, person="ada")).status in {403, 401}
    assert walls.upstream.requests == []


async def test_08_all_of_them_together_open_nothing(walls: Fortress) -> None:
    lies = [lie for lie in LIES if lie[0] != b"Expect"]
    for target in PROTECTED:
        assert (await walls.ask(target, *lies)).status == 401
    assert walls.upstream.requests == []


async def test_07_what_others_say_about_the_way_is_replaced(walls: Fortress) -> None:
    await walls.ask(b"/public/x", *LIES, method=b"GET")
    seen = walls.upstream.last
    host, _, port = walls.host.rpartition(b":")
    assert seen.values(b"X-Forwarded-For") == [b"127.0.0.1"]
    assert seen.values(b"X-Forwarded-Host") == [walls.host]
    assert seen.values(b"X-Forwarded-Proto") == [b"http"]
    assert seen.values(b"X-Forwarded-Port") == [port]
    (forwarded,) = seen.values(b"Forwarded")
    assert forwarded == b'for=127.0.0.1;host="%b:%b";proto=http' % (host, port)
    assert seen.target == b"/public/x"


async def test_07_no_word_about_the_host_changes_where_sign_in_leads(
    walls: Fortress,
) -> None:
    lies = [lie for lie in LIES if lie[0].startswith((b"X-F", b"Forw", b"X-O", b"X-H"))]
    answer = await walls.ask(b"/x", *NAVIGATION, *lies)
    assert answer.value(b"Location") == b"/.gateway/sign-in?rd=/x"
    answer = await walls.ask(b"/.gateway/sign-in", *NAVIGATION, *lies)
    location = answer.value(b"Location") or b""
    assert location.startswith(walls.logto.endpoint.encode())
    assert b"evil" not in location


@pytest.mark.parametrize(
    "trusted", ["0.0.0.0/0", "::/0", "::ffff:0:0/96", "*", "0.0.0.0/1"]
)
async def test_07_trusting_everyone_does_not_start(trusted: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(f'[server]\ntrusted_proxies = ["{trusted}"]\n')
    assert "trusted_proxies" in str(caught.value)


async def test_08_health_is_one_address_and_reads_only(walls: Fortress) -> None:
    assert (await walls.ask(b"/.gateway/healthz")).status == 200
    assert (await walls.ask(b"/.gateway/healthz", method=b"HEAD")).status == 200
    for method in (b"POST", b"PUT", b"DELETE", b"OPTIONS", b"get"):
        answer = await walls.ask(b"/.gateway/healthz", method=method)
        assert answer.status == 405
    for target in (b"/.gateway/healthz/", b"/.gateway/healthz/x", b"/.gateway/Healthz"):
        assert (await walls.ask(target)).status == 404
    for target in (
        b"/healthz",
        b"/ping",
        b"/health",
        b"/readyz",
        b"/metrics",
        b"/x?healthz",
    ):
        assert (await walls.ask(target)).status == 401
    assert walls.upstream.requests == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", PROTECTED)
async def test_11_14_every_method_passes_the_same_gate(
    walls: Fortress, method: bytes, target: bytes
) -> None:
    for fields in ((), NAVIGATION, ((b"Expect", b"100-continue"),)):
        answer = await walls.ask(target, *fields, method=method)
        assert answer.status in {401, 302, 303, 417}
    answer = await walls.ask(b"/bob/x", method=method, person="ada")
    assert answer.status == 403
    assert walls.upstream.requests == []
    answer = await walls.ask(b"/x", method=method, person="ada")
    assert (answer.status, walls.upstream.last.method) == (200, method)


@pytest.mark.parametrize("method", [b"TRACE", b"TRACK", b"CONNECT", b"trace", b"Track"])
@pytest.mark.parametrize("target", [b"/x", b"/public/x", b"/.gateway/", b"/optional/x"])
@pytest.mark.parametrize("person", [None, "ada"])
async def test_19_methods_that_echo_or_tunnel_are_not_there(
    walls: Fortress, method: bytes, target: bytes, person: str | None
) -> None:
    answer = await walls.ask(target, (b"X-Secret", b"s3"), method=method, person=person)
    assert answer.status == 405
    assert b"s3" not in answer.body
    assert walls.upstream.requests == []


@pytest.mark.parametrize("target", [b"/x", b"127.0.0.1:22", b"/public/x"])
async def test_19_nothing_behind_a_connect_is_read(
    walls: Fortress, target: bytes
) -> None:
    host = b"Host: %b\r\n\r\n" % walls.host
    hidden = b"GET /public/hidden HTTP/1.1\r\n" + host
    heard = await walls.send(
        b"CONNECT %b HTTP/1.1\r\n" % target + host + hidden, quiet=5
    )
    assert heard.closed
    assert heard.data.startswith(b"HTTP/1.1 405 ")
    assert heard.data.count(b"HTTP/1.1 ") == 1
    assert walls.upstream.requests == []


async def test_14_nobody_waits_for_a_body_that_will_not_be_taken(
    walls: Fortress,
) -> None:
    head = (
        b"POST /x HTTP/1.1\r\nHost: %b\r\nExpect: 100-continue\r\n"
        b"Content-Length: 100000\r\n\r\n" % walls.host
    )
    heard = await walls.send(head, enough=1)
    assert heard.data.startswith(b"HTTP/1.1 401 ")
    assert walls.upstream.requests == []


SAME = {  # one canonical host: spellings of our own
    "as it is": b"127.0.0.1:PORT", "without port": b"127.0.0.1",
    "another port": b"127.0.0.1:443", "trailing dot": b"127.0.0.1.",
    "trailing dot and port": b"127.0.0.1.:80",
}  # fmt: skip
OTHERS = {  # not ours, or not a host
    "another": b"evil.example", "ours in front": b"127.0.0.1.evil.example",
    "ours behind": b"evil.127.0.0.1", "a word for port": b"127.0.0.1:x",
    "an empty port": b"127.0.0.1:", "a port too high": b"127.0.0.1:65536",
    "two ports": b"127.0.0.1:80:80", "userinfo": b"a@127.0.0.1",
    "userinfo of ours": b"127.0.0.1@evil.example", "a path": b"127.0.0.1/x",
    "a query": b"127.0.0.1?x", "a fragment": b"127.0.0.1#x", "two": b"127.0.0.1, evil",
    "a blank": b"127.0.0.1 evil", "an escape": b"127.0.0.%31", "empty": b"",
    "two dots": b"127.0.0.1..", "a dot in front": b".127.0.0.1", "IPv6": b"[::1]",
    "mapped": b"[::ffff:127.0.0.1]", "unclosed": b"[::1", "octal": b"0177.0.0.1",
    "a number": b"2130706433", "short": b"127.1", "hexadecimal": b"0x7f.0.0.1",
    "wildcard": b"*", "unspecified": b"0.0.0.0", "metadata": b"169.254.169.254",
    "localhost": b"localhost", "full width": b"\xef\xbc\x91127.0.0.1",
    "tab": b"127.0.0.1\tx",
    "a backslash": b"127.0.0.1\\evil", "a scheme": b"http://127.0.0.1",
    "very long": b"a" * 300,
}  # fmt: skip


@pytest.mark.parametrize("host", SAME.values(), ids=SAME)
@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
async def test_12_spellings_of_our_host_are_our_host(
    walls: Fortress, host: bytes, *, upgrade: bool
) -> None:
    port = walls.host.rpartition(b":")[2]
    fields = f"Host: {host.decode()}\r\n".encode().replace(b"PORT", port)
    head = b"GET /x HTTP/1.1\r\n%bCookie: %b\r\n" % (fields, walls.cookies["ada"])
    if upgrade:
        head += b"Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: %b\r\n" % (
            walls.origin
        )
    heard = await walls.send(head + b"\r\n", enough=1)
    assert heard.data.startswith(b"HTTP/1.1 101 " if upgrade else b"HTTP/1.1 200 ")
    assert walls.upstream.last.value(b"X-Forwarded-User") == ADA


@pytest.mark.parametrize("host", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("target", [b"/x", b"/public/x", b"/.gateway/userinfo"])
async def test_12_14_any_other_host_is_refused(
    walls: Fortress, host: bytes, target: bytes
) -> None:
    for more in (b"", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"):
        head = b"GET %b HTTP/1.1\r\nHost: %b\r\nCookie: %b\r\n%b\r\n" % (
            target, host, walls.cookies["ada"], more,
        )  # fmt: skip
        heard = await walls.send(head, enough=1)
        assert heard.data[9:12] in {b"400", b"421"}
    assert walls.upstream.requests == []


@pytest.mark.parametrize(
    "target",
    [
        b"http://169.254.169.254/latest/meta-data", b"http://evil.example/public/x",
        b"http://HOST@evil.example/public/x", b"http://evil.example:80/public/x",
        b"http://evil.example#@HOST/public/x", b"http://HOST.evil.example/public/x",
        b"http://evil.example\\@HOST/public/x", b"http:///public/x", b"http:/public/x",
        b"http://a:b@HOST/public/x", b"//evil.example/public/x",
        b"@evil.example/public/x",
        b"evil.example:80", b"HOST", b"*", b"file:///etc/passwd",
        b"ftp://HOST/public/x",
        b"ws://HOST/public/x", b"unix:/run/x/public/x", b"http://[::1]/public/x",
        b"http://HOST:0/public/x", b"http://%31%32%37.0.0.1/public/x", b"http://HOST",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", [b"GET", b"POST", b"OPTIONS"])
async def test_12_14_no_target_chooses_the_upstream(
    walls: Fortress, target: bytes, method: bytes
) -> None:
    target = target.replace(b"HOST", walls.host)
    answer = await walls.ask(target, method=method)
    assert answer.status in {400, 401, 421}
    assert walls.upstream.requests == []


async def test_12_an_absolute_target_of_ours_is_its_path(walls: Fortress) -> None:
    answer = await walls.ask(b"HTTP://%b/public/x?y" % walls.host)
    assert answer.status == 200
    assert walls.upstream.last.start == b"GET /public/x?y HTTP/1.1"


@pytest.mark.parametrize(
    "fields",
    [
        b"", b"Host: %b\r\nHost: evil.example\r\n", b"Host: %b\r\nHost: %b\r\n",
        b"Host: evil.example\r\nHost: %b\r\n", b"Host: %b\r\nhost: %b\r\n",
        b"Host : %b\r\n", b" Host: %b\r\n", b"Host: %b,%b\r\n", b"H\xc3\xb6st: %b\r\n",
    ],
)  # fmt: skip
async def test_12_two_hosts_or_none_are_refused(walls: Fortress, fields: bytes) -> None:
    lines = fields.replace(b"%b", walls.host)
    heard = await walls.send(b"GET /public/x HTTP/1.1\r\n%b\r\n" % lines, quiet=5)
    assert heard.closed
    assert heard.data.startswith(b"HTTP/1.1 400 ")
    assert walls.upstream.requests == []
