r"""Requests that two parsers may cut differently: a few thousand, always the same ones.

``ID`` in a payload stands for its number, ``HOST`` for the gateway's, ``COOKIE`` for a
line that signs in.  A request hidden in another asks for ``/optional/ID/hidden``.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

ID, HOST, COOKIE = MARKS = b"@ID@", b"@HOST@", b"@COOKIE@"
HIDDEN = b"GET /optional/@ID@/hidden HTTP/1.1\r\nHost: @HOST@\r\n\r\n"
LAST = b"GET /optional/@ID@/last HTTP/1.1\r\nHost: @HOST@\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes to send on one connection; *name* says what is tried."""

    name: str
    data: bytes


LENGTHS: tuple[bytes, ...] = (
    b"", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"content-length: 5\r\n",
    b"Content-Length: 05\r\n", b"Content-Length: +5\r\n", b"Content-Length: -5\r\n",
    b"Content-Length: 5, 5\r\n", b"Content-Length: 5,0\r\n", b"Content-Length: 0x5\r\n",
    b"Content-Length: 5.0\r\n", b"Content-Length: 5;a\r\n", b"Content-Length:\r\n",
    b"Content-Length: \xd9\xa5\r\n", b"Content-Length: 18446744073709551621\r\n",
    b"Content-Length: 5\r\nContent-Length: 5\r\n", b'Content-Length: "5"\r\n',
    b"Content-Length: 0\r\nContent-Length: 5\r\n", b"Content-Length: 5 5\r\n",
    b"Content-Length:\t5\t\r\n", b"Content-Length : 5\r\n", b" Content-Length: 5\r\n",
    b"Content_Length: 5\r\n", b"Content-Length\x00: 5\r\n",
    b"Content-Length: 5\x00\r\n",
    b"X-A: b\nContent-Length: 5\r\n", b"X-A: b\rContent-Length: 5\r\n",
    b"Content-Length: 5\n", b"Content-Length: 5\x0b\r\n", b"Content-Length: 5e0\r\n",
    b"Content-Length:\r\n 5\r\n", b"Content-Length: 1_0\r\n",
)  # fmt: skip
ENCODINGS: tuple[bytes, ...] = (
    b"", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: CHUNKED\r\n",
    b"transfer-encoding:chunked\r\n", b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding:\r\n",
    b"Transfer-Encoding: identity, chunked\r\n", b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: chunked;q=1\r\n", b'Transfer-Encoding: "chunked"\r\n',
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n", b"Transfer-Encoding: chunked\x00\r\n",
    b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding\t: chunked\r\n",
    b" Transfer-Encoding: chunked\r\n", b"Transfer_Encoding: chunked\r\n",
    b"Transfer-Encoding:\r\n chunked\r\n", b"Transfer-Encoding: x\r\n\tchunked\r\n",
    b"X-A: b\nTransfer-Encoding: chunked\r\n",
    b"X-A: b\rTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\n", b"Transfer-Encoding: ,chunked\r\n",
    b"Transfer-Encoding: chunked,\r\n", b"Transfer-Encoding: chunk\xc3\xa9d\r\n",
    b"X-A: b\r\n\rTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked \r\n",
)  # fmt: skip
BODIES = {
    "an empty chunk": b"0\r\n\r\n" + HIDDEN,
    "five bytes": b"hello" + HIDDEN,
    "a chunk": b"5\r\nhello\r\n0\r\n\r\n" + HIDDEN,
}
CHUNK_SIZES: tuple[bytes, ...] = (
    b"5", b"05", b"0000000005", b"5 ", b" 5", b"5\t", b"5;", b"5;a", b"5;a=b",
    b'5;a="b"',
    b"5 ;a", b"0x5", b"0X5", b"+5", b"-5", b"5h", b"G", b"", b"5\x00", b"5\x0b", b"5_0",
    b"5\r", b"5\n", b"5;\n", b"5;a\r", b"5;a\n0", b"5\n\n", b"\r\n5", b"\n5", b"5,5",
    b"fffffffffffffffff5", b"100000000000000005", b"\xd9\xa5", b"5;" + b"a" * 5000,
    b'5;x="\r\n"', b"'5'", b"0b101",
)  # fmt: skip
LINE_ENDS: tuple[bytes, ...] = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\n\r",
    b"\r\r\n",
    b"\r\n\r\n",
    b"",
)
TRAILERS: tuple[bytes, ...] = (
    b"", b"X-A: b\r\n", b"X-A : b\r\n", b" X-A: b\r\n", b"X-A\r\n", b"X-A: b\n", b"\n",
    b"X-A: b\r", b"X-A: b\x00\r\n", b"X-A: b\r\n c\r\n", b": b\r\n", b"\x00\r\n",
    b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: evil\r\n",
    b"Connection: close\r\n", b"X-Forwarded-User: evil\r\n", b"X-A: " + b"b" * 20000,
    b"X-A: b\r\n" * 100, HIDDEN[:-2],
)  # fmt: skip
STARTS: tuple[bytes, ...] = (
    b"GET /optional/@ID@", b"GET /optional/@ID@ HTTP/0.9",
    b"GET /optional/@ID@ HTTP/1.0",
    b"GET /optional/@ID@ HTTP/1.2", b"GET /optional/@ID@ HTTP/2.0",
    b"GET /optional/@ID@ HTTP/2",
    b"GET /optional/@ID@ HTTP/1", b"GET /optional/@ID@ HTTP/01.1",
    b"GET /optional/@ID@ HTTP/1.10",
    b"GET /optional/@ID@ http/1.1", b"GET /optional/@ID@ HTTP/1.1 ",
    b"GET  /optional/@ID@ HTTP/1.1",
    b"GET /optional/@ID@  HTTP/1.1", b"GET\t/optional/@ID@\tHTTP/1.1",
    b" GET /optional/@ID@ HTTP/1.1",
    b"GET /optional/@ID@ HTTP/1.1\x00", b"GET /optional/@ID@ HTTPS/1.1",
    b"GET /optional/@ID@ ICY/1.1",
    b"GET /optional/@ID@ HTTP/1.1 HTTP/1.1", b"GET /optional/@ID@ x HTTP/1.1",
    b"GET/optional/@ID@ HTTP/1.1",
    b"get /optional/@ID@ HTTP/1.1", b"G" * 33 + b" /optional/@ID@ HTTP/1.1",
    b"G" * 70000 + b" /optional/@ID@ HTTP/1.1",
    b"GET: /optional/@ID@ HTTP/1.1", b"G(T /optional/@ID@ HTTP/1.1",
    b"G\xc3\x89T /optional/@ID@ HTTP/1.1",
    b"FOO /optional/@ID@ HTTP/1.1", b"\r\nGET /optional/@ID@ HTTP/1.1",
    b"\r\n\r\nGET /optional/@ID@ HTTP/1.1",
    b"\nGET /optional/@ID@ HTTP/1.1", b"\rGET /optional/@ID@ HTTP/1.1",
    b"\x00GET /optional/@ID@ HTTP/1.1",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"PRI * HTTP/2.0", b"GET * HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"CONNECT @HOST@ HTTP/1.1", b"CONNECT evil:80 HTTP/1.1",
    b"TRACE /optional/@ID@ HTTP/1.1",
    b"GET http://@HOST@/optional/@ID@ HTTP/1.1",
    b"GET http://evil/optional/@ID@ HTTP/1.1",
    b"GET http://@HOST@@evil/optional/@ID@ HTTP/1.1",
    b"GET //@HOST@/optional/@ID@ HTTP/1.1",
    b"GET https://@HOST@/optional/@ID@ HTTP/1.1",
    b"GET ftp://@HOST@/optional/@ID@ HTTP/1.1",
    b"GET optional/@ID@ HTTP/1.1", b"GET @HOST@/optional/@ID@ HTTP/1.1",
    b"GET http:/optional/@ID@ HTTP/1.1",
    b"GET /optional/@ID@ HTTP/1.1\nX-A: b", b"GET /optional/@ID@ HTTP/1.1\rX-A: b",
    b"", b" ", b"\x16\x03\x01\x02\x00",
    b"GET /optional/@ID@?" + b"a" * 70000 + b" HTTP/1.1", b"<html>", b"{}",
    b"SSH-2.0-x", b"*1",
)  # fmt: skip
UPGRADES: tuple[bytes, ...] = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"Upgrade: websocket\r\n",
    b"Connection: Upgrade\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
    b"Connection: Upgrade\r\nUpgrade: WebSocket\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket/13\r\n",
    b"Connection: close, Upgrade\r\nUpgrade: websocket\r\n",
    b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
    b"Connection: Upgrade\r\nUpgrade:\r\n",
    b"Connection: keep-alive, Upgrade\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\n",
)  # fmt: skip
SIGNIFICANT = b'\x00\t\n\x0b\x0c\r "#%,/0:;=?\\_\x7f\x85\xa0\xff'


