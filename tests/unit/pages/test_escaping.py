"""Attack 34: what comes from elsewhere is text on our pages, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st

from gateway.pages.notice import Site, ways_back
from gateway.pages.page import Account, Arriving, Page
from gateway.pages.render import render
from tests.support.browser_address import resolve
from tests.support.sample_pages import ADA, FILLED, NOW

HARMLESS = "harmless"
SITE = Site("https://app.example.com", "app.example.com", "Sign in with X")
LONGEST_PAGE = 16_384  # bytes, whatever is shown on it

PAYLOADS = [
    pytest.param("<script>alert(1)</script>", id="script"),
    pytest.param('"><img src=x onerror=alert(1)>', id="out of an attribute"),
    pytest.param("' autofocus onfocus='alert(1)", id="out of single quotes"),
    pytest.param("</title><script>alert(1)</script>", id="out of the title"),
    pytest.param("</code></p></footer><form action=//evil>", id="out of its place"),
    pytest.param("{{ 7 * 7 }}{% raw %}{{ config }}", id="template syntax"),
    pytest.param("<!--", id="an open comment"),
    pytest.param("]]><![CDATA[", id="CDATA"),
    pytest.param("&lt;script&gt;", id="escaped once"),
    pytest.param("javascript:alert(1)", id="a script address"),
    pytest.param("//evil.example/", id="another host's address"),
    pytest.param("\\\\evil.example", id="backslashes"),
    pytest.param("/a?rd=/b&prompt=none#x", id="more parameters"),
    pytest.param("a\r\nSet-Cookie: x=1\r\n\r\n<h1>", id="header injection"),
    pytest.param("\u202egnp.exe\u2066", id="text that runs backwards"),
    pytest.param("a\x00b\x1b[31m", id="control characters"),
    pytest.param("\ud800", id="a lone surrogate"),
    pytest.param("\uff1cscript\uff1e", id="full-width brackets"),
]

every_filled_page = pytest.mark.parametrize(
    "filled", [pytest.param(page, id=name) for name, page in FILLED.items()]
)


class Skeleton(HTMLParser):
    """The elements and attributes of a page, and apart from them its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.bones: list[object] = []
        self.values: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bones.append((tag, [name for name, _ in attrs]))
        self.values += [value or "" for name, value in attrs if name in LINKS]

    def handle_endtag(self, tag: str) -> None:
        self.bones.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.bones.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.bones.append(f"declaration {decl}")

    def unknown_decl(self, data: str) -> None:
        self.bones.append(f"declaration {data}")


LINKS = {"href", "action"}  # whose value is an address


def rendered(page: Page, text: str, *, as_json: bool = False) -> bytes:
    return render(
        page,
        request_id=text,
        json=as_json,
        logto_origin="https://tenant.logto.app",
        home="https://app.example.com",
    ).body


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("start", ["", "/", "//", "/\\"])
def test_20_who_tries_again_stays_on_this_host(payload: str, start: str) -> None:
    (first, *_) = ways_back(replace(SITE, asked=start + payload))
    where = resolve(first.href, "https", "app.example.com")
    assert where[:2] == ("https", "app.example.com")
    assert first.href.isascii()
    assert first.href.isprintable()


def skeleton(filled: Callable[[str], Page], text: str) -> Skeleton:
    parser = Skeleton()
    parser.feed(rendered(filled(text), text).decode("utf-8"))
    parser.close()
    return parser


def assert_only_text(filled: Callable[[str], Page], text: str) -> None:
    seen, expected = skeleton(filled, text), skeleton(filled, HARMLESS)
    assert seen.bones == expected.bones
    for address, sibling in zip(seen.values, expected.values, strict=True):
        assert address.partition("?")[0] == sibling.partition("?")[0]
        assert "&" not in address
        assert "#" not in address


@every_filled_page
@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_stay_text(filled: Callable[[str], Page], payload: str) -> None:
    assert_only_text(filled, payload)


@every_filled_page
@given(text=st.text(alphabet=st.sampled_from("<>&\"'/ax=!-{%}`\\\0\n\u202e\ud800")))
def test_no_text_becomes_markup(filled: Callable[[str], Page], text: str) -> None:
    # A letter in front: an empty value leaves its line out, which is another page.
    assert_only_text(filled, "a" + text)


@every_filled_page
@given(text=st.text())
def test_every_text_makes_valid_utf8_and_json(
    filled: Callable[[str], Page], text: str
) -> None:
    page = rendered(filled(text), text).decode("utf-8")
    assert not set(page) & {"\x00", "\x1b", "\r", "\u202e", "\u2066", "\ud800"}
    assert isinstance(json.loads(rendered(filled(text), text, as_json=True)), dict)


@every_filled_page
@pytest.mark.parametrize("as_json", [False, True], ids=["page", "json"])
@pytest.mark.parametrize("unit", ["a", "<", "\u0301", "日"], ids=ascii)
def test_a_megabyte_is_cut(
    filled: Callable[[str], Page], unit: str, *, as_json: bool
) -> None:
    huge = unit * 1_000_000
    assert len(rendered(filled(huge), huge, as_json=as_json)) < LONGEST_PAGE


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("start", ["", "/", "//", "/\\"])
def test_20_whoever_signed_in_goes_on_to_an_address_of_this_host(
    payload: str, start: str
) -> None:
    page = Arriving(start + payload)
    parser = Skeleton()
    parser.feed(rendered(page, "").decode("utf-8"))
    (refresh,) = page.notice(SITE).fields
    where = refresh[1].removeprefix(b"0; url=").decode("ascii")
    assert where in parser.values
    assert resolve(where, "https", "app.example.com")[:2] == (
        "https",
        "app.example.com",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(b"X-Forwarded-Access-Token", b"s3cret", id="access token"),
        pytest.param(b"X-Forwarded-Id-Token", b"s3cret", id="ID token"),
        pytest.param(b"X-Gateway-Assertion", b"s3cret", id="assertion"),
        pytest.param(b"Authorization", b"Bearer s3cret", id="authorization"),
        pytest.param(b"Cookie", b"__Host-gateway=s3cret", id="cookie"),
        pytest.param(
            b"X-Mine",
            b"eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJzM2NyZXQifQ.c2VjcmV0",
            id="a JWT under another name",
        ),
    ],
)
def test_30_no_token_is_shown(name: bytes, value: bytes) -> None:
    page = rendered(Account(ADA, NOW, NOW, ((name, value),), NOW), "")
    assert name in page
    assert value not in page
    assert b"s3cret" not in page
    assert b"(not shown)" in page
