"""[session] redis_url: where Redis is, and what goes with it."""

import pytest

from config.problem import Wrong
from config.redis_url import RedisAddress, parse_redis_url
from tests.support.configuration import problems, sentence, settings, written

SECRET = "s3cr3t-of-redis"
REDIS = {"store": '"redis"'}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://localhost", RedisAddress("redis", "localhost", 6379)),
        ("redis://localhost/", RedisAddress("redis", "localhost", 6379)),
        (
            "rediss://Redis.Example:6380/3",
            RedisAddress("rediss", "redis.example", 6380, database=3),
        ),
        ("redis://[::1]:7000/1", RedisAddress("redis", "::1", 7000, database=1)),
        ("redis://:pw@h/0", RedisAddress("redis", "h", 6379, password="pw")),
        (
            "redis://me:p%40%3A%2F@h",
            RedisAddress("redis", "h", 6379, username="me", password="p@:/"),
        ),
        (
            "redis://me:a:b@h",
            RedisAddress("redis", "h", 6379, username="me", password="a:b"),
        ),
        ("unix:///run/redis.sock", RedisAddress("unix", path="/run/redis.sock")),
        (
            "unix://me:pw@/run/r.sock?db=2",
            RedisAddress(
                "unix", path="/run/r.sock", database=2, username="me", password="pw"
            ),
        ),
        ("", None),
    ],
)
def test_an_address(text: str, expected: RedisAddress | None) -> None:
    assert parse_redis_url(text) == expected


WRONG = [
    pytest.param("http://h", id="another scheme"),
    pytest.param("REDIS://h", id="a scheme in capitals"),
    pytest.param("redis:h", id="no slashes"),
    pytest.param("h:6379", id="no scheme"),
    pytest.param("redis://", id="no host"),
    pytest.param("redis://h:0", id="port zero"),
    pytest.param("redis://h:x", id="a port that is no number"),
    pytest.param("redis://h/x", id="a database that is no number"),
    pytest.param("redis://h/1/2", id="two databases"),
    pytest.param("redis://h?ssl_cert_reqs=none", id="an option that turns TLS off"),
    pytest.param("redis://h/0#x", id="a fragment"),
    pytest.param("redis://me@h", id="a user without a password"),
    pytest.param("redis://me:@h", id="an empty password"),
    pytest.param("redis://a b", id="a blank"),
    pytest.param("unix://run/redis.sock", id="a relative socket"),
    pytest.param("unix:///run/", id="a folder"),
    pytest.param("unix:///run/r.sock?ssl=1", id="an option of a socket"),
    pytest.param(5, id="a number"),
]


@pytest.mark.parametrize("value", WRONG)
def test_what_is_no_address(value: object) -> None:
    with pytest.raises(Wrong):
        parse_redis_url(value)


def test_the_text_and_the_repr_of_an_address_show_nobody() -> None:
    address = parse_redis_url(f"redis://{SECRET}:{SECRET}@h:1/2")
    assert SECRET not in f"{address} {address!r}"
    assert str(address) == "redis://h:1/2"
    assert str(parse_redis_url(f"unix://:{SECRET}@/r")) == "unix:///r?db=0"
    assert str(parse_redis_url("rediss://[::1]")) == "rediss://[::1]:6379/0"


@pytest.mark.parametrize(
    "wrong", [f"redis://{SECRET}@h", f"redis://a:{SECRET}@h/x", f"x://{SECRET}"]
)
def test_no_problem_repeats_the_password(wrong: str) -> None:
    (line,) = problems(written(session={**REDIS, "redis_url": f'"{wrong}"'}))
    assert SECRET not in line


# --- What goes with what -------------------------------------------------


def test_redis_needs_an_address() -> None:
    assert sentence(written(session=REDIS)) == (
        'session.store: is "redis", which needs redis_url, '
        'such as "redis://127.0.0.1:6379/0"'
    )


def test_an_address_needs_redis() -> None:
    found = sentence(written(session={"redis_url": '"redis://h"'}))
    assert found == (
        'session.redis_url: has no effect: write store = "redis", or take it away '
        "(by default)"
    )


def test_authorities_need_tls() -> None:
    keys = {**REDIS, "redis_url": '"redis://h"', "redis_ca_file": '"ca.pem"'}
    assert sentence(written(session=keys)) == (
        "session.redis_ca_file: has no effect: redis_url is not rediss://"
    )
    keys["redis_url"] = '"rediss://h"'
    assert settings(session=keys).session.redis_ca_file == "ca.pem"


def test_a_wrong_address_is_said_once() -> None:
    (line,) = problems(written(session={**REDIS, "redis_url": '"x"'}))
    assert "session.redis_url: expected" in line


def test_the_address_from_the_environment() -> None:
    environ = {"GATEWAY_SESSION_REDIS_URL": "x", "GATEWAY_SESSION_STORE": "redis"}
    (line,) = problems(written(), environ)
    assert line.startswith("environment: GATEWAY_SESSION_REDIS_URL: expected")
