import json

import pytest

from gateway.authentication.errors import (
    ProviderMisconfigured,
    ProviderUnavailable,
)
from gateway.authentication.provider_metadata import discovery_url, parse_metadata

ENDPOINT = "https://tenant.logto.app"
DOCUMENT: dict[str, object] = {
    "issuer": f"{ENDPOINT}/oidc",
    "authorization_endpoint": f"{ENDPOINT}/oidc/auth",
    "token_endpoint": f"{ENDPOINT}/oidc/token",
    "userinfo_endpoint": f"{ENDPOINT}/oidc/me",
    "jwks_uri": f"{ENDPOINT}/oidc/jwks",
    "end_session_endpoint": f"{ENDPOINT}/oidc/session/end",
    "revocation_endpoint": f"{ENDPOINT}/oidc/token/revocation",
    "id_token_signing_alg_values_supported": ["ES384"],
    "authorization_response_iss_parameter_supported": True,
}


def test_the_document_of_logto_is_read() -> None:
    metadata = parse_metadata(DOCUMENT, ENDPOINT)
    assert metadata.token_endpoint == "https://tenant.logto.app/oidc/token"
    assert metadata.revocation_endpoint == f"{ENDPOINT}/oidc/token/revocation"
    assert metadata.algorithms == {"ES384"}
    assert metadata.names_itself_in_callbacks
    assert discovery_url(ENDPOINT) == (
        "https://tenant.logto.app/oidc/.well-known/openid-configuration"
    )


@pytest.mark.parametrize(
    "endpoint",
    ["http://localhost:3001", "http://127.0.0.1:3001", "http://[::1]:3001"],
)
def test_plain_http_is_for_loopback(endpoint: str) -> None:
    document = json.loads(json.dumps(DOCUMENT).replace(ENDPOINT, endpoint))
    assert parse_metadata(document, endpoint).issuer == f"{endpoint}/oidc"


@pytest.mark.parametrize(
    "endpoint", ["http://logto:3001", "http://10.0.0.1", "ftp://localhost"]
)
def test_plain_http_is_for_nothing_else(endpoint: str) -> None:
    document = json.loads(json.dumps(DOCUMENT).replace(ENDPOINT, endpoint))
    with pytest.raises(ProviderMisconfigured, match="https off loopback"):
        parse_metadata(document, endpoint)


@pytest.mark.parametrize(
    "issuer",
    [
        pytest.param("https://evil.example/oidc", id="another"),
        pytest.param(f"{ENDPOINT}/oidc/", id="slash"),
        pytest.param(ENDPOINT, id="without the path"),
        pytest.param("https://TENANT.logto.app/oidc", id="case"),
        pytest.param("http://tenant.logto.app/oidc", id="http"),
    ],
)
def test_the_issuer_is_the_configured_one(issuer: str) -> None:
    with pytest.raises(ProviderMisconfigured) as caught:
        parse_metadata({**DOCUMENT, "issuer": issuer}, ENDPOINT)
    assert issuer in str(caught.value)
    assert "logto.endpoint" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "end_session_endpoint",
        "revocation_endpoint",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("https://evil.example/oidc/token", id="another host"),
        pytest.param(f"{ENDPOINT}.evil.example/token", id="longer host"),
        pytest.param("https://tenant.logto.app@evil.example/", id="userinfo"),
        pytest.param("http://tenant.logto.app/oidc/token", id="http"),
        pytest.param("http://169.254.169.254/latest/meta-data", id="link-local"),
        pytest.param("/oidc/token", id="relative"),
        pytest.param("//tenant.logto.app/oidc/token", id="no scheme"),
        pytest.param(f"{ENDPOINT}/oidc/token?x=1", id="query"),
        pytest.param(f"{ENDPOINT}/oidc/token#x", id="fragment"),
        pytest.param(f"{ENDPOINT}/oidc/to ken", id="space"),
        pytest.param(f"{ENDPOINT}/oidc/token\r\nX: y", id="line break"),
        pytest.param(f"{ENDPOINT}/oidc/tøken", id="beyond ASCII"),
        pytest.param("file:///etc/passwd", id="file"),
    ],
)
def test_an_endpoint_is_a_plain_address_at_the_issuer(name: str, value: str) -> None:
    with pytest.raises(ProviderMisconfigured, match=name):
        parse_metadata({**DOCUMENT, name: value}, ENDPOINT)


@pytest.mark.parametrize(
    "name",
    [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "id_token_signing_alg_values_supported",
    ],
)
@pytest.mark.parametrize("value", [None, "", 7, {}, ["x"] * 3, "https://" + "x" * 4096])
def test_what_must_be_there_must_be_there(name: str, value: object) -> None:
    with pytest.raises(ProviderUnavailable):
        parse_metadata({**DOCUMENT, name: value}, ENDPOINT)


def test_signing_out_at_the_provider_is_optional() -> None:
    names = {"end_session_endpoint", "revocation_endpoint"}
    document = {name: DOCUMENT[name] for name in DOCUMENT if name not in names}
    metadata = parse_metadata(document, ENDPOINT)
    assert metadata.end_session_endpoint == metadata.revocation_endpoint == ""


@pytest.mark.parametrize(
    ("advertised", "allowed"),
    [
        pytest.param(["ES384"], {"ES384"}, id="Logto's default"),
        pytest.param(["RS256"], {"RS256"}, id="older tenants"),
        pytest.param(["none", "HS256", "ES256"], {"ES256"}, id="13: none and HS256"),
        pytest.param(["PS512", 7, None, []], {"PS512"}, id="odd entries"),
    ],
)
def test_only_asymmetric_algorithms_are_taken(
    advertised: list[object], allowed: set[str]
) -> None:
    document = {**DOCUMENT, "id_token_signing_alg_values_supported": advertised}
    assert parse_metadata(document, ENDPOINT).algorithms == allowed


@pytest.mark.parametrize("advertised", [[], ["none"], ["HS256", "HS512"], ["es384"]])
def test_without_an_algorithm_there_is_no_sign_in(advertised: list[str]) -> None:
    document = {**DOCUMENT, "id_token_signing_alg_values_supported": advertised}
    with pytest.raises(ProviderMisconfigured, match="algorithm"):
        parse_metadata(document, ENDPOINT)


@pytest.mark.parametrize("value", [None, False, "true", 1])
def test_callbacks_name_their_issuer_only_where_that_is_promised(value: object) -> None:
    name = "authorization_response_iss_parameter_supported"
    metadata = parse_metadata({**DOCUMENT, name: value}, ENDPOINT)
    assert not metadata.names_itself_in_callbacks