def payloads(host: bytes, cookie: bytes) -> list[Payload]:
    """Return all of them; every other one is signed in by the Cookie value *cookie*."""
    found: list[Payload] = []
    for name, template in _templates():
        line = b"Cookie: %b\r\n" % cookie if len(found) % 2 else b""
        data = (template + LAST).replace(COOKIE, line).replace(HOST, host)
        found.append(Payload(name, data.replace(ID, b"no%05d" % len(found))))
    return found


def _templates() -> Iterator[tuple[str, bytes]]:
    yield from _framings()
    yield from _lines()
    yield from _chunks()
    yield from _starts()
    yield from _upgrades()
    yield from _mutations()


def _request(
    more: bytes,
    start: bytes = b"POST /optional/@ID@ HTTP/1.1",
    host: bytes = b"Host: @HOST@\r\n",
) -> bytes:
    return start + b"\r\n" + host + COOKIE + more + b"\r\n"


def _framings() -> Iterator[tuple[str, bytes]]:
    for length, encoding, body in product(LENGTHS, ENCODINGS, BODIES):
        name = f"{length!r} with {encoding!r} before {body}"
        yield name, _request(length + encoding) + BODIES[body]
    for length, encoding, body in product(LENGTHS[:4], ENCODINGS[:5], BODIES):
        start = b"POST /optional/@ID@ HTTP/1.0"
        alive = b"Connection: keep-alive\r\n"
        name = f"HTTP/1.0: {length!r} with {encoding!r} before {body}"
        yield name, _request(encoding + length + alive, start) + BODIES[body]
        start = b"GET /optional/@ID@ HTTP/1.1"
        name = f"GET: {encoding!r} with {length!r} before {body}"
        yield name, _request(encoding + length, start) + BODIES[body]


