"""Attacks 01-08, 12, 17 and 19 through a real nginx and a real Caddy that ask.

What reaches the application is what these proxies let through, by the files that we
ship: it must be what the gateway decided about, and say what the gateway says.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.proxying.cache_privacy import is_for_cdn
from tests.security.test_cross_site import FOREIGN, UNSAFE
from tests.security.test_doors import LIES, METHODS, OTHERS, PROTECTED
from tests.security.test_identity_headers import EVIL, NOMINATIONS, spelt_names
from tests.security.test_paths import is_public, targets
from tests.security.test_shared_caches import FIELDS
from tests.support.applications_reading import readings
from tests.support.asking_proxies import Behind, caddy_asks, nginx_asks
from tests.support.fortress import ADA, BOB, HANDSHAKE, ROUTES, Fortress, fortress
from tests.support.nginx import free_port, nginx_cache
from tests.support.questions import ASKED
from tests.support.raw_client import connected
from tests.support.strict_http import Field, Message, responses

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRUSTING = 'trusted_proxies = ["127.0.0.1/32"]'
HOST = b"app.example.com"
PUBLIC = "https://app.example.com"
ORIGIN: Field = (b"Origin", PUBLIC.encode())
IDENTITY = (b"X-Auth-Request-User", b"X-Forwarded-User")


@dataclass(frozen=True, slots=True)
class Front:
    """A proxy on *port*, in front of the application of *walls*."""

    walls: Fortress
    port: int

    @property
    def reached(self) -> list[Message]:
        """What reached the application since the last ``forget``."""
        return self.walls.upstream.requests

    async def send(self, head: bytes, method: bytes = b"GET") -> Message | None:
        """Send *head*, and return the answer; None where there is none."""
        heard = b""
        async with connected(self.port) as client:
            client.send(head)
            try:
                while more := await client.read_some():
                    heard += more
                    if b"\r\n\r\n" in heard and (found := _whole(heard, method)):
                        return found
            except (ConnectionError, TimeoutError):
                pass
        return _whole(heard, method)

    async def ask(
        self,
        target: bytes,
        *fields: Field,
        person: str | None = None,
        method: bytes = b"GET",
        upgrade: bool = False,
    ) -> int:
        """Send one request, and return the status of its answer; 0 without one."""
        sent: list[Field] = [(b"Host", HOST)]
        if person:
            sent.append((b"Cookie", self.walls.cookies[person]))
        sent += HANDSHAKE if upgrade else ()
        sent += fields
        lines = b"".join(b"%b: %b\r\n" % field for field in sent)
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, lines)
        answer = await self.send(head, method)
        return answer.status if answer else 0


def _whole(heard: bytes, method: bytes) -> Message | None:
    try:
        return responses(heard, (method,))[0]
    except Exception:  # noqa: BLE001 - not whole yet, or nothing of HTTP
        return None


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[pytest.param(nginx_asks, id="nginx"), pytest.param(caddy_asks, id="Caddy")],
)
async def palace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Front]:
    """Run one proxy for the module."""
    folder: Path = tmp_path_factory.mktemp("proxy")
    async with fortress(ROUTES + ASKED, server=TRUSTING, public_url=PUBLIC) as walls:
        application = walls.upstream.raw.port
        behind = Behind(walls.gateway.port, application, application)
        async with request.param(folder, behind) as port:
            yield Front(walls, port)


@pytest.fixture
def front(palace: Front) -> Iterator[Front]:
    """Return the module's proxy, its application without memory."""
    palace.walls.upstream.forget()
    yield palace
    for seen in palace.reached:  # whatever was tried
        for name in IDENTITY:
            assert seen.values(name) in ([], [b""], [ADA], [BOB]), seen
        assert palace.walls.cookie_name not in b"; ".join(seen.values(b"Cookie"))


async def test_the_way_is_open(front: Front) -> None:
    assert await front.ask(b"/x", person="ada") == 200
    assert [front.reached[-1].value(name) for name in IDENTITY] == [ADA, ADA]
    assert await front.ask(b"/x", ORIGIN, person="ada", upgrade=True) == 101
    assert await front.ask(b"/public/x") == 200
    assert [front.reached[-1].value(name) or b"" for name in IDENTITY] == [b"", b""]


@pytest.mark.parametrize(
    ("target", "person"),
    [(b"/public/x", None), (b"/optional/x", "ada"), (b"/x", "ada")],
)
async def test_01_02_no_spelling_of_a_reserved_name_arrives(
    front: Front, target: bytes, person: str | None
) -> None:
    for name in spelt_names():
        await front.ask(target, (name, EVIL), person=person)
    assert front.reached
    for seen in front.reached:
        assert EVIL not in b" ".join(value for _, value in seen.fields)


