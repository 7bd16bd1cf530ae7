"""[identity.assertion]: a table in a table, and what it may say."""

import pytest

from config.loader import load_text
from tests.support.configuration import problems, sentence, written

KEPT = {"state_directory": '"/var/lib/gateway"'}


def file(**keys: str) -> str:
    lines = "\n".join(f"{name} = {value}" for name, value in keys.items())
    return f"{written(server=KEPT)}\n[identity.assertion]\n{lines}\n"


def test_it_is_off_and_its_header_is_ours() -> None:
    found = load_text(written()).assertion
    assert (found.enabled, found.header) == (False, "X-Gateway-Assertion")
    assert (found.audience, found.lifetime, found.keys) == ("", 120.0, ())


@pytest.mark.parametrize(
    "name",
    [
        "X-Gateway-Assertion",
        "Cf-Access-Jwt-Assertion",
        "X-Goog-IAP-JWT-Assertion",
        "X-Pomerium-Jwt-Assertion",
        "X-Mine",
    ],
)
def test_headers_that_applications_know(name: str) -> None:
    assert load_text(file(header=f'"{name}"')).assertion.header == name


@pytest.mark.parametrize(
    ("name", "part"),
    [
        pytest.param("Authorization", "a meaning of its own", id="Authorization"),
        pytest.param("X_Gateway_Assertion", "is read as", id="another spelling"),
        pytest.param("X-Forwarded-User", "a meaning of its own", id="a preset's"),
        pytest.param("Remote-User", "a meaning of its own", id="another preset's"),
        pytest.param("X-Gateway-Other", "a meaning of its own", id="not ours"),
        pytest.param("Connection", "hop-by-hop", id="hop-by-hop"),
        pytest.param("a b", "not a token", id="no token"),
    ],
)
def test_headers_that_mean_something_else(name: str, part: str) -> None:
    assert part in sentence(file(header=f'"{name}"'))


@pytest.mark.parametrize("lifetime", ["9s", "121s", "1h"])
def test_a_lifetime_is_short(lifetime: str) -> None:
    assert "from 10s to 2m" in sentence(file(lifetime=f'"{lifetime}"'))


def test_a_problem_stands_on_its_line() -> None:
    (problem,) = problems(file(enabled="true", lifetme='"1m"'))
    assert problem.endswith(
        "identity.assertion.lifetme: unknown key (did you mean lifetime?)"
    )
    assert problem.startswith("gateway.toml:18:")


def test_a_misspelt_table_is_an_error() -> None:
    text = f"{written()}\n[identity.asertion]\nenabled = true\n"
    assert "identity.asertion: unknown key" in problems(text)[0]
    quoted = f'{written()}\n["identity.assertion"]\nenabled = true\n'
    assert "unknown table" in problems(quoted)[0]
    assert "expected a table" in sentence(written(identity={"assertion": "true"}))


def test_a_key_that_is_made_must_be_kept() -> None:
    text = f"{written()}\n[identity.assertion]\nenabled = true\n"
    assert "server.state_directory" in sentence(text)
    assert load_text(text + 'keys = ["/k.pem"]').assertion.keys == ("/k.pem",)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        pytest.param('"-----BEGIN PRIVATE KEY-----"', "not the key itself", id="PEM"),
        pytest.param('"MIG\\nHAg"', "not the key itself", id="lines"),
        pytest.param('""', "expected the path", id="empty"),
    ],
)
def test_a_key_is_named_by_its_file(value: str, part: str) -> None:
    assert part in sentence(file(enabled="true", keys=f"[{value}]"))


def test_no_other_header_has_its_name() -> None:
    headers = '{ "cf_access_jwt_assertion" = "name" }'
    text = (
        f"{written(identity={'headers': headers})}\n"
        '[identity.assertion]\nheader = "Cf-Access-Jwt-Assertion"\n'
    )
    assert "is a header of identity.headers too" in sentence(text)


def test_the_environment_reaches_it() -> None:
    environ = {
        "GATEWAY_IDENTITY_ASSERTION_ENABLED": "true",
        "GATEWAY_IDENTITY_ASSERTION_KEYS": "/a.pem, /b.pem",
        "GATEWAY_IDENTITY_PRESET": "none",
    }
    found = load_text(written(), environ)
    assert (found.assertion.enabled, found.identity.preset) == (True, "none")
    assert found.assertion.keys == ("/a.pem", "/b.pem")
