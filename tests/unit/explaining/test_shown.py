"""`gateway explain` knows access tokens, and routes that take them."""

import json

import pytest

from config.loader import load_text
from gateway.explaining.claims_file import ClaimsUnusable, shown_in
from gateway.explaining.command import explained
from gateway.explaining.shown import AUDIENCE, NO_BEARERS, NO_SESSIONS
from tests.support.configuration import written

ORDERS, OTHER = "https://orders.example.com", "https://other.example.com"
ROUTES = f"""
[[routes]]
path = "/api"
upstream = "http://127.0.0.1:3001"
allow = {{ scopes = ["read:orders"] }}
credentials = ["bearer"]
audience = "{ORDERS}"
[[routes]]
path = "/both"
upstream = "http://127.0.0.1:3002"
allow = "anyone"
credentials = ["session", "bearer"]
"""
SETTINGS = load_text(
    written(logto={"resources": f'["{ORDERS}", "{OTHER}"]'}) + ROUTES, {}
)
MACHINE: dict[str, object] = {
    "sub": "nightly",
    "client_id": "nightly",
    "scope": "read:orders",
    "aud": ORDERS,
}
PERSON: dict[str, object] = {"sub": "u1"}


def told(path: str, claims: dict[str, object] | None) -> dict[str, object]:
    data = None if claims is None else json.dumps(claims).encode()
    text = explained(SETTINGS, "GET", path, data, as_json=True)
    return dict(json.loads(text))


@pytest.mark.parametrize(
    ("path", "claims", "decision", "status", "note"),
    [
        pytest.param("/api", MACHINE, "permit", None, "", id="a bearer"),
        pytest.param("/both", MACHINE, "permit", None, "", id="a bearer, or a session"),
        pytest.param("/both", PERSON, "permit", None, "", id="a session, or a bearer"),
        pytest.param("/", PERSON, "permit", None, "", id="a session"),
        pytest.param(
            "/api", MACHINE | {"scope": "x"}, "forbid", 403, "", id="another scope"
        ),
        pytest.param(
            "/api", MACHINE | {"aud": OTHER}, "sign_in", 401, "", id="another audience"
        ),
        pytest.param("/both", MACHINE | {"aud": OTHER}, "permit", None, "", id="any"),
        pytest.param(
            "/both", MACHINE | {"aud": ["x"]}, "sign_in", 401, "", id="no audience"
        ),
        pytest.param("/api", PERSON, "sign_in", 401, NO_SESSIONS, id="no session"),
        pytest.param("/", MACHINE, "sign_in", 401, NO_BEARERS, id="no bearer"),
        pytest.param("/api", None, "sign_in", 401, "", id="nobody"),
    ],
)
def test_what_is_shown_counts_where_the_route_takes_it(
    path: str,
    claims: dict[str, object] | None,
    decision: str,
    status: int | None,
    note: str,
) -> None:
    found = told(path, claims)
    assert found["note"] == note
    outcome = found["outcome"]
    assert isinstance(outcome, dict)
    assert (outcome["decision"], outcome["status"]) == (decision, status)
    assert bool(found["headers"]) is (decision == "permit")


def test_the_reason_is_that_of_the_log() -> None:
    wrong = told("/api", MACHINE | {"aud": OTHER})["outcome"]
    assert isinstance(wrong, dict)
    assert wrong["reason"] == AUDIENCE
    nobody = told("/api", None)["outcome"]
    assert isinstance(nobody, dict)
    assert nobody["reason"] == "there is no bearer, and nothing else opens it"


def test_other_sites_matter_where_sessions_do() -> None:
    def otherwise(path: str) -> str:
        return str(told(path, None)["otherwise"])

    assert "another site's page" not in otherwise("/api")
    assert "another site's page" in otherwise("/both")


def test_the_lines_say_why_a_session_counts_for_nothing() -> None:
    text = explained(
        SETTINGS, "GET", "/api", json.dumps(PERSON).encode(), as_json=False
    )
    assert f"Note: {NO_SESSIONS}\nDecision: sign_in (401)" in text


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"client_id": "a", "aud": ORDERS}, id="no subject"),
        pytest.param({"client_id": "a", "sub": "a", "aud": 7}, id="an odd audience"),
        pytest.param({"client_id": "a", "sub": "a"}, id="no audience"),
        pytest.param(MACHINE | {"scope": ["a"]}, id="odd scopes"),
    ],
)
def test_what_is_no_access_token_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(ClaimsUnusable):
        shown_in(json.dumps(claims).encode(), ())
