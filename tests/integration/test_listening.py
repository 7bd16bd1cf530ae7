"""Where the gateway listens: TCP, TLS, Unix sockets; and where it does not any more."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.app import Gateway
from gateway.demo.logto import EmulatedLogto
from gateway.operations.listening import tls_context
from tests.support.certificates import Certificate, self_signed
from tests.support.gateway_process import (
    gateway_process,
    public,
    refusal,
    write_configuration,
)
from tests.support.raw_client import RawClient, RawResponse, connected
from tests.support.raw_upstream import raw_upstream
from tests.support.running_gateway import anyone, settings_for
from tests.support.virtual_browser import VirtualBrowser

GET = b"GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n"
NOWHERE = "http://127.0.0.1:9"


async def ask_unix(path: Path, fields: bytes = b"") -> RawResponse:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        client = RawClient(reader, writer)
        client.send(GET % fields)
        return await client.read_response()
    finally:
        writer.transport.abort()


async def test_a_proxy_on_this_machine_comes_over_a_unix_socket(
    tmp_path: Path,
) -> None:
    path = tmp_path / "gateway.sock"
    async with raw_upstream() as upstream:
        file = write_configuration(
            tmp_path,
            public(upstream.url),
            listen=f'"unix:{path}"',
            server='trusted_proxies = ["unix"]',
        )
        async with gateway_process(file) as gateway:
            line = await gateway.line("listening")
            assert line["addresses"] == [f"unix:{path}"]

            answer = await ask_unix(path, b"X-Forwarded-For: 192.0.2.7\r\n")

            assert (answer.status, answer.body) == (200, b"ok")
            assert upstream.request.value(b"X-Forwarded-For") == b"192.0.2.7"
            told = await gateway.line("request")
            assert told["client"] == "192.0.2.7"
            assert await gateway.stopped() == 0


async def test_the_file_of_a_socket_is_for_owner_and_group_and_goes_with_us(
    tmp_path: Path,
) -> None:
    path, admin = tmp_path / "gateway.sock", tmp_path / "admin.sock"
    file = write_configuration(
        tmp_path, public(NOWHERE), listen=f'"unix:{path}"', admin=f"unix:{admin}"
    )
    async with gateway_process(file) as gateway:
        await gateway.line("listening")
        assert [oct(p.stat().st_mode & 0o777) for p in (path, admin)] == ["0o660"] * 2

        assert await gateway.stopped() == 0

        assert not path.exists()
        assert not admin.exists()


async def test_a_socket_that_a_crash_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    file = write_configuration(tmp_path, public(NOWHERE), listen=f'"unix:{path}"')
    async with gateway_process(file) as crashing:
        await crashing.line("listening")
        crashing.process.kill()
        await crashing.process.wait()
    assert path.is_socket()

    async with gateway_process(file) as gateway:
        await gateway.line("listening")

        assert (await ask_unix(path)).status == 502


async def test_a_socket_that_somebody_listens_on_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    file = write_configuration(tmp_path, public(NOWHERE), listen=f'"unix:{path}"')
    async with gateway_process(file) as first:
        await first.line("listening")

        code, words = await refusal(file)

        assert code == 1
        assert words.startswith(
            f"gateway: cannot listen on unix:{path} (server.listen)"
        )
        assert "the address is in use" in words
        assert (await ask_unix(path)).status == 502


async def test_a_file_that_took_our_place_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    file = write_configuration(tmp_path, public(NOWHERE), listen=f'"unix:{path}"')
    async with gateway_process(file) as gateway:
        await gateway.line("listening")
        path.unlink()
        path.write_text("somebody else's")

        assert await gateway.stopped() == 0

        assert path.read_text() == "somebody else's"


async def test_several_addresses_at_once(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    listen = f'["127.0.0.1:0", "[::1]:0", "unix:{path}"]'
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    file = write_configuration(tmp_path, public(NOWHERE), listen=listen)
    async with gateway_process(file) as gateway:
        line = await gateway.line("listening")
        first, second, third = line["addresses"]
        for host, address in (("127.0.0.1", first), ("::1", second)):
            async with connected(int(address.rpartition(":")[2]), host) as client:
                client.send(GET % b"")
                assert (await client.read_response()).status == 502
        assert (second.startswith("[::1]:"), third) == (True, f"unix:{path}")


@asynccontextmanager
async def gateway_with_tls(
    logto: EmulatedLogto, upstream: str, certificate: Certificate
) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        url = f"https://localhost:{bound.getsockname()[1]}"
        logto.client.register_gateway(url)
        settings = settings_for(
            logto,
            url,
            anyone(upstream),
            server=f'tls_certificate = "{certificate.certificate}"\n'
            f'tls_key = "{certificate.key}"',
        )
        gateway = Gateway(settings, sockets=[bound])
        await gateway.start()
        try:
            yield url
        finally:
            await gateway.stop()


async def test_signing_in_over_https_gives_cookies_that_stay_on_https(
    tmp_path: Path,
) -> None:
    certificate = self_signed(tmp_path, "localhost")
    trust = ssl.create_default_context(cafile=str(certificate.certificate))
    async with (
        EmulatedLogto.start() as logto,
        raw_upstream() as upstream,
        gateway_with_tls(logto, upstream.url, certificate) as url,
        VirtualBrowser(trust=trust) as browser,
    ):
        page = await browser.sign_in(f"{url}/notes")

        assert (page.status, page.url, page.text) == (200, f"{url}/notes", "ok")
        set_by = [v for step in page.history for v in step.headers("set-cookie")]
        ours = [value for value in set_by if value.startswith("__Host-gateway=")]
        assert ours
        for value in ours:
            assert {"Secure", "HttpOnly", "Path=/"} <= set(value.split("; "))
        assert upstream.request.value(b"X-Forwarded-Proto") == b"https"
        assert upstream.request.value(b"X-Forwarded-User") == b"87xtcn7tlv7b"


async def test_clients_without_tls_are_turned_away_and_others_served(
    tmp_path: Path,
) -> None:
    certificate = self_signed(tmp_path, "localhost")
    trust = ssl.create_default_context(cafile=str(certificate.certificate))
    file = write_configuration(
        tmp_path,
        public(NOWHERE),
        public_url="https://localhost:8443",
        server=f'tls_certificate = "{certificate.certificate}"\n'
        f'tls_key = "{certificate.key}"',
    )
    async with gateway_process(file) as gateway:
        port, _ = await gateway.listening()
        async with connected(port) as plain:
            plain.send(GET % b"")
            assert not (await plain.read_to_end()).startswith(b"HTTP/")

        reader, writer = await asyncio.open_connection(
            "localhost", port, ssl=trust, family=socket.AF_INET
        )
        client = RawClient(reader, writer)
        client.send((GET % b"").replace(b"127.0.0.1", b"localhost"))
        answer = await client.read_response()
        assert answer.status == 502
        writer.close()

        assert await gateway.stopped() == 0
        assert await gateway.errors() == ""
        assert [
            line["event"] for line in gateway.lines if line["level"] == "error"
        ] == []


async def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost")
    context = tls_context(str(certificate.certificate), str(certificate.key))
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
