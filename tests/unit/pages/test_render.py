import json
from html.parser import HTMLParser

import pytest

from gateway.pages.failures import FAULTS
from gateway.pages.page import (
    Account,
    AccountSignedOut,
    AskSignOut,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    Page,
    ProviderAway,
    SignedOut,
    SignInFailed,
    SignInFrame,
    SignInMissing,
    SignInRequired,
    UnknownHost,
    UpstreamAway,
)
from gateway.pages.render import Renderer, render, sign_in_words
from gateway.pages.rendered import Rendered
from gateway.proxying.failure import FailureKind
from tests.support.sample_pages import ADA, PAGES

VOID = {"meta", "link", "input"}
STATUSES = {
    "signed-out": 200,
    "signed-out-logto-away": 200,
    "ask-sign-out": 200,
    "sign-in-failed": 400,
    "sign-in-missing": 400,
    "sign-in-loop": 400,
    "arriving": 200,
    "provider-away": 503,
    "sign-in-frame": 401,
    "sign-in-required": 401,
    "sign-in-too-old": 401,
    "sign-in-too-old-form": 401,
    "sign-in-too-old-frame": 401,
    "sign-in-not-repeated": 403,
    "another-person": 200,
    "forbidden": 403,
    "forbidden-with-reason": 403,
    "forbidden-for-members": 403,
    "choose-organization": 200,
    "organization-required": 403,
    "organization-required-in-frame": 403,
    "no-organization": 403,
    "bearer-required": 401,
    "bearer-odd": 400,
    "bearer-invalid": 401,
    "bearer-forbidden": 403,
    "bearer-without-scope": 403,
    "bearer-undecided": 503,
    "too-many-bearers": 429,
    "cross-site": 403,
    "for-proxies-only": 403,
    "only-forward-auth": 404,
    "upstream-refused": 502,
    "upstream-unknown_name": 502,
    "upstream-untrusted": 502,
    "upstream-unreachable": 502,
    "upstream-busy": 503,
    "upstream-connect_timeout": 504,
    "upstream-timeout": 504,
    "upstream-cut": 502,
    "upstream-invalid": 502,
    "upstream-too_large": 502,
    "upstream-unnamed": 502,
    "not-found": 404,
    "method-not-allowed": 405,
    "bad-request": 400,
    "unknown-host": 421,
    "too-many-requests": 429,
    "too-many-sign-ins": 429,
    "too-many-upgrades": 429,
    "session-too-large": 500,
    "sessions-away": 503,
    "account": 200,
    "account-with-sessions": 200,
    "account-of-a-member": 200,
    "account-signed-out": 200,
    "internal-error": 500,
}

every_page = pytest.mark.parametrize(
    "page", [pytest.param(page, id=name) for name, page in PAGES.items()]
)


def rendered(
    page: Page,
    *,
    as_json: bool = False,
    sign_in: str = "social:x",
    asked: str = "",
) -> Rendered:
    return render(
        page,
        request_id="req-1",
        json=as_json,
        logto_origin="https://tenant.logto.app",
        home="https://app.example.com",
        sign_in=sign_in,
        asked=asked,
    )


def html(page: Page, *, sign_in: str = "social:x") -> str:
    return rendered(page, sign_in=sign_in).body.decode()


def fields_of(answer: Rendered) -> dict[bytes, bytes]:
    names = [name for name, _ in answer.fields]
    assert len(names) == len(set(names)), "no field is sent twice"
    return dict(answer.fields)


