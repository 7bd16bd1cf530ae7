"""Attack 34: what clients or Logto write is text on our pages, never markup."""

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
