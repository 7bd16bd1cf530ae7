"""Attack 34: what clients or Logto write is text on our pages, never markup."""

import re

import pytest

from tests.support.fortress import NAVIGATION, Fortress

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARKUP = b"%3Cscript%3Ealert(1)%3C/script%3E"
TAG = b"<script>alert"
ASKED = {
    "a path that is not there": (b"/.gateway/" + MARKUP, ()),
    "a quoted path": (b"/.gateway/%22onload=%22alert(1)", ()),
    "a malformed path": (b"/a%00" + MARKUP, ()),
    "a host that is not ours": (b"/", ((b"Accept", b"text/html"),)),
    "a return-to": (b"/.gateway/sign-in?rd=/" + MARKUP, ()),
    "an error of Logto": (
        b"/.gateway/callback?error=access_denied&error_description=" + MARKUP,
        NAVIGATION,
    ),
    "an unknown error": (b"/.gateway/callback?error=" + MARKUP, NAVIGATION),
    "a state": (b"/.gateway/callback?code=" + MARKUP + b"&state=" + MARKUP, NAVIGATION),
    "a frame": (b"/" + MARKUP, ((b"Sec-Fetch-Dest", b"iframe"),)),
    "signing out": (b"/.gateway/sign-out?rd=" + MARKUP, NAVIGATION),
    "the account": (b"/.gateway/?" + MARKUP, NAVIGATION),
}


@pytest.mark.parametrize(("target", "fields"), ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("person", [None, "ada"])
async def test_34_markup_is_escaped_and_no_script_may_run(
    walls: Fortress,
    target: bytes,
    fields: tuple[tuple[bytes, bytes], ...],
    person: str | None,
) -> None:
    answer = await walls.ask(target, *fields, (b"Accept", b"text/html"), person=person)
    assert TAG not in answer.body
    assert b'"onload="' not in answer.body
    if not answer.body or walls.upstream.requests:
        return
    (policy,) = answer.values(b"Content-Security-Policy")
    assert policy.startswith(b"default-src 'none'")
    for unwanted in (b"unsafe-inline", b"unsafe-eval", b"*", b"data:"):
        assert unwanted not in policy
    framed = b"'self'" if b"iframe" in dict(fields).values() else b"'none'"
    assert b"frame-ancestors " + framed in policy
    assert b"base-uri 'none'" in policy
    assert answer.value(b"X-Content-Type-Options") == b"nosniff"
    assert answer.value(b"Cache-Control") == b"no-store"
    assert b"<script>" not in answer.body
    assert b" style=" not in answer.body


OWN = (
    b"", b"sign-in", b"sign-up", b"callback", b"sign-out", b"signed-out", b"userinfo",
    b"switch-account", b"sessions", b"auth", b"healthz", b"backchannel-logout",
    b"hooks/logto", b"assets/", b"assets/none.css", b"none", b"%2e", b"sign-in/",
)  # fmt: skip
ANSWERED = [
    *(b"/.gateway/" + name for name in OWN), b"/.gateway", b"/bob/x", b"/x", b"/a%00b",
    b"/public/../x", b"http://evil.example/", b"*",
]  # fmt: skip


@pytest.mark.parametrize("target", ANSWERED)
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"DELETE", b"TRACE"])
@pytest.mark.parametrize("person", [None, "ada"])
async def test_no_answer_of_our_own_is_kept(
    walls: Fortress, target: bytes, method: bytes, person: str | None
) -> None:
    for fields in ((), NAVIGATION):
        answer = await walls.ask(target, *fields, method=method, person=person)
        if walls.upstream.requests:
            walls.upstream.forget()
            continue
        assert answer.values(b"Cache-Control") == [b"no-store"], answer.status
        assert answer.value(b"Server") is None


async def test_what_may_be_kept_says_so(walls: Fortress) -> None:
    page = await walls.ask(b"/.gateway/", *NAVIGATION)
    (style,) = set(re.findall(rb'href="(/\.gateway/assets/style[^"]+)"', page.body))
    answer = await walls.ask(style)
    assert answer.value(b"Cache-Control") == b"public, max-age=31536000, immutable"
    keys = await walls.ask(b"/.gateway/jwks.json")
    assert keys.value(b"Cache-Control") in {b"no-store", b"public, max-age=300"}


async def test_what_is_no_request_is_not_kept_either(walls: Fortress) -> None:
    for broken in (b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" * 40):
        heard = await walls.send(broken, quiet=5)
        assert b"\r\nCache-Control: no-store\r\n" in heard.data
