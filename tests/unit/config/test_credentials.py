"""credentials, audience and pass_bearer of a route, and logto.resources."""

import pytest

from config.credentials import check_resource
from config.problem import Wrong
from config.summary import summary
from tests.support.configuration import problems, settings, written

API, OTHER = "https://api.example.com", "https://other.example.com"
BEARER = '["bearer"]'


def test_a_route_takes_sessions_alone_unless_it_says_otherwise() -> None:
    (route,) = settings().routes
    assert route.takes_sessions
    assert not route.takes_bearers


def test_a_route_may_take_bearers_alone_or_both() -> None:
    logto = {"resources": f'["{API}"]'}
    (route,) = settings(logto=logto, routes={"credentials": BEARER}).routes
    assert (route.takes_sessions, route.takes_bearers) == (False, True)
    both = '["session", "bearer"]'
    (route,) = settings(logto=logto, routes={"credentials": both}).routes
    assert (route.takes_sessions, route.takes_bearers) == (True, True)


def test_bearers_alone_need_nobody_to_sign_in_at_a_host_of_many() -> None:
    logto = {"resources": f'["{API}"]'}
    routes = {"credentials": BEARER, "host": '"*.example.com"'}
    assert settings(logto=logto, routes=routes).routes[0].takes_bearers


WRONG = [
    pytest.param(
        {"routes": {"credentials": "[]"}},
        'routes[0].credentials: is empty: write "session", "bearer" or both',
        id="none at all",
    ),
    pytest.param(
        {"routes": {"credentials": '["session", "session"]'}},
        "routes[0].credentials: names one twice",
        id="one twice",
    ),
    pytest.param(
        {"routes": {"credentials": '["bearer", "basic"]'}},
        'routes[0].credentials[1]: expected "session" or "bearer"',
        id="another kind",
    ),
    pytest.param(
        {"routes": {"credentials": '"bearer"'}},
        "routes[0].credentials: expected a list",
        id="no list",
    ),
    pytest.param(
        {"routes": {"credentials": BEARER}},
        "routes[0].credentials: takes bearers, and nothing says whom they must be for: "
        'write [logto] resources = ["https://api.example.com"], '
        "an API resource that is registered in Logto",
        id="no resources",
    ),
    pytest.param(
        {
            "logto": {"resources": f'["{API}"]'},
            "routes": {"credentials": BEARER, "audience": f'"{OTHER}"'},
        },
        "routes[0].audience: is none of logto.resources (line 8)",
        id="an audience that is no resource",
    ),
    pytest.param(
        {"routes": {"audience": f'"{API}"'}},
        'routes[0].audience: has no effect: write credentials = ["session", "bearer"] '
        "too",
        id="an audience without bearers",
    ),
    pytest.param(
        {"routes": {"pass_bearer": "true"}},
        "routes[0].pass_bearer: has no effect: write "
        'credentials = ["session", "bearer"] too',
        id="a bearer to pass on where none is taken",
    ),
    pytest.param(
        {
            "logto": {"resources": f'["{API}"]'},
            "routes": {"credentials": BEARER, "access": '"public"', "allow": None},
        },
        "routes[0].credentials: has no effect: a public route asks nobody who it is "
        "(line 16)",
        id="credentials of a public route",
    ),
    pytest.param(
        {"logto": {"resources": '["api"]'}},
        "logto.resources[0]: expected the indicator of an API resource, an absolute "
        "URI without a fragment, such as https://api.example.com",
        id="a resource that is no URI",
    ),
]


@pytest.mark.parametrize(("changes", "line"), WRONG)
def test_what_does_not_go_together(
    changes: dict[str, dict[str, str | None]], line: str
) -> None:
    (found,) = problems(written(**changes))
    assert found.partition(": ")[2] == line


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("https://api.example.com/#x", id="a fragment"),
        pytest.param("//api.example.com", id="no scheme"),
        pytest.param("https://api.example.com/a b", id="a space"),
        pytest.param('https://api.example.com/"', id="a quote"),
        pytest.param("https://api.example.com/ü", id="not ASCII"),
        pytest.param(f"https://api.example.com/{'x' * 512}", id="endless"),
    ],
)
def test_a_wrong_resource(text: str) -> None:
    with pytest.raises(Wrong):
        check_resource(text)


@pytest.mark.parametrize("text", [API, f"{API}/", "urn:api:orders", "https://a:8/b?c"])
def test_a_resource_is_kept_to_the_letter(text: str) -> None:
    found = settings(logto={"resources": f'["{text}"]'})
    assert found.logto.resources == (text,)


def test_the_summary_says_where_bearers_are_taken() -> None:
    both: dict[str, str | None] = {"credentials": '["session", "bearer"]'}
    logto: dict[str, str | None] = {"resources": f'["{API}"]'}
    lines = "\n".join(summary(settings(logto=logto, routes=both)))
    assert "/ -> http://127.0.0.1:3000  signed-in, by session or bearer: any" in lines
    assert ", by " not in "\n".join(summary(settings()))
