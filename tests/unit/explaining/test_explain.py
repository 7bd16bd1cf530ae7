"""What is explained is what the rules say, for each of them."""

import json

import pytest

from config.loader import load_text
from gateway.explaining.asked import CannotBeAsked, asked
from gateway.explaining.claims_file import ClaimsUnusable, shown_in
from gateway.explaining.command import Unexplained, explained
from gateway.explaining.explain import Explainer
from gateway.explaining.explanation import Explanation, Rule
from tests.support.configuration import settings, written

MORE = """
[[routes]]
path = "/admin"
strip_prefix = true
upstream = "http://127.0.0.1:3001"
origins = ["https://friend.example.com"]
allow = [{ x_ids = ["1"] }, { x_usernames = ["ada"], email_domains = ["good.com"] }]
[[routes]]
path = "/static"
methods = ["GET"]
access = "public"
upstream = "http://127.0.0.1:3002"
[[routes]]
path = "/static"
access = "optional"
upstream = "http://127.0.0.1:3003"
[[routes]]
path = "/read"
methods = ["GET"]
upstream = "http://127.0.0.1:3004"
allow = []
[[routes]]
host = "other.example.com"
access = "public"
preserve_host = false
upstream = "http://127.0.0.1:3005"
"""
SETTINGS = load_text(written() + MORE)
ADA = {
    "sub": "u1",
    "name": "Ada, Lovelace",
    "email": "ada@good.com",
    "email_verified": True,
    "roles": ["a,b", "c"],
    "identities": {
        "x": {
            "userId": "42",
            "details": {"rawData": {"data": {"username": "Ada"}}},
        }
    },
}


def explain(
    method: str, url: str, claims: dict[str, object] | None = None
) -> Explanation:
    explainer = Explainer.of(SETTINGS)
    wanted = explainer.identity_headers.wanted_claims
    shown = None if claims is None else shown_in(json.dumps(claims).encode(), wanted)
    return explainer.explain(asked(method, url, SETTINGS.server.public_url), shown)


@pytest.mark.parametrize(
    ("method", "url", "decision", "status", "reason"),
    [
        pytest.param("GET", "/", "sign_in", 401, "nobody is signed in", id="nobody"),
        pytest.param("GET", "/static/x", "permit", None, "nobody's name", id="public"),
        pytest.param(
            "PUT", "/static/x", "permit", None, "nobody's name", id="optional"
        ),
        pytest.param("PUT", "/read", "refused", 405, "GET, HEAD only", id="method"),
        pytest.param("TRACE", "/", "refused", 405, "whatever the route", id="TRACE"),
        pytest.param("GET", "/a/../b", "refused", 400, "dot segment", id="dots"),
        pytest.param(
            "GET", "/%61dmin", "refused", 400, "another route", id="ambiguous"
        ),
        pytest.param(
            "GET", "https://x.example.com/", "refused", 421, "only", id="host"
        ),
        pytest.param("GET", "https://a@b/", "refused", 400, "Host field", id="no host"),
        pytest.param("GET", "/.gateway/sign-in", "own", None, "keeps", id="own"),
        pytest.param("GET", "/.GATEWAY/x", "own", None, "keeps", id="own by a reading"),
    ],
)
def test_the_decision_and_its_reason(
    method: str, url: str, decision: str, status: int | None, reason: str
) -> None:
    outcome = explain(method, url).outcome
    assert (outcome.decision, outcome.status) == (decision, status)
    assert reason in outcome.reason


def test_every_route_is_named_in_order_with_why_it_is_not_the_one() -> None:
    told = explain("POST", "https://app.example.com/static/x?y=1")
    assert [(step.route, step.chosen) for step in told.considered] == [
        ("routes[0] /", False),
        ("routes[1] /admin", False),
        ("routes[2] /static GET", False),
        ("routes[3] /static", True),
        ("routes[4] /read GET", False),
        ("routes[5] other.example.com/", False),
    ]
    assert [step.why for step in told.considered] == [
        "routes[3] /static goes first: its host, path or methods fit closer",
        "is for other paths",
        "is for other methods: GET, HEAD",
        "chosen",
        "is for other paths",
        "is for another host",
    ]


