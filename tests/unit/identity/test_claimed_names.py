"""Names by which a client would say itself who it is, where another proxy forwards."""

import pytest

from gateway.identity.claimed_names import ClaimedNames
from gateway.identity.reserved_names import ReservedNames

CLAIMED = ClaimedNames(
    ReservedNames(["X-Team", "X-Gateway-Assertion"]), [b"X-Team", b"Remote-User"]
)


@pytest.mark.parametrize(
    "name",
    [
        b"X-Auth-Request-User", b"x-auth-request-anything", b"X-Forwarded-User",
        b"X-FORWARDED-EMAIL", b"X-Forwarded-Access-Token", b"Remote-User", b"X-Team",
        b"x_team", b"X-Gateway-Assertion", b"Cf-Access-Jwt-Assertion", b"X-Auth-User",
        b"X-authentik-username", b"X-Pomerium-Jwt-Assertion", b"X-Webauth-User",
        # and what is of the way, but for its spelling:
        b"X_Forwarded_For", b"X.Forwarded.Host", b"X-Forwarded--Host", b"-X-Real-IP",
        b"XForwardedFor", b"X-Forwarded_Proto", b"X-Original-URL_", b"Forwarded-",
        b"X_Auth_Request_Redirect", b"X-For-warded-Proto", b"X-Forwarded-For~",
    ],
)  # fmt: skip
def test_01_a_client_that_says_who_it_is_is_found(name: bytes) -> None:
    fields = [(b"Host", b"a"), (name, b"evil")]
    assert CLAIMED.among(fields) == name
    assert CLAIMED.among(fields) == name  # remembered


@pytest.mark.parametrize(
    "name",
    [
        b"X-Forwarded-For", b"x-forwarded-host", b"X-Forwarded-Server", b"Forwarded",
        b"X-Forwarded-Uri", b"X-Original-URL", b"X-Original-Method", b"X-Real-IP",
        b"X-Request-Id", b"traceparent", b"CF-Connecting-IP", b"X-Rewrite-URL",
        b"X-Auth-Request-Redirect", b"X-Auth-Token", b"Authorization", b"Cookie",
        b"X-Forwarded-Tls-Client-Cert", b"Accept", b"X-User",
    ],
)  # fmt: skip
def test_what_proxies_say_about_the_way_is_no_claim(name: bytes) -> None:
    assert CLAIMED.among([(name, b"1")]) is None
