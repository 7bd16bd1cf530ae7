"""What an access token must say, and whom it then speaks for."""

import pytest

from gateway.authentication.access_token import MOST_SCOPES, Terms, bearer_of
from gateway.authentication.errors import SignInRefused
from gateway.sessions.bearer import Bearer

NOW = 1_795_359_968.5
ISSUER = "https://tenant.logto.app/oidc"
API, OTHER = "https://api.example.com", "https://other.example.com"
TERMS = Terms(ISSUER, frozenset({API, OTHER}), ("custom_data.team",))
CLAIMS: dict[str, object] = {
    "jti": "V1StGXR8",
    "sub": "87xtcn7tlv7b",
    "client_id": "a-mobile-app",
    "aud": API,
    "scope": "read:orders write:orders",
    "iat": 1_795_359_968,
    "exp": 1_795_363_568,
    "iss": ISSUER,
}
ABSENT = object()


def check(**changes: object) -> Bearer:
    changed = CLAIMS | changes
    claims = {name: changed[name] for name in changed if changed[name] is not ABSENT}
    return bearer_of("id", claims, TERMS, NOW)


def test_whom_it_speaks_for() -> None:
    bearer = check()
    assert bearer.identity.sub == "87xtcn7tlv7b"
    assert bearer.identity.scopes == ("read:orders", "write:orders")
    assert bearer.audiences == {API}
    assert (bearer.issued_at, bearer.expires_at) == (1_795_359_968, 1_795_363_568)


def test_of_several_audiences_those_that_are_ours_count() -> None:
    bearer = check(aud=["https://else.example", OTHER, API])
    assert bearer.audiences == {API, OTHER}


@pytest.mark.parametrize("scope", [ABSENT, None, ""])
def test_a_token_may_have_no_scopes(scope: object) -> None:
    assert check(scope=scope).identity.scopes == ()


def test_a_scope_counts_once() -> None:
    assert check(scope="a b a").identity.scopes == ("a", "b")


def test_what_says_who_a_person_is_is_not_believed_here() -> None:
    identity = check(
        identities={"x": {"userId": "2244994945"}},
        email="ada@example.com",
        email_verified=True,
        username="ada",
        name="Ada",
        picture="https://p.example/a.png",
        organizations=["o1"],
        organization_roles=["o1:admin"],
    ).identity
    assert (identity.x_id, identity.x_username) == (None, None)
    assert (identity.verified_email, identity.username) == (None, None)
    assert (identity.name, identity.picture) == (None, None)
    assert (identity.organizations, identity.organization_roles) == ((), ())


def test_roles_and_claims_that_a_tenant_adds_are_told() -> None:
    identity = check(roles=["auditor"], custom_data={"team": "blue"}).identity
    assert identity.roles == ("auditor",)
    assert identity.claims == (("custom_data.team", "blue"),)


def test_an_organizations_token_for_a_resource_acts_for_it() -> None:
    identity = check(organization_id="o1").identity
    assert identity.acts_for == "o1"
    assert check().identity.acts_for is None


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        pytest.param("iss", ABSENT, "another issuer", id="no iss"),
        pytest.param("iss", ISSUER + "/", "another issuer", id="iss nearly"),
        pytest.param("aud", ABSENT, "another audience", id="no aud"),
        pytest.param("aud", None, "another audience", id="aud null"),
        pytest.param("aud", API + "/", "another audience", id="aud nearly"),
        pytest.param("aud", [], "another audience", id="aud empty"),
        pytest.param("aud", [API, 1], "another audience", id="aud with a number"),
        pytest.param("aud", [[API]], "another audience", id="aud nested"),
        pytest.param("exp", ABSENT, "until when", id="no exp"),
        pytest.param("exp", True, "until when", id="exp true"),
        pytest.param("exp", NOW - 60.5, "has expired", id="expired"),
        pytest.param("exp", float("inf"), "until when", id="exp without end"),
        pytest.param("iat", ABSENT, "from when", id="no iat"),
        pytest.param("iat", NOW + 61, "from the future", id="iat ahead"),
        pytest.param("nbf", NOW + 61, "from the future", id="nbf ahead"),
        pytest.param("nbf", "soon", "from the future", id="nbf a text"),
        pytest.param("sub", ABSENT, "whose it is", id="no sub"),
        pytest.param("sub", "a\nb", "whose it is", id="sub with a line feed"),
        pytest.param("client_id", ABSENT, "whose it is", id="no client_id"),
        pytest.param("client_id", ["a"], "whose it is", id="client_id a list"),
        pytest.param("cnf", {"jkt": "x"}, "bound to a key", id="bound to a key"),
        pytest.param("scope", ["a"], "scopes in an odd way", id="scope a list"),
        pytest.param("scope", "a  b", "scopes in an odd way", id="two spaces"),
        pytest.param("scope", " a", "scopes in an odd way", id="a space first"),
        pytest.param("scope", 'a"b', "scopes in an odd way", id="a quote"),
        pytest.param("scope", "a\nb", "scopes in an odd way", id="a line feed"),
        pytest.param(
            "scope",
            " ".join(map(str, range(MOST_SCOPES + 1))),
            "too many scopes",
            id="scopes without end",
        ),
    ],
)
def test_what_is_refused(name: str, value: object, why: str) -> None:
    with pytest.raises(SignInRefused) as caught:
        check(**{name: value})
    assert why in str(caught.value)
    assert caught.value.code == "invalid_token"


def test_clocks_may_differ_by_a_minute() -> None:
    bearer = check(exp=int(NOW) - 59, iat=NOW + 60, nbf=NOW + 60)
    assert not bearer.is_over(NOW)
    assert bearer.is_over(NOW + 1)
