"""Tokens that applications are sent, as a session carries them."""

import json
from dataclasses import replace

import pytest

from gateway.identity.identity import Identity
from gateway.sessions.sent_tokens import SentTokens, from_values, to_values
from gateway.sessions.session import Session, decode, encode

ADA = Identity("s", None, None, None, None, None, email_verified=False, picture=None)
TOKENS = SentTokens("access", 1000, "identity", 2000)
SESSION = Session("id", 1, 1, 2, ADA, tokens=TOKENS)


def test_a_session_carries_them_and_shows_them_to_nobody() -> None:
    assert decode(encode(SESSION)) == SESSION
    assert "access'" not in repr(SESSION)
    assert "identity'" not in repr(TOKENS)


def test_a_session_of_before_opens_without() -> None:
    values = json.loads(encode(SESSION))
    without = replace(SESSION, tokens=None)
    assert decode(encode(without)) == without
    assert decode(json.dumps(values[:-1]).encode()) == without


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="nothing"),
        pytest.param(["a", 1, "b"], id="too few"),
        pytest.param(["a", 1, "b", 2, 3], id="too many"),
        pytest.param(["a", "1", "b", 2], id="a time that is a text"),
        pytest.param([None, 1, "b", 2], id="a token that is none"),
        pytest.param(["a\u00fc", 1, "b", 2], id="a token that no header carries"),
        pytest.param("a", id="a text"),
        pytest.param({}, id="an object"),
    ],
)
def test_what_nobody_sealed_is_no_session(values: object) -> None:
    with pytest.raises(ValueError, match="tokens"):
        from_values(values)
    sealed = [*json.loads(encode(SESSION))[:-1], values]
    assert decode(json.dumps(sealed).encode()) is None


@pytest.mark.parametrize("tokens", [None, SentTokens(), TOKENS])
def test_values_are_read_as_they_were_written(tokens: SentTokens | None) -> None:
    assert from_values(json.loads(json.dumps(to_values(tokens)))) == tokens


@pytest.mark.parametrize(
    ("now", "access", "id_token", "sent"),
    [
        pytest.param(999, True, True, ["access", "identity"], id="both"),
        pytest.param(1000, True, True, ["identity"], id="one has ended"),
        pytest.param(2000, True, True, [], id="both have ended"),
        pytest.param(0, False, True, ["identity"], id="the ID token alone"),
        pytest.param(0, True, False, ["access"], id="the access token alone"),
        pytest.param(0, False, False, [], id="no more, by the configuration"),
    ],
)
def test_only_what_is_good_and_wanted_is_sent(
    now: float, *, access: bool, id_token: bool, sent: list[str]
) -> None:
    fields = TOKENS.fields(now, access=access, id_token=id_token)
    assert [value.decode() for _, value in fields] == sent


def test_a_token_that_there_is_not_is_not_sent() -> None:
    assert SentTokens("", 9, "", 9).fields(0, access=True, id_token=True) == ()


@pytest.mark.parametrize(
    ("tokens", "until"),
    [
        pytest.param(TOKENS, 1000, id="the first to end"),
        pytest.param(replace(TOKENS, access_token=""), 2000, id="one that there is"),
        pytest.param(SentTokens(), float("inf"), id="none"),
    ],
)
def test_when_they_have_to_be_renewed(tokens: SentTokens, until: float) -> None:
    assert tokens.until == until