def test_a_refused_method_is_never_a_shorter_paths() -> None:
    told = explain("PUT", "/read/x")
    assert told.considered[0].why == (
        "another host or path fits closer, for other methods"
    )
    assert not any(step.chosen for step in told.considered)


def test_every_rule_is_named_in_order_with_all_that_is_not_met() -> None:
    told = explain("GET", "/admin", ADA | {"email_verified": False})
    email = "emails and email_domains need a verified, plain e-mail address"
    assert told.rules == (
        Rule("x_ids 1", met=False, unmet=("x_ids does not list the person",)),
        Rule("x_usernames ada and email_domains good.com", met=False, unmet=(email,)),
    )
    assert (told.outcome.decision, told.outcome.status) == ("forbid", 403)
    assert told.outcome.reason == (
        f"No condition of allow is met: x_ids does not list the person; {email}."
    )
    assert told.upstream == told.target == ""
    assert told.headers == ()


def test_who_is_let_in_is_told_to_the_upstream() -> None:
    told = explain("GET", "/admin/x?y=1", ADA)
    assert [rule.met for rule in told.rules] == [False, True]
    assert told.outcome.decision == "permit"
    assert (told.upstream, told.target) == ("http://127.0.0.1:3001", "/x?y=1")
    assert told.headers == (
        ("Host", "app.example.com"),
        ("X-Forwarded-Host", "app.example.com"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Prefix", "/admin"),
        ("X-Forwarded-User", "u1"),
        ("X-Forwarded-Preferred-Username", "Ada"),
        ("X-Forwarded-Email", "ada@good.com"),
        ("X-Forwarded-Groups", "a%2Cb,c"),
        ("X-Forwarded-Name", "Ada, Lovelace"),
    )


def test_a_public_route_is_told_nobodys_name() -> None:
    told = explain("GET", "https://other.example.com/x", ADA)
    assert told.headers[0] == ("Host", "(the upstream's own)")
    assert not any("User" in name for name, _ in told.headers)
    assert told.rules == ()


def test_what_nearly_the_same_request_would_get() -> None:
    told = explain("POST", "/admin", ADA)
    assert {other.when: other.then for other in told.otherwise} == {
        "without a session": (
            "sign_in 401: nobody is signed in: "
            "a person is sent to sign in (302), a program gets 401"
        ),
        "with a session, sent by another site's page": (
            "403: the request is cross-site, "
            "unless it is one of https://friend.example.com"
        ),
    }
    others = {other.when: other.then for other in explain("GET", "/static").otherwise}
    assert others["with PUT"] == "is for routes[3] /static"
    assert "with GET" not in others
    web_socket = explain("GET", "/", ADA).otherwise[1]
    assert (web_socket.when.partition(" with")[0], web_socket.then[:3]) == (
        "as a WebSocket",
        "403",
    )


@pytest.mark.parametrize(
    ("method", "url"),
    [
        pytest.param("GET /", "/", id="a method that is none"),
        pytest.param("GET", "", id="no URL"),
        pytest.param("GET", "app.example.com/", id="neither scheme nor path"),
        pytest.param("GET", "ftp://app.example.com/", id="another scheme"),
        pytest.param("GET", "http://app.example.com/", id="not ours: http"),
        pytest.param("GET", "https://app.example.com:8443/", id="not ours: the port"),
        pytest.param("GET", "https://app.example.com:x/", id="a port that is none"),
        pytest.param("GET", "/#top", id="a fragment"),
    ],
)
def test_what_nobody_would_send_is_not_explained(method: str, url: str) -> None:
    with pytest.raises(CannotBeAsked):
        asked(method, url, SETTINGS.server.public_url)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        pytest.param("https://app.example.com", b"/", id="no path"),
        pytest.param("https://app.example.com?x", b"/?x", id="only a query"),
        pytest.param("https://app.example.com:443/", b"/", id="the default port"),
        pytest.param("/a/../%2e//b?c=/d", b"/a/../%2e//b?c=/d", id="nothing put right"),
    ],
)
def test_a_target_is_as_it_was_typed(url: str, target: bytes) -> None:
    assert asked("GET", url, SETTINGS.server.public_url).target == target


