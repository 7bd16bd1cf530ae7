"""Return-to by chance: whatever is asked for, the browser stays on its host."""

from urllib.parse import quote

from hypothesis import given, strategies as st

from gateway.authentication.return_to import LONGEST, return_to
from tests.support.browser_address import decodings, resolve
from tests.support.fuzzing import briefly

PIECES = (
    "/", "\\", "//", "\\\\", "/\\", ".", "..", "%2e", "%2f", "%5c", "%09", "%0d%0a",
    "%00",
    "%", "%25", "\t", "\n", "\r", "\x00", " ", "\u3000", "\uff0f", "\u2215",
    "\u29f8", "@",
    ":", "?", "#", ";", "http:", "https:", "HTTPS://", "javascript:", "data:",
    "evil.example",
    "app.example.com", ".gateway", "/.gateway/", "sign-in", "?rd=", "xn--", "[::1]",
    "127.1", "\ud800", "\U0001f600", "a", "é",
)  # fmt: skip

asked = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.text(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=5).map(lambda each: "/" + "".join(each)),
)


@given(asked, st.integers(0, 3))
@briefly(500)
def test_no_value_leads_away(value: str, times: int) -> None:
    for _ in range(times):
        value = quote(value, safe="/", errors="surrogatepass")
    found = return_to(value)
    assert found.startswith("/")
    assert found.isascii()
    assert found.isprintable()
    assert len(found) <= 2 * LONGEST + 1
    assert "#" not in found
    assert return_to(found) == found
    for reading in decodings(found):
        scheme, host, path = resolve(reading, "https", "app.example.com")
        assert (scheme, host) == ("https", "app.example.com")
        inside = path.lower().startswith("/.gateway/") and path != "/.gateway/"
        assert not inside, found
