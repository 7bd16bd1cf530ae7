"""[session]: the cookie's name, size and lifetimes."""

import pytest

from config.session import new_key, parse_key
from tests.support.configuration import sentence, settings, written

HTTP = '"http://127.0.0.1:8080"'


def test_a_new_key_is_a_key() -> None:
    assert parse_key(new_key(bytes(range(32)))) == bytes(range(32))


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ('"https://app.example.com"', "__Host-gateway"),
        ('"https://app.example.com:8443"', "__Host-gateway"),
        (HTTP, "gateway-8080"),
        ('"http://localhost"', "gateway-80"),
    ],
)
def test_the_name_of_the_cookie_follows_the_address(public_url: str, name: str) -> None:
    assert settings(server={"public_url": public_url}).session.cookie_name == name


def test_a_name_of_ones_own() -> None:
    assert settings(session={"cookie_name": '"mine"'}).session.cookie_name == "mine"


@pytest.mark.parametrize("name", ["__Host-mine", "__Secure-mine"])
def test_a_prefix_that_browsers_know_needs_https(name: str) -> None:
    cookie = {"cookie_name": f'"{name}"'}
    assert settings(session=cookie).session.cookie_name == name
    found = sentence(written(server={"public_url": HTTP}, session=cookie))
    assert found == (
        "session.cookie_name: browsers keep __Host- and __Secure- cookies over https "
        "only, and public_url is http (line 2)"
    )


@pytest.mark.parametrize(
    "name",
    ["a b", "a=b", "a;b", "a.1", "__host-a", "__HOST-a", "__Host-", "__a", "-a", "ü"],
)
def test_a_wrong_name(name: str) -> None:
    found = sentence(written(session={"cookie_name": f'"{name}"'}))
    assert found.startswith("session.cookie_name: expected letters, digits")


def test_same_site_none_needs_https() -> None:
    same_site = {"same_site": '"none"'}
    assert settings(session=same_site).session.same_site == "none"
    found = sentence(written(server={"public_url": HTTP}, session=same_site))
    assert found == (
        'session.same_site: browsers keep "none" cookies over https only, '
        "and public_url is http (line 2)"
    )


def test_same_site_of_the_environment_is_named() -> None:
    found = sentence(
        written(session={"same_site": '"none"'}),
        {"GATEWAY_SERVER_PUBLIC_URL": HTTP[1:-1]},
    )
    assert found.endswith("public_url is http (in GATEWAY_SERVER_PUBLIC_URL)")


@pytest.mark.parametrize(("size", "bytes_"), [("512B", 512), ("14KiB", 14336)])
def test_the_bounds_of_the_cookie(size: str, bytes_: int) -> None:
    found = settings(session={"max_cookie_size": f'"{size}"'})
    assert found.session.max_cookie_size == bytes_


@pytest.mark.parametrize("size", ["511B", "14337B", "1GiB"])
def test_a_cookie_out_of_bounds(size: str) -> None:
    found = sentence(written(session={"max_cookie_size": f'"{size}"'}))
    assert found == "session.max_cookie_size: expected a size from 512B to 14KiB"


@pytest.mark.parametrize("key", ["idle_timeout", "max_age", "revalidate"])
@pytest.mark.parametrize("value", ["0s", "-1s", "401d", "999999999d"])
def test_a_wrong_lifetime(key: str, value: str) -> None:
    assert sentence(written(session={key: f'"{value}"'})).startswith(
        f"session.{key}: expected a duration"
    )


def test_the_limits_may_be_equal() -> None:
    session = settings(session={"idle_timeout": '"1h"', "max_age": '"1h"'}).session
    assert session.idle_timeout == session.max_age


def test_logto_is_asked_every_ten_minutes_unless_the_file_says_otherwise() -> None:
    assert settings().session.revalidate == 600
    assert settings(session={"revalidate": '"90s"'}).session.revalidate == 90


def test_short_sessions_need_no_word_about_revalidation() -> None:
    session = settings(session={"idle_timeout": '"1m"', "max_age": '"1m"'}).session
    assert session.revalidate > session.max_age
