"""The page that was asked for, as a link that asks for it once more."""

import pytest
from hypothesis import given, strategies as st

from gateway.turning_away import asked_page
from tests.support.browser_address import resolve
from tests.support.open_redirects import collected

LONG = b"/lab?q=" + b"a" * 2000


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        pytest.param(b"/", "/", id="the start page"),
        pytest.param(b"/lab/tree?reset", "/lab/tree?reset", id="path and query"),
        pytest.param(b"/?q=1", "/?q=1", id="a query of the start page"),
        pytest.param(b"/a%2Fb;v=1//c", "/a%2Fb;v=1//c", id="as it was spelt"),
        pytest.param(b'/a"><b', "/a%22%3E%3Cb", id="34 markup is encoded"),
        pytest.param(b"/.gateway/", "/.gateway/", id="the account page"),
        pytest.param(
            b"/.gateway/sign-in?rd=/lab%3Fq%3D1", "/lab?q=1", id="what sign-in is for"
        ),
        pytest.param(b"/.gateway/sign-in-again?rd=/lab", "/lab", id="or step-up"),
        pytest.param(b"/.gateway/sign-in", "/", id="sign-in for nothing"),
        pytest.param(
            b"/.gateway/sign-in?rd=https://evil.test/", "/", id="20 sign-in for another"
        ),
        pytest.param(b"/.gateway/callback?code=c&state=s", "", id="21 a used code"),
        pytest.param(b"/.gateway/sign-out", "", id="19 signing out"),
        pytest.param(b"/.Gateway/sign-out", "", id="19 signing out, misspelt"),
        pytest.param(b"//evil.test/", "", id="20 another host"),
        pytest.param(b"/%2fevil.test", "", id="20 another host, encoded"),
        pytest.param(b"/\\evil.test", "", id="20 a backslash"),
        pytest.param(b"http://evil.test/", "", id="14 absolute form"),
        pytest.param(b"/a/../b", "", id="06 dot segments"),
        pytest.param(LONG, "", id="cut, it would be another page"),
        pytest.param(b"/a?b#c", "", id="05 a raw fragment"),
    ],
)
def test_20_a_page_is_asked_for_again_as_it_was_or_not_at_all(
    target: bytes, asked: str
) -> None:
    assert asked_page("GET", target) == asked


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "get", "QUERY"])
def test_only_a_get_is_asked_again(method: str) -> None:
    assert asked_page(method, b"/lab") == ""
    assert asked_page(method, b"/.gateway/sign-in?rd=/lab") == ""


def leads_elsewhere(asked: str) -> bool:
    """Return whether a browser on our page would leave our host for *asked*."""
    here = ("https", "app.example.com")
    return bool(asked) and resolve(asked, *here)[:2] != here


@given(st.binary(max_size=60))
def test_no_target_leads_elsewhere(target: bytes) -> None:
    for start in (b"", b"/", b"//", b"/\\", b"/.gateway/sign-in?rd=/"):
        assert not leads_elsewhere(asked_page("GET", start + target))


def test_20_no_collected_redirect_leads_elsewhere() -> None:
    targets = [line.encode("utf-8", "surrogateescape") for line in collected()]
    assert [one for one in targets if leads_elsewhere(asked_page("GET", one))] == []
