from urllib.parse import parse_qsl

import pytest

from gateway.authentication.authorization_url import (
    AuthorizationRequest,
    AuthorizationUrlInvalid,
    complete_url,
    scopes_beside_the_sdk,
)

# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
URL = (
    "https://tenant.logto.app/oidc/auth?client_id=app&response_type=code"
    f"&prompt=consent&code_challenge={CHALLENGE}&code_challenge_method=S256&state=s"
)


def test_a_request_bound_by_state_and_pkce_may_go() -> None:
    assert complete_url(URL, {}, state="s", code_verifier=VERIFIER) == URL


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(URL.replace("=S256", "=plain"), id="24: plain"),
        pytest.param(URL.replace("&code_challenge_method=S256", ""), id="24: method"),
        pytest.param(URL.replace(CHALLENGE, VERIFIER), id="24: verifier sent"),
        pytest.param(URL.replace("&code_challenge=", "&x="), id="24: no challenge"),
        pytest.param(f"{URL}&code_challenge={CHALLENGE}", id="24: challenge twice"),
        pytest.param(URL.replace("state=s", "state=t"), id="another state"),
        pytest.param(URL.replace("&state=s", ""), id="no state"),
        pytest.param(URL.replace("=code&", "=code+id_token&"), id="implicit"),
    ],
)
def test_any_other_request_is_not_sent(url: str) -> None:
    with pytest.raises(AuthorizationUrlInvalid):
        complete_url(url, {}, state="s", code_verifier=VERIFIER)


def test_parameters_are_set_once_and_empty_ones_left() -> None:
    url = complete_url(
        URL,
        {"prompt": "login consent", "nonce": "n&o", "direct_sign_in": ""},
        state="s",
        code_verifier=VERIFIER,
    )
    pairs = parse_qsl(url.partition("?")[2], keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    assert dict(pairs) == {
        **dict(parse_qsl(URL.partition("?")[2])),
        "prompt": "login consent",
        "nonce": "n&o",
    }


def test_every_scope_is_asked_for_once() -> None:
    configured = ("profile", "identities", "roles", "openid", "roles")
    assert scopes_beside_the_sdk(configured) == ["email", "identities", "roles"]


def test_the_request_keeps_its_secrets_out_of_its_repr() -> None:
    request = AuthorizationRequest(URL, "the-state", "the-verifier")
    assert repr(request) == "AuthorizationRequest()"
