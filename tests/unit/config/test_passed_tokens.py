"""pass_access_token and pass_id_token, and what is worth knowing about bearers."""

import pytest

from config.hints import hints
from tests.support.configuration import problems, settings, written

API, OTHER = "https://api.example.com", "https://other.example.com"


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("pass_access_token", "X-Forwarded-Access-Token"),
        ("pass_id_token", "x_forwarded_id_token"),
    ],
)
def test_a_header_of_ones_own_is_not_that_of_a_token(key: str, header: str) -> None:
    own = {"headers": f'{{ "{header}" = "name" }}'}
    assert settings(identity=own).identity.headers == {header: "name"}
    (found,) = problems(written(identity={**own, key: "true"}))
    assert f"is the header that {key} sends the token in" in found


def said(**changes: dict[str, str | None]) -> str:
    return "\n".join(hints(settings(**changes)))


def test_a_token_takes_room_in_the_cookie() -> None:
    passed: dict[str, str | None] = {"pass_id_token": "true"}
    assert "raise max_cookie_size" in said(identity=passed)
    redis: dict[str, str | None] = {
        "store": '"redis"',
        "redis_url": '"redis://127.0.0.1"',
    }
    assert "raise max_cookie_size" not in said(identity=passed, session=redis)
    assert "raise max_cookie_size" not in said()


def test_without_resources_the_access_token_is_for_logto() -> None:
    passed: dict[str, str | None] = {"pass_access_token": "true"}
    assert "only Logto understands" in said(identity=passed)
    resources: dict[str, str | None] = {"resources": f'["{API}"]'}
    assert "only Logto understands" not in said(identity=passed, logto=resources)


def test_a_bearer_for_any_of_several_resources_is_pointed_out() -> None:
    bearer: dict[str, str | None] = {"credentials": '["bearer"]'}
    one: dict[str, str | None] = {"resources": f'["{API}"]'}
    two: dict[str, str | None] = {"resources": f'["{API}", "{OTHER}"]'}
    hint = "routes[0] takes bearers for any of logto.resources"
    assert hint in said(routes=bearer, logto=two)
    assert hint not in said(routes=bearer, logto=one)
    named = {**bearer, "audience": f'"{API}"'}
    assert hint not in said(routes=named, logto=two)
