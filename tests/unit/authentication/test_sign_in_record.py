import json

import pytest

from gateway.authentication.errors import SignInRefused
from gateway.authentication.sign_in_record import read_record

CALLBACK = "https://app.example.com/.gateway/callback"
RECORD = {"redirectUri": CALLBACK, "codeVerifier": "the-verifier", "state": "the-state"}


def test_what_the_sdk_noted_is_read() -> None:
    record = read_record(json.dumps(RECORD))
    assert (record.state, record.code_verifier) == ("the-state", "the-verifier")
    record.check_callback(CALLBACK)
    assert "the-verifier" not in repr(record)
    assert "the-state" not in repr(record)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("null", id="null"),
        pytest.param(json.dumps({**RECORD, "state": ""}), id="empty state"),
        pytest.param(json.dumps({**RECORD, "state": None}), id="null state"),
        pytest.param(json.dumps({**RECORD, "codeVerifier": ""}), id="empty verifier"),
        pytest.param(json.dumps({"state": "the-state"}), id="no verifier"),
    ],
)
def test_anything_else_ends_the_sign_in(text: str) -> None:
    with pytest.raises(SignInRefused):
        read_record(text)


@pytest.mark.parametrize(
    "callback",
    [
        "https://other.example.com/.gateway/callback",
        "http://app.example.com/.gateway/callback",
        f"{CALLBACK}/",
        "",
    ],
)
def test_a_sign_in_comes_back_to_where_it_began(callback: str) -> None:
    with pytest.raises(SignInRefused, match="another address"):
        read_record(json.dumps(RECORD)).check_callback(callback)
