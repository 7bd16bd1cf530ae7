"""Attack 19: another site uses the session of whoever looks at it."""

import pytest

from tests.support.fortress import ADA, HANDSHAKE, Fortress, raw_request
from tests.support.strict_http import Field, responses

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVIL = b"https://evil.example"


def said(site: bytes, mode: bytes, destination: bytes) -> tuple[Field, ...]:
    """Return what a browser says about a request (Fetch Metadata)."""
    return (
        (b"Sec-Fetch-Site", site),
        (b"Sec-Fetch-Mode", mode),
        (b"Sec-Fetch-Dest", destination),
    )


FORM = said(b"cross-site", b"navigate", b"document")
IMAGE = said(b"cross-site", b"no-cors", b"image")
FOREIGN: dict[str, tuple[Field, ...]] = {
    "a form of another site": (*FORM, (b"Origin", EVIL)),
    "a form of a sibling": (
        *said(b"same-site", b"navigate", b"document"),
        (b"Origin", b"http://127.0.0.2:8080"),
    ),
    "a form without a referrer": (*FORM, (b"Origin", b"null")),
    "a script": (*said(b"cross-site", b"cors", b"empty"), (b"Origin", EVIL)),
    "a script without cors": (
        *said(b"cross-site", b"no-cors", b"empty"),
        (b"Origin", EVIL),
    ),
    "a sandboxed frame": ((b"Origin", b"null"),),
    "an old browser": ((b"Origin", EVIL),),
    "our port of another scheme": ((b"Origin", b"https://127.0.0.1"),),
    "our host in front": ((b"Origin", b"http://127.0.0.1.evil.example"),),
    "our host, another port": ((b"Origin", b"http://127.0.0.1:1"),),
    "an empty origin": ((b"Origin", b""),),
    "two origins": ((b"Origin", EVIL), (b"Origin", EVIL)),
    "ours and another": ((b"Origin", b"OURS, " + EVIL),),
    "an unknown site": (
        *said(b"something-new", b"cors", b"empty"),
        (b"Origin", b"OURS"),
    ),
    "two sites": ((b"Sec-Fetch-Site", b"same-origin"), (b"Sec-Fetch-Site", b"x")),
    "ours in capitals": ((b"Origin", b"HTTP://127.0.0.1"),),
}
UNSAFE = (b"POST", b"PUT", b"PATCH", b"DELETE", b"PROPFIND", b"FOO", b"post", b"get")


async def send(
    walls: Fortress,
    method: bytes,
    target: bytes,
    fields: tuple[Field, ...],
    person: str | None = "ada",
) -> tuple[int, bytes]:
    """Send a request with *fields* alone; return status and body of its answer."""
    sent: list[Field] = [(b"Host", walls.host)]
    if person:
        sent.append((b"Cookie", walls.cookies[person]))
    sent += ((name, value.replace(b"OURS", walls.origin)) for name, value in fields)
    request = raw_request(method, target, sent)
    heard = await walls.send(request, enough=1, methods=(method,))
    (answer,) = responses(heard.data, (method,))
    return answer.status, answer.body


@pytest.mark.parametrize("fields", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("target", [b"/x", b"/optional/x"])
async def test_19_another_site_cannot_change_anything_with_a_session(
    walls: Fortress, fields: tuple[Field, ...], target: bytes
) -> None:
    for method in UNSAFE:
        status, _ = await send(walls, method, target, fields)
        assert status == 403, method
    assert walls.upstream.requests == []


@pytest.mark.parametrize("fields", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("target", [b"/x", b"/optional/x"])
async def test_19_another_site_cannot_open_a_websocket_with_a_session(
    walls: Fortress, fields: tuple[Field, ...], target: bytes
) -> None:
    status, _ = await send(walls, b"GET", target, (*HANDSHAKE, *fields))
    assert status == 403
    status, _ = await send(walls, b"GET", target, HANDSHAKE)  # nobody's origin
    assert status == 403
    assert walls.upstream.requests == []


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(said(b"same-origin", b"cors", b"empty"), id="a script of ours"),
        pytest.param(said(b"none", b"navigate", b"document"), id="typed"),
        pytest.param(((b"Origin", b"OURS"),), id="an old browser on our page"),
    ],
)
async def test_19_our_own_pages_can(walls: Fortress, fields: tuple[Field, ...]) -> None:
    for method in UNSAFE:
        assert (await send(walls, method, b"/x", fields))[0] == 200
    assert (await send(walls, b"GET", b"/x", (*HANDSHAKE, *fields)))[0] == 101
    assert walls.upstream.last.value(b"X-Forwarded-User") == ADA


@pytest.mark.parametrize("fields", [*FOREIGN.values(), IMAGE], ids=[*FOREIGN, "image"])
async def test_19_another_site_cannot_sign_anybody_out(
    walls: Fortress, fields: tuple[Field, ...]
) -> None:
    for method, target in (
        (b"GET", b"/.gateway/sign-out"),
        (b"HEAD", b"/.gateway/sign-out"),
        (b"POST", b"/.gateway/sign-out"),
        (b"POST", b"/.gateway/switch-account"),
    ):
        await send(walls, method, target, fields)
    assert (await send(walls, b"GET", b"/x", ()))[0] == 200
    assert walls.upstream.last.value(b"X-Forwarded-User") == ADA


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(IMAGE, id="an image"),
        pytest.param((*FORM, (b"Sec-Purpose", b"prefetch")), id="a prefetch"),
        pytest.param(
            (*FORM, (b"Sec-Purpose", b"prefetch;prerender")), id="a prerendering"
        ),
        pytest.param(
            (
                *said(b"same-origin", b"navigate", b"document"),
                (b"Purpose", b"prefetch"),
            ),
            id="a prefetch of old",
        ),
        pytest.param(said(b"cross-site", b"navigate", b"iframe"), id="a frame"),
        pytest.param(said(b"cross-site", b"cors", b"empty"), id="a script"),
        pytest.param(said(b"cross-site", b"no-cors", b"script"), id="a script element"),
        pytest.param(
            said(b"same-origin", b"same-origin", b"serviceworker"), id="worker"
        ),
    ],
)
async def test_19_nothing_but_a_person_starts_a_sign_in(
    walls: Fortress, fields: tuple[Field, ...]
) -> None:
    for target in (b"/x", b"/.gateway/sign-in?rd=/x", b"/.gateway/sign-up"):
        answer = await walls.ask(target, *fields)
        assert answer.status == 401
        assert answer.values(b"Set-Cookie") == []
    assert walls.upstream.requests == []
