"""What an answer at the public address says about the way to the gateway."""

import pytest

from gateway.checking.front import wrong_answer
from gateway.checking.http import Seen
from tests.support.configuration import settings

ORIGIN = "https://app.example.com"
COOKIE = "__Host-gateway-attempt=x; Path=/; Secure; HttpOnly; SameSite=Lax"
BACK = "https%3A%2F%2Fapp.example.com%2F.gateway%2Fcallback"
TO_LOGTO = f"https://tenant.logto.app/oidc/auth?redirect_uri={BACK}&state=s"


def seen(
    status: int = 302, location: str = TO_LOGTO, cookies: tuple[str, ...] = (COOKIE,)
) -> Seen:
    return Seen(status, location, "", cookies)


def test_nothing_is_wrong_where_the_sign_in_begins_as_it_should() -> None:
    theirs = "other=1; Domain=example.com"
    for cookies in ((COOKIE,), (theirs, COOKIE)):
        assert wrong_answer(settings(), ORIGIN, seen(cookies=cookies), None) is None


WRONG = [
    pytest.param(seen(421), "must pass Host on", id="another Host"),
    pytest.param(seen(404), "is not this gateway (status 404", id="another server"),
    pytest.param(seen(200), "is not this gateway", id="a page"),
    pytest.param(seen(503), "cannot reach Logto either", id="Logto is away"),
    pytest.param(
        seen(location="https://tenant.logto.app/oidc/auth"),
        "sends people back to another address",
        id="no way back",
    ),
    pytest.param(
        seen(location=TO_LOGTO.replace("app.example.com", "other.example.com")),
        "sends people back to another address",
        id="another way back",
    ),
    pytest.param(seen(cookies=()), "without the gateway's cookie", id="no cookie"),
    pytest.param(
        seen(cookies=("other=1",)), "without the gateway's cookie", id="only another's"
    ),
    pytest.param(
        seen(cookies=(COOKIE.replace("Secure; ", ""),)), "lost its Secure", id="plain"
    ),
    pytest.param(
        seen(cookies=(COOKIE.replace("Path=/", "Path=/app"),)),
        "another Path or Domain",
        id="another path",
    ),
    pytest.param(
        seen(cookies=(f"{COOKIE}; Domain=example.com",)),
        "another Path or Domain",
        id="a domain",
    ),
]


@pytest.mark.parametrize(("answer", "part"), WRONG)
def test_what_is_wrong_is_said(answer: Seen, part: str) -> None:
    sentence = wrong_answer(settings(), ORIGIN, answer, None)
    assert sentence is not None
    assert part in sentence