class Outline(HTMLParser):
    """Reads a page, and holds that every element is closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for seen, attributes in self.seen if seen == tag]


def outline(page: Page) -> Outline:
    parser = Outline()
    parser.feed(html(page))
    parser.close()
    assert parser.open == []
    return parser


def test_every_page_has_a_sample_and_a_status() -> None:
    assert {name: rendered(page).status for name, page in PAGES.items()} == STATUSES
    sampled = {type(page) for page in PAGES.values()}
    assert sampled == set(Page.__args__)


@every_page
def test_every_page_can_be_read_without_style_or_sight(page: Page) -> None:
    seen = outline(page)
    assert seen.all("html") == [{"lang": "en"}]
    for once in ("title", "main", "h1", "footer"):
        assert len(seen.all(once)) == 1, once
    assert {"name": "color-scheme", "content": "light dark"} in seen.all("meta")
    assert any(meta.get("name") == "viewport" for meta in seen.all("meta"))


@every_page
def test_nothing_runs_and_nothing_is_inline(page: Page) -> None:
    seen = outline(page)
    for tag in ("script", "style", "img", "iframe", "object", "base"):
        assert seen.all(tag) == []
    for _, attributes in seen.seen:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)


@every_page
def test_every_page_is_under_the_strict_policy(page: Page) -> None:
    fields = fields_of(rendered(page))
    in_frame = isinstance(page, SignInFrame) or getattr(page, "in_frame", False)
    framing = b"'self'" if in_frame else b"'none'"
    assert fields[b"Content-Security-Policy"] == (
        b"default-src 'none'; style-src 'self'; img-src 'self';"
        b" form-action 'self' https://tenant.logto.app;"
        b" frame-ancestors " + framing + b"; base-uri 'none';"
        b" require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert fields[b"Content-Type"] == b"text/html; charset=utf-8"
    assert fields[b"Cache-Control"] == b"no-store"
    assert fields[b"X-Content-Type-Options"] == b"nosniff"
    assert fields[b"Referrer-Policy"] == b"same-origin"
    assert fields[b"X-Robots-Tag"] == b"noindex"
    assert fields[b"Cross-Origin-Resource-Policy"] == b"same-origin"
    assert b"Cross-Origin-Opener-Policy" not in fields
    assert b"Content-Length" not in fields


@every_page
def test_every_page_has_the_request_id_in_both_forms(page: Page) -> None:
    assert "<code>req-1</code>" in html(page)
    assert json.loads(rendered(page, as_json=True).body)["request_id"] == "req-1"


@every_page
def test_json_is_what_a_program_can_use(page: Page) -> None:
    answer = rendered(page, as_json=True)
    values = json.loads(answer.body)
    assert fields_of(answer)[b"Content-Type"] == b"application/json; charset=utf-8"
    assert fields_of(answer)[b"Cache-Control"] == b"no-store"
    assert ("error" in values) == (answer.status >= 400)
    assert ("message" in values) != ("sign_in" in values)
    assert values.get("error", "e").replace("_", "").isalpha()


@every_page
def test_ways_on_stay_with_us(page: Page) -> None:
    seen = outline(page)
    for form in seen.all("form"):
        assert form["method"] == "post"
        assert (form["action"] or "").startswith("/.gateway/")
    for link in seen.all("a"):
        href = (link["href"] or "").removeprefix("https://app.example.com")
        assert href.startswith("/")
        assert not href.startswith("//")


PASSING = [
    pytest.param(PAGES[name], id=name)
    for name in (
        *("upstream-refused", "upstream-busy", "upstream-timeout", "sessions-away"),
        *("too-many-requests", "too-many-sign-ins", "too-many-upgrades"),
        "internal-error",
    )
]


def ways(page: Page, asked: str) -> list[tuple[str | None, str]]:
    """Return where the links of *page* lead and how they look, the first one first."""
    parser = Outline()
    parser.feed(rendered(page, asked=asked).body.decode())
    return [(link["href"], link["class"] or "") for link in parser.all("a")]


@pytest.mark.parametrize("page", PASSING)
def test_what_passes_is_asked_for_again(page: Page) -> None:
    asked = "/lab/tree?reset&a='"
    assert ways(page, asked) == [(asked, "action first"), ("/", "action other")]
    assert "a=&#39;" in rendered(page, asked=asked).body.decode()
    assert ways(page, "/") == [("/", "action first")]
    assert "Try again" in rendered(page, asked="/").body.decode()


@pytest.mark.parametrize("page", PASSING)
def test_without_a_page_to_ask_for_the_way_on_is_the_start_page(page: Page) -> None:
    assert ways(page, "") == [("/", "action first")]
    assert "Try again" not in html(page)


@every_page
@pytest.mark.parametrize("asked", ["//evil.test/", "/\\evil.test", "https://evil.test"])
def test_20_no_page_leads_to_where_another_host_was_asked(
    page: Page, asked: str
) -> None:
    assert all("evil" not in (href or "") for href, _ in ways(page, asked))


def test_sign_in_required_is_exactly_what_programs_were_promised() -> None:
    answer = rendered(SignInRequired("/deep?link"), as_json=True)
    assert answer.status == 401
    assert json.loads(answer.body) == {
        "error": "sign_in_required",
        "sign_in": "https://app.example.com/.gateway/sign-in",
        "request_id": "req-1",
    }
    fields = fields_of(answer)
    assert fields[b"WWW-Authenticate"] == b'Bearer realm="gateway"'
    assert fields[b"Content-Type"] == b"application/json; charset=utf-8"


def test_a_frame_leaves_itself_to_sign_in() -> None:
    page = SignInFrame("/notebook?x=1")
    fields = fields_of(rendered(page))
    assert fields[b"X-Frame-Options"] == b"SAMEORIGIN"
    assert fields[b"WWW-Authenticate"] == b'Bearer realm="gateway"'
    assert fields[b"Cross-Origin-Embedder-Policy"] == b"require-corp"
    (link,) = outline(page).all("a")
    assert link["target"] == "_top"
    assert link["rel"] == "nofollow noopener"
    assert link["href"] == "/.gateway/sign-in?rd=/notebook%3Fx%3D1"


def test_other_pages_are_never_framed() -> None:
    assert fields_of(rendered(NotFound()))[b"X-Frame-Options"] == b"DENY"


def test_after_sign_out_the_cache_is_cleared() -> None:
    assert fields_of(rendered(SignedOut()))[b"Clear-Site-Data"] == b'"cache"'
    assert b"Clear-Site-Data" not in fields_of(rendered(AskSignOut()))


def test_sign_out_says_what_logto_did_not_hear() -> None:
    quiet = html(SignedOut())
    session = html(SignedOut(logto_session_may_live=True))
    grant = html(SignedOut(refresh_token_may_live=True))
    assert "Logto" not in quiet
    assert "may still be signed in there" in session
    assert "could not be withdrawn" in grant


def test_a_question_is_not_taken_for_a_sign_out_by_programs() -> None:
    assert rendered(AskSignOut()).status == 200
    answer = rendered(AskSignOut(), as_json=True)
    assert answer.status == 403
    assert json.loads(answer.body)["error"] == "sign_out_not_confirmed"
    (form,) = outline(AskSignOut()).all("form")
    assert form["action"] == "/.gateway/sign-out"


def test_retry_after_is_in_seconds() -> None:
    fields = fields_of(rendered(ProviderAway(retry_after=30)))
    assert fields[b"Retry-After"] == b"30"


@pytest.mark.parametrize(
    ("allowed", "field"),
    [
        pytest.param(("GET", "HEAD"), b"GET, HEAD", id="some"),
        pytest.param((), b"", id="none"),
        pytest.param(("GET\r\nX: y", "PUT"), b"PUT", id="no token, no header"),
    ],
)
def test_allow_names_the_methods(allowed: tuple[str, ...], field: bytes) -> None:
    assert fields_of(rendered(MethodNotAllowed(allowed)))[b"Allow"] == field


def test_forbidden_names_the_account_and_offers_another() -> None:
    page = html(Forbidden(ADA, return_to="/lab/tree"))
    assert "Ada Lovelace (@ada)" in page
    assert "Reason" not in page
    seen = outline(Forbidden(ADA, return_to="/lab/tree?a=b&c"))
    assert [form["action"] for form in seen.all("form")] == [
        "/.gateway/switch-account",
        "/.gateway/sign-out",
    ]
    assert seen.all("input") == [
        {"type": "hidden", "name": "rd", "value": "/lab/tree?a=b&c"}
    ]
    assert "It is not on the list." in html(Forbidden(ADA, "It is not on the list."))


@pytest.mark.parametrize("kind", FailureKind)
def test_upstream_failures_are_told_apart(kind: FailureKind) -> None:
    values = json.loads(rendered(UpstreamAway(kind), as_json=True).body)
    assert values["error"] == f"upstream_{kind}"
    assert values["message"] in html(UpstreamAway(kind))


def test_every_upstream_failure_has_a_sentence_of_its_own() -> None:
    assert FAULTS.keys() == set(FailureKind)
    assert len({sentence for _, sentence in FAULTS.values()}) == len(FAULTS)


def test_an_unnamed_failure_is_still_a_page() -> None:
    values = json.loads(rendered(UpstreamAway("<odd>"), as_json=True).body)
    assert values["error"] == "upstream_failed"


def test_an_unknown_host_is_told_where_to_go() -> None:
    page = html(UnknownHost(("app.example.com", "*.example.net"), "old.example"))
    assert "old.example" in page
    assert "app.example.com, *.example.net" in page
    assert 'href="https://app.example.com/"' in page


def test_many_hosts_are_not_all_listed() -> None:
    page = html(UnknownHost(tuple(f"h{n}.example" for n in range(1000))))
    assert "h9.example, …" in page
    assert "h10.example" not in page


@pytest.mark.parametrize(
    ("sign_in", "words"),
    [
        pytest.param("social:x", "Sign in with X", id="X"),
        pytest.param("social:github", "Sign in", id="another provider"),
        pytest.param("sso:abc", "Sign in", id="enterprise"),
        pytest.param("", "Sign in", id="Logto's own page"),
    ],
)
def test_the_words_for_sign_in_follow_the_setting(sign_in: str, words: str) -> None:
    assert sign_in_words(sign_in) == words
    for page in (SignInMissing(), SignInFailed(), AccountSignedOut(), SignedOut()):
        assert f">{words}</a>" in html(page, sign_in=sign_in)


def test_signed_out_people_may_sign_up() -> None:
    hrefs = [link["href"] for link in outline(AccountSignedOut("/lab")).all("a")]
    assert hrefs == ["/.gateway/sign-in?rd=/lab", "/.gateway/sign-up?rd=/lab"]


def test_account_leaves_the_picture_where_it_is() -> None:
    page = PAGES["account"]
    assert isinstance(page, Account)
    assert page.identity.picture
    assert page.identity.picture not in html(page)


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("https://x.example; script-src *", id="another directive"),
        pytest.param("https://x.example, default-src *", id="another policy"),
        pytest.param("https://x.example/oidc", id="a path"),
        pytest.param("*", id="a wildcard"),
        pytest.param("", id="nothing"),
    ],
)
def test_only_an_origin_gets_into_the_policy(origin: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        render(
            NotFound(), request_id="", json=False, logto_origin=origin, home="https://a"
        )


def test_a_renderer_shows_the_public_url_unless_told_the_host() -> None:
    renderer = Renderer("https://tenant.logto.app", "https://app.example.com", "")
    page = SignInRequired()
    public = renderer.render(page, request_id="r", json=True)
    other = renderer.render(
        page, request_id="r", json=True, home="https://b.example:8443"
    )
    assert b'"https://app.example.com/.gateway/sign-in"' in public.body
    assert b'"https://b.example:8443/.gateway/sign-in"' in other.body
    assert b">Sign in</a>" in renderer.render(page, request_id="r", json=False).body
