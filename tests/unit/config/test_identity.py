"""[identity]: headers that may carry a claim, and claims that there are."""

import pytest

from tests.support.configuration import problems, sentence, settings, written


def wrong(name: str, claim: str = "name") -> str:
    return sentence(written(identity={"headers": f"{{ '{name}' = '{claim}' }}"}))


def test_headers_of_ones_own() -> None:
    headers = (
        """{ X-My-Name = "name", X-Forwarded-User = "x_id", Team = "custom.team" }"""
    )
    assert settings(identity={"headers": headers}).identity.headers == {
        "X-My-Name": "name",
        "X-Forwarded-User": "x_id",
        "Team": "custom.team",
    }


@pytest.mark.parametrize(
    "name", ["X Name", "", "X:Name", "Näme", "X-Name\u00a0", "a" * 65]
)
def test_a_name_that_is_no_token(name: str) -> None:
    assert wrong(name).endswith("the header's name is not a token (RFC 9110 §5.6.2)")


def test_a_name_of_signs_only() -> None:
    assert "with letters or digits" in wrong("-_-")


HOP_BY_HOP = (
    *("Connection", "keep-alive", "TE", "Trailer", "Upgrade", "Proxy-Connection"),
    *("Proxy_Authorization", "HTTP2-Settings"),
)


@pytest.mark.parametrize("name", HOP_BY_HOP)
def test_a_hop_by_hop_name(name: str) -> None:
    assert "is a hop-by-hop header" in wrong(name)


@pytest.mark.parametrize(
    "name", ["Content-Length", "content_length", "Transfer-Encoding", "Expect"]
)
def test_a_name_that_frames_the_message(name: str) -> None:
    assert "frames the message" in wrong(name)


TAKEN = (
    *("Host", "Cookie", "cookie", "Set-Cookie", "Authorization", "Forwarded", "Via"),
    *("X-Forwarded-For", "X_Forwarded_For", "X-Forwarded-Host", "X-Forwarded-Proto"),
    *("X-Forwarded-Port", "X-Forwarded-Prefix", "X-Request-Id", "traceparent"),
    *("Origin", "Referer", "Range", "Content-Type", "Content-Encoding"),
    *("Accept-Encoding", "Sec-Fetch-Site", "Sec-WebSocket-Key"),
    *("Access-Control-Request-Method", "X-Gateway-Assertion"),
)


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_with_a_meaning_of_its_own(name: str) -> None:
    assert "has a meaning of its own in HTTP" in wrong(name)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("nmae", "unknown claim (did you mean name?): expected one of sub, username,"),
        ("groups", "unknown claim: expected one of"),
        ("scope", "did you mean scopes?"),
        ("organisations", "did you mean organizations?"),
        ("organizations_roles", "did you mean organization_roles?"),
        ("", "unknown claim"),
        ("a..b", "unknown claim"),
        (".a", "unknown claim"),
        ("a b.c", "unknown claim"),
    ],
)
def test_an_unknown_claim(claim: str, expected: str) -> None:
    assert expected in wrong("X-Name", claim)


def test_a_claim_that_is_no_string() -> None:
    found = sentence(written(identity={"headers": "{ X-Name = 1 }"}))
    assert found == "identity.headers.X-Name: expected the name of a claim in quotes"


def test_every_wrong_header_is_reported_with_its_line() -> None:
    text = written() + (
        '\n[identity.headers]\nX-Name = "name"\nCookie = "nmae"\nx_name = "email"\n'
    )
    assert [line.split(": ")[:2] for line in problems(text)] == [
        ["gateway.toml:17", "identity.headers.Cookie"],
        ["gateway.toml:17", "identity.headers.Cookie"],
        ["gateway.toml:18", "identity.headers.x_name"],
    ]
