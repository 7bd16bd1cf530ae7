"""Values from GATEWAY_* variables."""

import pytest

from config.loader import load_text
from config.settings import Settings
from tests.support.configuration import OTHER_KEY, problems, sentence, written


def loaded(
    environ: dict[str, str], **changes: dict[str, str | None] | None
) -> Settings:
    return load_text(written(**changes), environ)


def test_the_environment_wins_over_the_file() -> None:
    found = loaded(
        {
            "GATEWAY_SERVER_LISTEN": "0.0.0.0:80, unix:/run/x",
            "GATEWAY_SERVER_MAX_HEADER_COUNT": "100",
            "GATEWAY_SERVER_TRUSTED_PROXIES": "10.0.0.0/8,unix",
            "GATEWAY_ADMIN_LISTEN": "",
            "GATEWAY_LOGTO_TIMEOUT": "2s",
            "GATEWAY_POLICY_ALLOW": "anyone",
            "PATH": "/bin",
        },
        logto={"timeout": '"3s"'},
        routes={"allow": None},
    )
    assert len(found.server.listen) == 2
    assert found.server.max_header_count == 100
    assert len(found.server.trusted_proxies) == 1
    assert found.server.trust_unix
    assert found.admin.listen is None
    assert found.logto.timeout == 2.0
    assert found.routes[0].allow is not None


def test_a_whole_table_may_come_from_the_environment() -> None:
    environ = {
        "GATEWAY_LOGTO_ENDPOINT": "https://other.logto.app/",
        "GATEWAY_LOGTO_APP_ID": "id",
        "GATEWAY_LOGTO_APP_SECRET": "secret",
        "GATEWAY_SESSION_KEYS": f"{OTHER_KEY},",
    }
    found = loaded(environ, logto=None, session=None)
    assert found.logto.endpoint == "https://other.logto.app"
    assert found.logto.app_secret.get_secret_value() == "secret"
    assert found.session.keys == (b"vutsrqponmlkjihgfedcba9876543210",)


WRONG = [
    pytest.param(
        {"GATEWAY_SERVER_LISTN": "x"},
        "GATEWAY_SERVER_LISTN: unknown variable (did you mean GATEWAY_SERVER_LISTEN?)",
        id="unknown",
    ),
    pytest.param(
        {"GATEWAY_ROUTES_0_PATH": "x"},
        "GATEWAY_ROUTES_0_PATH: unknown variable: "
        "routes can be written in the file only",
        id="a list of tables",
    ),
    pytest.param(
        {"GATEWAY_SERVER_MAX_HEADER_COUNT": "many"},
        "GATEWAY_SERVER_MAX_HEADER_COUNT: expected a whole number",
        id="not a number",
    ),
    pytest.param(
        {"GATEWAY_SERVER_MAX_HEADER_COUNT": "1"},
        "GATEWAY_SERVER_MAX_HEADER_COUNT: expected 20 or more",
        id="too small a number",
    ),
    pytest.param(
        {"GATEWAY_IDENTITY_HEADERS": "x"},
        "GATEWAY_IDENTITY_HEADERS: is a table: write it in the file",
        id="a table",
    ),
    pytest.param(
        {"GATEWAY_SERVER_TRUSTED_PROXIES": "10.0.0.1,0.0.0.0/0"},
        "GATEWAY_SERVER_TRUSTED_PROXIES[1]: trusts everyone: whoever connects could "
        "choose the client's address; list only the networks of your own proxies",
        id="an item of a list",
    ),
    pytest.param(
        {"GATEWAY_SESSION_SAME_SITE": "Lax"},
        'GATEWAY_SESSION_SAME_SITE: expected "lax", "strict" or "none" '
        "(did you mean lax?)",
        id="a misspelt choice",
    ),
]


@pytest.mark.parametrize(("environ", "expected"), WRONG)
def test_a_wrong_variable(environ: dict[str, str], expected: str) -> None:
    assert problems(written(), environ) == [f"environment: {expected}"]


@pytest.mark.parametrize(
    "name",
    [
        "GATEWAY_SERVICE_HOST",
        "GATEWAY_SERVICE_PORT",
        "GATEWAY_SERVICE_PORT_HTTP",
        "GATEWAY_PORT",
        "GATEWAY_PORT_8080_TCP",
        "GATEWAY_PORT_8080_TCP_ADDR",
        "GATEWAY_ADMIN_SERVICE_HOST",
        "GATEWAY_ADMIN_PORT_9901_TCP_PROTO",
        "GATEWAY_CONFIG",
        "GATEWAYS_ARE_NICE",
    ],
)
def test_what_is_not_a_setting_of_ours_is_left_alone(name: str) -> None:
    assert loaded({name: "tcp://10.0.0.1:80"}) == loaded({})


def test_what_only_ends_like_a_variable_of_kubernetes_is_unknown() -> None:
    assert "unknown variable" in sentence(written(), {"GATEWAY_TRANSPORT": "x"})


def test_problems_of_the_environment_come_after_those_of_the_file() -> None:
    text = written(server={"x": "1"}, logto=None)
    found = problems(text, {"GATEWAY_Y": "", "GATEWAY_LOGTO_APP_ID": " "})
    assert [line.split(": ")[1] for line in found] == [
        "logto.endpoint",
        "logto.app_secret",
        "server.x",
        "GATEWAY_Y",
        "GATEWAY_LOGTO_APP_ID",
    ]


def test_a_variable_cannot_pose_as_another_line() -> None:
    (line,) = problems(written(), {"GATEWAY_\n\x1b[2Jgateway.toml:1: fine": "x"})
    assert line.isprintable()