def test_claims_come_in_one_object_or_in_two() -> None:
    one = shown_in(json.dumps(ADA).encode(), ()).identity
    both = {"id_token": {"sub": "u1"}, "userinfo": ADA}
    assert shown_in(json.dumps(both).encode(), ()).identity == one
    assert (one.x_id, one.verified_email) == ("42", "ada@good.com")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"{}", id="nobody"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"sub": "u1"', id="no JSON"),
        pytest.param(b'{"sub": "u1", "sub": "u2"}', id="two people"),
        pytest.param(b'{"id_token": [], "userinfo": {}}', id="a side that is a list"),
        pytest.param(
            b'{"id_token": {"sub": "u1"}, "userinfo": {"sub": "u2"}}', id="two subs"
        ),
    ],
)
def test_claims_that_name_nobody_are_refused(data: bytes) -> None:
    with pytest.raises(ClaimsUnusable):
        shown_in(data, ())
    with pytest.raises(Unexplained, match=r"^CLAIMS\.json: "):
        explained(SETTINGS, "GET", "/", data, as_json=False)


def test_the_lines_say_all_of_it() -> None:
    data = json.dumps(ADA).encode()
    text = explained(SETTINGS, "GET", "/admin/x", data, as_json=False)
    for line in (
        "GET https://app.example.com/admin/x",
        "by: u1",
        "  -> routes[1] /admin: chosen",
        "     x_ids 1",
        "       not met: x_ids does not list the person",
        "  -> x_usernames ada and email_domains good.com",
        "Decision: permit: the upstream learns who it is",
        "http://127.0.0.1:3001 is asked GET /x, and told:",
        "  X-Forwarded-User: u1",
    ):
        assert line in text.splitlines()


def test_json_says_the_same_to_programs() -> None:
    told = json.loads(explained(SETTINGS, "GET", "/admin", None, as_json=True))
    assert told["outcome"]["decision"] == "sign_in"
    assert told["considered"][1] == {
        "route": "routes[1] /admin",
        "chosen": True,
        "why": "chosen",
    }


def test_an_own_name_of_a_header_is_shown_too() -> None:
    own = settings(identity={"preset": '"none"', "headers": '{ "X-Id" = "a.b" }'})
    claims = json.dumps({"sub": "u1", "a": {"b": "c"}}).encode()
    assert "  X-Id: c" in explained(own, "GET", "/", claims, as_json=False)


def test_where_a_proxy_forwards_it_is_told_what_that_learns() -> None:
    own = settings(
        server={"trusted_proxies": '["10.0.0.0/8"]'},
        routes={"upstream": '"forward-auth"'},
    )
    claims = json.dumps(ADA).encode()
    text = explained(own, "GET", "/x?y", claims, as_json=False)
    assert "A proxy that asks about GET /x?y gets 200, and:" in text
    assert "  X-Auth-Request-User: u1" in text
    assert "  X-Forwarded-User: u1" in text
    assert "X-Forwarded-Host" not in text
    assert "traceparent" not in text


def test_the_assertion_is_named_with_its_audience() -> None:
    on = load_text(
        written() + '\n[identity.assertion]\nenabled = true\nkeys = ["/k.pem"]\n'
    )
    claims = b'{"sub": "u1"}'
    text = explained(on, "GET", "/", claims, as_json=False)
    assert "  X-Gateway-Assertion: (signed, for https://app.example.com)" in text
    assert "X-Gateway-Assertion" not in explained(on, "GET", "/", None, as_json=False)
