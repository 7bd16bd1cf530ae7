"""What a hostile or broken server can answer, byte for byte, and what becomes of it."""

import asyncio
import ssl
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from config.logto import Logto
from gateway.authentication.errors import LONGEST, ProviderUnavailable
from gateway.authentication.provider_call import Call
from gateway.authentication.provider_http import (
    LARGEST_ANSWER,
    ProviderHttp,
    open_session,
)
from tests.support.certificates import self_signed

Behave = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]
]
SECRET = "the-secret-that-was-sent"
FORM = {"client_secret": SECRET}
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PATIENT = 60.0  # seconds: more than any test takes
HASTY = 0.3  # seconds


@dataclass(slots=True)
class Server:
    """A server that says what it is told to, and counts the requests."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def server(
    behave: Behave, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Serve on loopback: *behave* gets each connection after a request's head."""
    connections: set[asyncio.StreamWriter] = set()

    async def connected(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connections.add(writer)
        try:
            while True:
                served.requests.append(await reader.readuntil(b"\r\n\r\n"))
                await behave(reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
    served = Server(f"{scheme}://{host}:{port}/oidc/token")
    try:
        yield served
    finally:
        listening.close()
        for writer in connections:
            writer.transport.abort()


@asynccontextmanager
async def asking(
    timeout: float = PATIENT,  # noqa: ASYNC109 - is handed on
    ca_file: str = "",
) -> AsyncIterator[ProviderHttp]:
    async with open_session(settings(ca_file)) as http:
        yield ProviderHttp(http, timeout=timeout, pauses=(0, 0))


def settings(ca_file: str = "") -> Logto:
    return Logto.model_validate(
        {
            "endpoint": "https://tenant.logto.app",
            "app_id": "a",
            "app_secret": "b",
            "ca_file": ca_file,
        }
    )


def says(*parts: bytes, close: bool = False) -> Behave:
    async def behave(
        _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for part in parts:
            writer.write(part)
        if close:
            writer.close()

    return behave


def endlessly(part: bytes, *, first: bytes = OK, slowly: bool = False) -> Behave:
    async def behave(
        _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(first)
        while True:
            writer.write(part)
            await writer.drain()
            if slowly:
                await asyncio.sleep(0.01)

    return behave


def whole(body: bytes, head: bytes = OK) -> Behave:
    return says(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def status(line: bytes, *fields: bytes, body: bytes = b"{}") -> Behave:
    kind = (b"Content-Type: application/json",)
    head = b"".join(one + b"\r\n" for one in (b"HTTP/1.1 " + line, *kind, *fields))
    return whole(body, head)


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(whole(b'{"a": 1}'), id="plain"),
        pytest.param(
            whole(b'{"a": 1}', OK.replace(b"json", b"json; charset=utf-8")),
            id="with a charset",
        ),
        pytest.param(
            whole(b'{"a": 1}', OK.replace(b"json", b"jwk-set+json")), id="a key set"
        ),
        pytest.param(
            says(
                OK + b"Transfer-Encoding: chunked\r\n\r\n",
                b'3\r\n{"a\r\n',
                b'5\r\n": 1}\r\n0\r\n\r\n',
            ),
            id="chunked",
        ),
        pytest.param(
            whole(b'{"a": 1}', OK + b"Content-Encoding: identity\r\n"), id="identity"
        ),
        pytest.param(says(OK + b'\r\n{"a": 1}', close=True), id="until the end"),
        pytest.param(
            whole(b'{"a": 1}' + b" " * (LARGEST_ANSWER - 8)), id="as large as may be"
        ),
    ],
)
async def test_a_json_object_is_an_answer(behave: Behave) -> None:
    async with server(behave) as served, asking() as http:
        answer = await http.ask(Call("key set", served.url))
    assert (answer.status, answer.document) == (200, {"a": 1})


NO_ANSWER = [
    pytest.param(whole(b"<html>"), id="HTML called JSON"),
    pytest.param(
        whole(b"{}", OK.replace(b"application/json", b"text/html")), id="HTML"
    ),
    pytest.param(whole(b"{}", OK.replace(b"/json", b"/jwt")), id="JWT"),
    pytest.param(whole(b"{}", b"HTTP/1.1 200 OK\r\n"), id="no type"),
    pytest.param(whole(b"[]"), id="list"),
    pytest.param(whole(b""), id="empty"),
    pytest.param(whole(b"[" * 99_999), id="endless nesting"),
    pytest.param(whole(b'{"a": "\xff"}'), id="not UTF-8"),
    pytest.param(whole(b'{"a": 1, "a": 2}'), id="a name twice"),
    pytest.param(whole(b"\x1f\x8b", OK + b"Content-Encoding: gzip\r\n"), id="gzip"),
    pytest.param(whole(b"{}" + b" " * LARGEST_ANSWER), id="huge"),
    pytest.param(
        says(OK + b"Content-Length: 999999999999\r\n\r\n{}", close=True),
        id="huge claim",
    ),
    pytest.param(
        endlessly(
            b"4\r\n    \r\n" * 9999, first=OK + b"Transfer-Encoding: chunked\r\n\r\n"
        ),
        id="endless chunks",
    ),
    pytest.param(endlessly(b" " * 4096, first=OK + b"\r\n"), id="endless body"),
    pytest.param(endlessly(b"X-A: b\r\n" * 9999), id="endless head"),
    pytest.param(says(OK + b"X: " + b"a" * 99_999 + b"\r\n\r\n"), id="huge field"),
    pytest.param(says(b"HTTP/1.1 " + b"a" * 99_999 + b"\r\n\r\n"), id="huge line"),
    pytest.param(says(b"\x16\x03\x01\x02\x00\x01" * 20, close=True), id="garbage"),
    pytest.param(says(b"SSH-2.0-OpenSSH_9.7\r\n\r\n"), id="another protocol"),
    pytest.param(says(close=True), id="cut off before the head"),
    pytest.param(says(OK, close=True), id="cut off in the head"),
    pytest.param(
        says(OK + b'Content-Length: 9\r\n\r\n{"a"', close=True),
        id="cut off in the body",
    ),
    pytest.param(
        says(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"), id="bad chunk"
    ),
    pytest.param(
        says(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} "),
        id="two lengths",
    ),
    pytest.param(says(OK + b"Content-Length: -2\r\n\r\n{}"), id="negative length"),
    pytest.param(says(OK + b"X-\x00: y\r\nContent-Length: 2\r\n\r\n{}"), id="NUL"),
    pytest.param(status(b"500 Internal Server Error"), id="500"),
    pytest.param(status(b"503 Service Unavailable"), id="503"),
    pytest.param(status(b"429 Too Many Requests"), id="429"),
    pytest.param(status(b"302 Found", b"Location: /elsewhere"), id="302"),
    pytest.param(status(b"307 Temporary Redirect", b"Location: /x"), id="307"),
    pytest.param(status(b"201 Created"), id="201"),
    pytest.param(status(b"404 Not Found", body=b"not found"), id="404 text"),
    pytest.param(status(b"999 What"), id="999"),
]


@pytest.mark.parametrize("behave", NO_ANSWER)
@pytest.mark.parametrize("form", [None, FORM], ids=["GET", "POST"])
async def test_anything_else_is_an_outage(
    behave: Behave, form: dict[str, str] | None
) -> None:
    async with server(behave) as served, asking() as http:
        call = Call("token endpoint", served.url, form=form, repeatable=form is None)
        with pytest.raises(ProviderUnavailable) as caught:
            await http.ask(call)
    assert str(caught.value).startswith("Logto's token endpoint ")
    assert len(str(caught.value)) <= LONGEST
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    if form is not None:
        assert len(served.requests) == 1, "what may have arrived is not sent again"
    assert all(b"/elsewhere" not in request for request in served.requests)


async def wait_for_ever(
    _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter
) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(wait_for_ever, id="silent"),
        pytest.param(
            endlessly(b"O", first=b"HTTP/1.1 200 ", slowly=True), id="dripping line"
        ),
        pytest.param(endlessly(b"X-A: b\r\n", slowly=True), id="dripping head"),
        pytest.param(
            endlessly(b" ", first=OK + b"Content-Length: 9999\r\n\r\n", slowly=True),
            id="dripping body",
        ),
        pytest.param(
            says(OK + b"Content-Length: 9\r\n\r\n{"), id="stopping in the body"
        ),
        pytest.param(
            endlessly(b"HTTP/1.1 103 Early Hints\r\n\r\n", first=b"", slowly=True),
            id="dripping 103s",
        ),
    ],
)
async def test_a_slow_answer_is_given_up(behave: Behave) -> None:
    async with server(behave) as served, asking(HASTY) as http:
        with pytest.raises(ProviderUnavailable, match=r"did not answer within 0\.3 s"):
            await http.ask(Call("key set", served.url))


async def test_all_tries_share_the_time() -> None:
    """An answer that fails late leaves no time for another whole try."""

    async def behave(
        _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await asyncio.sleep(HASTY * 0.7)
        writer.write(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")

    async with server(behave) as served, asking(HASTY) as http:
        with pytest.raises(ProviderUnavailable):
            await http.ask(Call("key set", served.url))
        assert len(served.requests) <= 2


async def test_what_is_asked() -> None:
    async with server(whole(b"{}")) as served, asking() as http:
        await http.ask(Call("userinfo endpoint", served.url, bearer="the-token"))
        (request,) = served.requests
    lines = request.decode().lower().split("\r\n")
    assert lines[0] == "get /oidc/token http/1.1"
    assert {
        "accept: application/json",
        "accept-encoding: identity",
        "authorization: bearer the-token",
    } <= set(lines)
    assert not [line for line in lines if line.startswith("cookie")]


async def test_cookies_are_not_kept() -> None:
    behave = whole(b"{}", OK + b"Set-Cookie: _session=x; Path=/\r\n")
    async with server(behave) as served, asking() as http:
        for _ in range(2):
            await http.ask(Call("key set", served.url))
    assert len(served.requests) == 2
    assert b"_session" not in b"".join(served.requests)


async def test_a_revocation_needs_no_json() -> None:
    behave = whole(b"", b"HTTP/1.1 200 OK\r\n")
    async with server(behave) as served, asking() as http:
        call = Call("revocation endpoint", served.url, form=FORM, wants_json=False)
        assert (await http.ask(call)).status == 200


async def test_a_name_that_does_not_exist_is_an_outage() -> None:
    async with asking() as http:
        with pytest.raises(ProviderUnavailable, match="cannot be reached"):
            await http.ask(Call("key set", "http://nowhere.invalid/"))


async def test_only_a_trusted_certificate_gets_a_request(tmp_path: Path) -> None:
    ours = self_signed(tmp_path, "localhost")
    async with server(whole(b"{}"), ours.server_context()) as served:
        call = Call("token endpoint", served.url, form=FORM)
        async with asking() as http:
            with pytest.raises(ProviderUnavailable, match="certificate"):
                await http.ask(call)
        assert served.requests == []
        async with asking(ca_file=str(ours.certificate)) as http:
            assert (await http.ask(call)).status == 200


async def test_a_certificate_is_good_for_its_name_only(tmp_path: Path) -> None:
    other = self_signed(tmp_path, "other.example")
    async with (
        server(whole(b"{}"), other.server_context()) as served,
        asking(ca_file=str(other.certificate)) as http,
    ):
        with pytest.raises(ProviderUnavailable, match="certificate"):
            await http.ask(Call("token endpoint", served.url, form=FORM))
        assert served.requests == []


def test_an_authority_file_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_session(settings(str(tmp_path / "missing.pem")))


def test_what_is_sent_is_not_shown() -> None:
    call = Call("token endpoint", "http://localhost", form=FORM, bearer="the-bearer")
    assert SECRET not in repr(call)
    assert "the-bearer" not in repr(call)