def _lines() -> Iterator[tuple[str, bytes]]:
    head, rest = b"GET /optional/@ID@ HTTP/1.1", b"\r\n"
    for byte in range(256):
        one = bytes((byte,))
        yield f"{one!r} in a name", _request(b"X-" + one + b"A: b\r\n", head)
        yield f"{one!r} before the colon", _request(b"X-A" + one + b": b\r\n", head)
        yield f"{one!r} in a value", _request(b"X-A: b" + one + b"c: d\r\n", head)
        yield f"{one!r} at a line's end", _request(b"X-A: b" + one + b"\n", head)
        yield f"{one!r} before a line", _request(one + b"X-A: b\r\n", head)
        yield f"{one!r} in the target", _request(rest[:0], head[:9] + one + head[9:])
        yield f"{one!r} behind the method", _request(rest[:0], b"GET" + one + head[4:])
        yield f"{one!r} in the version", _request(rest[:0], head[:-1] + one)
    for host in (
        b"",
        b"Host: @HOST@\r\nHost: @HOST@\r\n",
        b"Host: evil\r\n",
        b"Host:\r\n",
    ):
        yield f"Host fields {host!r}", _request(b"", head, host)


def _chunks() -> Iterator[tuple[str, bytes]]:
    start = _request(b"Transfer-Encoding: chunked\r\n")
    for size in CHUNK_SIZES:
        for end in LINE_ENDS[:4]:
            chunk = size + end + b"hello\r\n0\r\n\r\n"
            yield f"chunk size {size[:20]!r}{end!r}", start + chunk + HIDDEN
        yield (
            f"last chunk {size[:20]!r}",
            start + b"5\r\nhello\r\n" + size + b"\r\n\r\n",
        )
    for one, other in product(LINE_ENDS, LINE_ENDS):
        name = f"{one!r} behind a chunk, {other!r} at the end"
        yield name, start + b"5\r\nhello" + one + b"0\r\n" + other + HIDDEN
    for trailers in TRAILERS:
        body = b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n"
        yield f"trailers {trailers[:20]!r}", start + body + HIDDEN