@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
@pytest.mark.parametrize(
    "nominated",
    [
        *NOMINATIONS,
        b"x-auth-request-user, x-auth-request-name",
        b"upgrade, x-auth-request-user",
        b"cookie, authorization, x-forwarded-uri, x-forwarded-method",
        b"x-original-uri, x-original-method, x-forwarded-host, origin",
    ],
)
async def test_03_a_nomination_in_connection_removes_nothing(
    front: Front, nominated: bytes, *, upgrade: bool
) -> None:
    field = (b"Connection", nominated)
    for target, person in ((b"/x", "ada"), (b"/optional/x", "ada"), (b"/x", None)):
        await front.ask(target, field, ORIGIN, person=person, upgrade=upgrade)
        await front.ask(target, field, person=person, method=b"POST")
    for seen in front.reached:
        assert seen.target == b"/optional/x" or seen.value(b"X-Auth-Request-User")
        assert seen.value(b"Host") == HOST
    # Nor does it take away what shows that another site asks.
    evil = (b"Origin", b"https://evil.example")
    front.walls.upstream.forget()
    await front.ask(b"/x", field, evil, person="ada", method=b"POST")
    await front.ask(b"/x", field, evil, person="ada", upgrade=True)
    for seen in front.reached:
        assert b"origin" in nominated
        assert seen.values(b"Origin") == []


@pytest.mark.parametrize("part", range(4))
async def test_04_05_06_without_a_session_only_what_is_public_in_every_reading_arrives(
    front: Front, part: int
) -> None:
    arrived = 0
    for target in targets()[part::28]:
        front.walls.upstream.forget()
        await front.ask(target)
        for seen in front.reached:  # in the bytes that the proxy makes of it
            arrived += 1
            path = seen.target.partition(b"?")[0]
            assert {one for one in readings(path) if not is_public(one)} == set()
    assert arrived


async def test_07_08_no_header_opens_a_protected_path(front: Front) -> None:
    for lie in LIES:
        if lie[0] == b"Expect":
            continue  # the proxy's own matter
        for target in PROTECTED:
            assert await front.ask(target, lie) in {400, 401, 403, 500}
        assert await front.ask(b"/bob/x", lie, person="ada") in {400, 401, 403}
    assert front.reached == []


async def test_11_every_method_passes_the_same_gate(front: Front) -> None:
    for method in (*METHODS, b"TRACE", b"TRACK", b"CONNECT"):
        for target in PROTECTED:
            status = await front.ask(target, method=method)
            assert status in {0, 400, 401, 403, 405, 500}
        assert await front.ask(b"/bob/x", method=method, person="ada") != 200
    assert front.reached == []


@pytest.mark.parametrize("target", [b"/x", b"/public/x", b"/.gateway/userinfo"])
async def test_12_no_other_host_is_asked_about(front: Front, target: bytes) -> None:
    """Which host a proxy makes of odd ones is its matter; an unknown one is refused."""
    cookie = front.walls.cookies["ada"]
    for host in OTHERS.values():
        head = b"GET %b HTTP/1.1\r\nHost: %b\r\nCookie: %b\r\n\r\n"
        answer = await front.send(head % (target, host, cookie))
        assert answer is None or ADA not in answer.body
    assert front.reached == []


async def test_12_a_question_mark_in_the_host_moves_no_path(front: Front) -> None:
    for host in (b"app.example.com?x", b"app.example.com#x", b"app.example.com/public"):
        for target in (b"/public/../x", b"/x", b"/bob/x"):
            head = b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (target, host)
            answer = await front.send(head)
            assert answer is None or answer.status != 200 or not answer.body
    assert front.reached == []


@pytest.mark.parametrize("fields", FOREIGN.values(), ids=FOREIGN)
async def test_19_another_site_uses_no_session(
    front: Front, fields: tuple[Field, ...]
) -> None:
    said = [(name, value.replace(b"OURS", PUBLIC.encode())) for name, value in fields]
    for target in (b"/x", b"/optional/x"):
        for method in UNSAFE:
            status = await front.ask(target, *said, person="ada", method=method)
            assert status in {400, 403}, method
        status = await front.ask(target, *said, person="ada", upgrade=True)
        assert status in {400, 403}
    assert front.reached == []


@pytest.mark.parametrize("said", FIELDS.values(), ids=FIELDS)
async def test_17_a_cache_in_front_gives_nobody_what_was_anothers(
    front: Front, tmp_path: Path, said: str
) -> None:
    port = free_port()
    async with nginx_cache(tmp_path, port, front.port):
        outside = replace(front, port=port)
        for target in (b"/x", b"/optional/x"):
            for person, known in (("ada", ADA), ("bob", BOB), (None, b"")):
                front.walls.upstream.forget()
                front.walls.upstream.fields = said.encode()
                status = await outside.ask(target, person=person)
                if not person and target == b"/x":
                    assert status == 401
                    assert front.reached == []
                    continue
                assert status == 200
                (seen,) = front.reached  # no answer of another person's
                assert (seen.value(b"X-Auth-Request-User") or b"") == known


@pytest.mark.parametrize("said", FIELDS.values(), ids=FIELDS)
async def test_17_what_is_for_one_person_is_said_to_be(front: Front, said: str) -> None:
    """For a cache in front: whatever the application says, it is private as well."""
    front.walls.upstream.fields = said.encode()
    cookie = b"Cookie: %b\r\n" % front.walls.cookies["ada"]
    for target, expected in (
        (b"/x", True),
        (b"/optional/x", True),
        (b"/public/x", False),
    ):
        head = b"GET %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (target, HOST, cookie)
        answer = await front.send(head)
        assert answer is not None
        control = b", ".join(answer.values(b"Cache-Control")).lower()
        if expected:
            assert not any(is_for_cdn(name) for name, _ in answer.fields)
        kept_apart = {one.strip() for one in control.split(b",")}
        assert bool(kept_apart & {b"private", b"no-store"}) >= expected
