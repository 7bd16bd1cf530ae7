"""Return-to: whatever was asked for, the browser stays here."""

import pytest
from hypothesis import example, given, strategies as st

from gateway.authentication.return_to import LONGEST, return_to
from tests.support.browser_address import decodings, resolve
from tests.support.open_redirects import collected

TRICKS = [
    pytest.param("", id="empty"),
    pytest.param("//evil.test", id="two slashes"),
    pytest.param("///evil.test", id="three slashes"),
    pytest.param("/\\evil.test", id="backslash"),
    pytest.param("\\\\evil.test", id="two backslashes"),
    pytest.param("\\/evil.test", id="backslash first"),
    pytest.param("/a\\b", id="backslash later"),
    pytest.param("/\t/evil.test", id="tab between"),
    pytest.param("\t//evil.test", id="tab in front"),
    pytest.param("/\n/evil.test", id="line feed between"),
    pytest.param("/\r\n/evil.test", id="line end between"),
    pytest.param(" //evil.test", id="space in front"),
    pytest.param("\x00//evil.test", id="NUL in front"),
    pytest.param("/\x00/evil.test", id="NUL between"),
    pytest.param("/\x1f/evil.test", id="control between"),
    pytest.param("/%09/evil.test", id="encoded tab"),
    pytest.param("/%0a/evil.test", id="encoded line feed"),
    pytest.param("/%0d%0aSet-Cookie:a=b", id="encoded line end"),
    pytest.param("/%250d%250aSet-Cookie:a=b", id="twice encoded line end"),
    pytest.param("/%2fevil.test", id="encoded slash"),
    pytest.param("/%2Fevil.test", id="encoded slash, upper case"),
    pytest.param("/%252fevil.test", id="twice encoded slash"),
    pytest.param("/%5cevil.test", id="encoded backslash"),
    pytest.param("/%255cevil.test", id="twice encoded backslash"),
    pytest.param("%2f%2fevil.test", id="encoded from the start"),
    pytest.param("/.//evil.test", id="dot segment"),
    pytest.param("/..//evil.test", id="double dot segment"),
    pytest.param("/a/..//evil.test", id="double dot segment within"),
    pytest.param("/a/../../..//evil.test", id="many of them"),
    pytest.param("/%2e%2e//evil.test", id="encoded dot segment"),
    pytest.param("/%252e%252e//evil.test", id="twice encoded dot segment"),
    pytest.param("/..%2f/evil.test", id="dot segment, encoded slash"),
    pytest.param("/a/..\\..\\evil.test", id="dot segments by backslash"),
    pytest.param("/..%5c/evil.test", id="dot segment, encoded backslash"),
    pytest.param("https://evil.test/", id="absolute"),
    pytest.param("https:evil.test", id="scheme without slashes"),
    pytest.param("https:/evil.test", id="scheme with one slash"),
    pytest.param("HtTpS://evil.test/", id="scheme in mixed case"),
    pytest.param("javascript:alert(1)", id="javascript"),
    pytest.param("java\nscript:alert(1)", id="javascript, cut"),
    pytest.param("data:text/html,x", id="data"),
    pytest.param("http://app.example.com@evil.test/", id="userinfo"),
    pytest.param("@evil.test", id="at sign"),
    pytest.param(".evil.test", id="continues our host"),
    pytest.param(":80@evil.test", id="port and userinfo"),
    pytest.param("evil.test", id="relative"),
    pytest.param("?x", id="query only"),
    pytest.param("#x", id="fragment only"),
    pytest.param("/\ud800", id="half a surrogate pair"),
]


def assert_stays(value: str | None) -> str:
    target = return_to(value)
    assert target.isascii()
    assert all("!" <= character <= "~" for character in target)
    assert "\\" not in target
    assert "#" not in target
    assert len(target) <= LONGEST
    for reading in decodings(target):
        assert reading.startswith("/")
        assert resolve(reading, "https", "app.example.com")[:2] == (
            "https",
            "app.example.com",
        )
        assert not reading.startswith(("//", "/\\"))
    path = resolve(target, "https", "app.example.com")[2]
    assert not path.startswith("//")
    assert path == "/.gateway/" or not f"{path}/".lower().startswith("/.gateway/")
    assert return_to(target) == target
    return target