def _starts() -> Iterator[tuple[str, bytes]]:
    for start in STARTS:
        yield f"starts with {start[:40]!r}", _request(b"", start)
        yield f"starts with {start[:40]!r}, hides", _request(b"", start) + HIDDEN
        yield f"behind another: {start[:40]!r}", HIDDEN + _request(b"", start)
        yield f"without a head: {start[:40]!r}", start + b"\r\n"


def _upgrades() -> Iterator[tuple[str, bytes]]:
    methods: tuple[bytes, ...] = (
        b"GET /optional/@ID@ HTTP/1.1", b"POST /optional/@ID@ HTTP/1.1",
        b"GET /optional/@ID@ HTTP/1.0", b"GET /@ID@ HTTP/1.1",
    )  # fmt: skip
    origin = b"Origin: http://@HOST@\r\n"
    for upgrade, start, length in product(UPGRADES, methods, LENGTHS[:4]):
        name = f"{upgrade!r} with {length!r} in {start!r}"
        head = _request(origin + upgrade + length, start)
        yield name, head + b"hello" + HIDDEN
        yield f"{name}, at once", head + HIDDEN
    for upgrade, encoding in product(UPGRADES, ENCODINGS[1:4]):
        head = _request(origin + upgrade + encoding, methods[0])
        yield f"{upgrade!r} with {encoding!r}", head + b"0\r\n\r\n" + HIDDEN


def _mutations() -> Iterator[tuple[str, bytes]]:
    """Yield requests that were right before some bytes were changed at random."""
    chance = random.Random(53)  # noqa: S311 - the same ones every time
    right: tuple[bytes, ...] = (
        _request(b"Content-Length: 5\r\n") + b"hello" + HIDDEN,
        _request(b"Transfer-Encoding: chunked\r\n")
        + b"5\r\nhello\r\n0\r\n\r\n"
        + HIDDEN,
        HIDDEN
        + _request(b"Connection: keep-alive\r\n", b"GET /optional/@ID@ HTTP/1.1"),
    )
    for number in range(900):
        template = chance.choice(right)
        for _ in range(chance.randint(1, 3)):
            template = _mutated(template, chance)
        yield f"changed at random, {number}", template


def _mutated(template: bytes, chance: random.Random) -> bytes:
    """Return *template* with a byte or two changed, but with all its marks."""
    while True:
        at = chance.randrange(len(template))
        new = bytes((chance.choice(SIGNIFICANT),)) if chance.random() < 0.7 else b""
        cut = chance.choice((0, 1, 1, 2))
        changed = template[:at] + new * chance.choice((1, 1, 2)) + template[at + cut :]
        if all(changed.count(mark) == template.count(mark) for mark in MARKS):
            return changed
