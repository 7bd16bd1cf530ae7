import pytest

from gateway.authentication.answers import (
    LONGEST_TOKEN,
    check_revoked,
    read_document,
    read_tokens,
    read_userinfo,
)
from gateway.authentication.errors import (
    ProviderMisconfigured,
    ProviderUnavailable,
    SignInRefused,
)
from gateway.authentication.provider_call import Answer

TOKENS: dict[str, object] = {
    "access_token": "the-access-token",
    "expires_in": 3600,
    "id_token": "the.id.token",
    "refresh_token": "the-refresh-token",
    "scope": "openid",
    "token_type": "Bearer",
}


def test_tokens_are_read_and_not_shown() -> None:
    tokens = read_tokens(Answer(200, TOKENS))
    assert tokens.access_token == "the-access-token"
    assert tokens.id_token == "the.id.token"
    assert tokens.refresh_token == "the-refresh-token"
    assert repr(tokens) == "Tokens(expires_in=3600)"
    assert "the-" not in repr(Answer(200, TOKENS))


@pytest.mark.parametrize("value", [None, "absent"])
def test_a_refresh_token_may_be_missing(value: str | None) -> None:
    document = {**TOKENS, "refresh_token": None}
    if value == "absent":
        del document["refresh_token"]
    assert read_tokens(Answer(200, document)).refresh_token is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"id_token": None}, id="no ID token: the SDK would skip checks"),
        pytest.param({"id_token": ""}, id="empty ID token"),
        pytest.param({"id_token": {"sub": "x"}}, id="ID token of another type"),
        pytest.param({"access_token": None}, id="no access token"),
        pytest.param({"access_token": "a b"}, id="space in the access token"),
        pytest.param({"access_token": "a\r\nX: y"}, id="header injection"),
        pytest.param({"access_token": "é"}, id="access token beyond ASCII"),
        pytest.param({"access_token": "a" * (LONGEST_TOKEN + 1)}, id="long"),
        pytest.param({"refresh_token": ""}, id="empty refresh token"),
        pytest.param({"refresh_token": ["x"]}, id="refresh tokens"),
        pytest.param({"token_type": "DPoP"}, id="another type"),
        pytest.param({"token_type": None}, id="no type"),
        pytest.param({"expires_in": "3600"}, id="lifetime as text"),
        pytest.param({"expires_in": True}, id="lifetime true"),
        pytest.param({"expires_in": 0}, id="no lifetime"),
        pytest.param({"expires_in": -1}, id="negative lifetime"),
        pytest.param({"expires_in": 10**12}, id="endless lifetime"),
    ],
)
def test_an_odd_token_answer_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SignInRefused) as caught:
        read_tokens(Answer(200, TOKENS | changes))
    assert caught.value.code == "malformed_answer"


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        pytest.param(400, "invalid_grant", SignInRefused, id="code spent"),
        pytest.param(400, "invalid_request", SignInRefused, id="bad request"),
        pytest.param(403, "access_denied", SignInRefused, id="denied"),
        pytest.param(400, None, SignInRefused, id="no code"),
        pytest.param(401, "invalid_client", ProviderMisconfigured, id="wrong secret"),
        pytest.param(
            400, "unauthorized_client", ProviderMisconfigured, id="not allowed"
        ),
        pytest.param(400, "server_error", ProviderUnavailable, id="away"),
        pytest.param(400, "temporarily_unavailable", ProviderUnavailable, id="busy"),
    ],
)
def test_a_refusal_is_one_of_ours(
    status: int, error: str | None, kind: type[Exception]
) -> None:
    answer = Answer(status, {"error": error, "error_description": "the-code is bad"})
    for read in (read_tokens, lambda answer: read_userinfo(answer, "sub")):
        with pytest.raises(kind) as caught:
            read(answer)
        assert type(caught.value) is kind
        assert "the-code" not in str(caught.value)
        if isinstance(caught.value, ProviderMisconfigured):
            assert "logto.app_id and logto.app_secret" in str(caught.value)


@pytest.mark.parametrize("sub", [None, "", "other", "SUB", ["sub"], {"sub": "sub"}])
def test_userinfo_is_about_the_same_person(sub: object) -> None:
    with pytest.raises(SignInRefused, match="someone else"):
        read_userinfo(Answer(200, {"sub": sub, "name": "Eve"}), "sub")


def test_userinfo_is_kept_whole() -> None:
    claims = {"sub": "sub", "identities": {"x": {"details": {"unknown": [1, None]}}}}
    assert read_userinfo(Answer(200, claims), "sub") == claims


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        pytest.param(400, "unsupported_token_type", ProviderUnavailable, id="type"),
        pytest.param(404, None, ProviderUnavailable, id="not there"),
        pytest.param(401, "invalid_client", ProviderMisconfigured, id="wrong secret"),
    ],
)
def test_a_revocation_that_was_not_confirmed_is_told(
    status: int, error: str | None, kind: type[Exception]
) -> None:
    check_revoked(Answer(200, {}))
    with pytest.raises(kind):
        check_revoked(Answer(status, {"error": error}))


def test_a_public_document_is_there_or_logto_is_away() -> None:
    assert read_document(Answer(200, {"keys": []}), "key set") == {"keys": []}
    with pytest.raises(ProviderUnavailable, match="key set answers with status 404"):
        read_document(Answer(404, {}), "key set")