@pytest.mark.parametrize("value", TRICKS)
def test_20_tricks_lead_home(value: str) -> None:
    assert assert_stays(value) == "/"


@pytest.mark.parametrize(
    ("value", "target"),
    [
        pytest.param(None, "/", id="none"),
        pytest.param("/", "/", id="the root"),
        pytest.param("/a/b?c=d&e", "/a/b?c=d&e", id="path and query"),
        pytest.param("/?a", "/?a", id="query of the root"),
        pytest.param("/a?", "/a?", id="empty query"),
        pytest.param("/a//b/", "/a//b/", id="slashes within"),
        pytest.param("/lab/tree/a%2Fb.ipynb", "/lab/tree/a%2Fb.ipynb", id="%2F"),
        pytest.param("/100%25", "/100%25", id="a percent sign"),
        pytest.param("/a%23b", "/a%23b", id="an encoded hash"),
        pytest.param("/a:b@c;d=e,f", "/a:b@c;d=e,f", id="marks"),
        pytest.param("/a|b^{c}`", "/a|b^{c}`", id="marks that browsers leave"),
        pytest.param("/.well-known/x/...", "/.well-known/x/...", id="dots in names"),
        pytest.param(
            "/?next=//evil.test", "/?next=//evil.test", id="the query may say anything"
        ),
        pytest.param("/?q=a%0d%0ab", "/?q=a%0d%0ab", id="encoded line end in a query"),
        pytest.param("/?p=C:\\x", "/?p=C:%5Cx", id="backslash in a query"),
        pytest.param("/?p=/../x", "/?p=/../x", id="dots in a query"),
        pytest.param("/a b?c d", "/a%20b?c%20d", id="space"),
        pytest.param('/<"é">', "/%3C%22%C3%A9%22%3E", id="not visible ASCII"),
        pytest.param("/\udcff", "/%FF", id="a byte that was no UTF-8"),
        pytest.param("/a?b#c", "/a?b", id="a fragment is dropped"),
        pytest.param("/a#//evil.test?b", "/a", id="a fragment with all in it"),
        pytest.param("/.gateway/", "/.gateway/", id="the account page"),
        pytest.param("/.gatewayx", "/.gatewayx", id="only looks like ours"),
    ],
)
def test_what_is_local_is_kept(value: str | None, target: str) -> None:
    assert assert_stays(value) == target


@pytest.mark.parametrize(
    "value",
    [
        "/.gateway",
        "/.gateway/sign-out",
        "/.gateway/sign-in?rd=/",
        "/.gateway/callback?code=x",
        "/.GATEWAY/sign-out",
        "/%2egateway/sign-out",
        "/%252egateway/sign-out",
        "/.gateway%2fsign-out",
        "/.gateway;x/sign-out",
        "/.gateway//sign-out",
    ],
)
def test_no_reading_leads_to_an_address_of_ours(value: str) -> None:
    assert assert_stays(value) == "/"


@pytest.mark.parametrize(
    ("value", "target"),
    [
        pytest.param("/" + "a" * 1023, "/" + "a" * 1023, id="1 KiB"),
        pytest.param("/" + "a" * 1024, "/", id="a byte more"),
        pytest.param("/a?" + "b" * 1021, "/a?" + "b" * 1021, id="1 KiB with a query"),
        pytest.param("/a?" + "b" * 1022, "/a", id="a byte more with a query"),
        pytest.param("/é" + "é" * 170, "/" + "%C3%A9" * 171 + "x", id="encoded"),
        pytest.param("/a?" + "b" * 100_000, "/", id="huge"),
    ],
)
def test_what_is_long_loses_its_query_then_everything(value: str, target: str) -> None:
    kept = target if len(target) <= LONGEST else "/"
    assert assert_stays(value) == kept


PIECES = st.sampled_from(
    [*"/\\.%?#@:;\t\n\r\0 aé", "//", "..", "%2f", "%5c", "%2e", "%09", "%25", "https:"]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)))
@example("/%25252fevil.test")
def test_20_for_every_text_the_browser_stays_here(value: str) -> None:
    assert_stays(value)
    assert_stays("/" + value)


def test_20_the_collected_tricks_lead_home() -> None:
    for value in collected():
        for reading in decodings(value):
            assert_stays(reading)
            assert_stays("/" + reading)
