"""What `gateway check` says about a file without problems."""

import pytest

from config.hints import hints
from config.loader import load_text
from config.summary import summary
from tests.support.configuration import settings, written

ROUTE = '\n\n[[routes]]\nupstream = "http://127.0.0.1"\n'


def test_the_addresses_to_register_and_the_routes() -> None:
    text = written(
        server={"public_url": '"https://app.example.com:8443"'},
        routes={"path": '"/admin"', "methods": '["GET"]', "allow": '{ x_ids = ["7"] }'},
    )
    text += ROUTE + 'host = "b.example"\naccess = "public"'
    text += ROUTE + 'host = "*.example"\naccess = "optional"'
    text += ROUTE + "allow = [{ subjects = ['s'], emails = ['e@x.example'] }, "
    text += "{ x_usernames = ['a', 'b', 'c', 'd', 'e'], x_ids = [] }]"
    lines = list(summary(load_text(text)))
    assert lines[: lines.index("Good to know:")] == [
        "The gateway answers at https://app.example.com:8443",
        "",
        "Register at Logto, in the application's settings:",
        "  Redirect URIs",
        "    https://app.example.com:8443/.gateway/callback",
        "    https://b.example:8443/.gateway/callback",
        "  Post sign-out redirect URIs",
        "    https://app.example.com:8443/.gateway/signed-out",
        "    https://b.example:8443/.gateway/signed-out",
        "  Back-channel logout URI, for sign-outs elsewhere to count here",
        "    https://app.example.com:8443/.gateway/backchannel-logout",
        "",
        "Routes, as they stand in the file:",
        "  /admin GET -> http://127.0.0.1:3000  signed-in: x_ids 7",
        "  b.example/ -> http://127.0.0.1:80  public",
        "  *.example/ -> http://127.0.0.1:80  optional",
        (
            "  / -> http://127.0.0.1:80  signed-in: "
            "subjects s and emails e@x.example or "
            "x_ids (none: nobody) and x_usernames a, b, c, and 2 more"
        ),
        "",
    ]


def test_where_applications_find_the_keys_of_assertions() -> None:
    text = f'{written()}\n[identity.assertion]\nenabled = true\nkeys = ["k.pem"]\n'
    lines = list(summary(load_text(text)))
    at = lines.index("Applications find the keys of X-Gateway-Assertion at")
    assert lines[at + 1] == "    https://app.example.com/.gateway/jwks.json"
    assert not any("jwks" in line for line in summary(load_text(written())))


def test_which_proxies_ask_is_said_where_one_forwards() -> None:
    trusting = {"trusted_proxies": '["10.0.0.0/8", "unix"]'}
    lines = list(
        summary(settings(server=trusting, routes={"upstream": '"forward-auth"'}))
    )
    asked = "Other proxies ask /.gateway/auth (forward-auth): 10.0.0.0/8, unix"
    assert asked in lines
    assert any("/ -> forward-auth  signed-in" in line for line in lines)
    assert not any("ask" in line for line in summary(settings(server=trusting)))


QUIET: dict[str, dict[str, str | None]] = {
    "server": {"trusted_proxies": '["10.0.0.0/8"]'}
}


def test_no_hints_where_nothing_is_odd() -> None:
    assert list(hints(settings(**QUIET))) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {
                "logto": {"resources": '["https://a.example"]'},
                "routes": {"allow": '{ scopes = ["read"] }'},
            },
            id="permissions of one resource",
        ),
        pytest.param(
            {"routes": {"allow": '{ organizations = ["a"], scopes = ["read"] }'}},
            id="permissions in an organization",
        ),
        pytest.param(
            {
                "logto": {"organization": '"acme"'},
                "routes": {"allow": '{ organization_roles = ["acme:admin"] }'},
            },
            id="the fixed organization",
        ),
    ],
)
def test_no_hint(changes: dict[str, dict[str, str | None]]) -> None:
    merged = {
        table: {**QUIET.get(table, {}), **changes.get(table, {})}
        for table in QUIET | changes
    }
    assert list(hints(settings(**merged))) == []


HINTS = [
    pytest.param(
        {"server": {"public_url": '"http://localhost"'}}, "not Secure", id="http"
    ),
    pytest.param(
        {"server": {"trusted_proxies": None}}, "every client has", id="no proxy listed"
    ),
    pytest.param(
        {"admin": {"listen": '"0.0.0.0:9901"'}}, "other machines", id="open metrics"
    ),
    pytest.param(
        {"session": {"cookie_name": '"a"'}},
        "sibling hosts",
        id="a name without __Host-",
    ),
    pytest.param({"session": {"same_site": '"none"'}}, "third-party", id="frames"),
    pytest.param(
        {"session": {"max_cookie_size": '"8KiB"'}}, "proxy_buffer_size", id="chunks"
    ),
    pytest.param(
        {"routes": {"allow": '{ x_usernames = ["a"] }'}},
        "handles change owners",
        id="handles",
    ),
    pytest.param(
        {"logto": {"scopes": "[]"}, "routes": {"allow": '{ x_ids = ["1"] }'}},
        "without the scope identities",
        id="no identities",
    ),
    pytest.param(
        {"logto": {"sign_in": '"sso:a"'}, "routes": {"allow": '{ x_ids = ["1"] }'}},
        "only people who signed in with X",
        id="ids of X behind another sign-in",
    ),
    pytest.param(
        {
            "logto": {"scopes": '["profile"]'},
            "routes": {"allow": '{ emails = ["a@b.example"] }'},
        },
        "without the scope email",
        id="no e-mail",
    ),
    pytest.param(
        {"routes": {"allow": '{ email_domains = ["b.example"] }'}},
        "users.email",
        id="e-mail from X",
    ),
    pytest.param(
        {
            "routes": {
                "host": '"*.example.com"',
                "access": '"optional"',
                "allow": None,
            }
        },
        "nobody can sign in at a host",
        id="a host that cannot sign in",
    ),
    pytest.param(
        {"routes": {"allow": '{ roles = ["admin"] }'}},
        "default roles",
        id="roles",
    ),
    pytest.param(
        {"routes": {"allow": '{ scopes = ["read"] }'}},
        "scopes match nobody: name the API resource",
        id="permissions of nothing",
    ),
    pytest.param(
        {
            "logto": {"resources": '["https://a.example", "https://b.example"]'},
            "routes": {"allow": '{ scopes = ["read"] }'},
        },
        "whichever of logto.resources",
        id="permissions of several resources",
    ),
    pytest.param(
        {
            "logto": {"organization": '"acme"'},
            "routes": {"allow": '{ organization_roles = ["other:admin"] }'},
        },
        "of others than logto.organization match nobody",
        id="roles in another organization than the fixed one",
    ),
    pytest.param(
        {"logto": {"organization": '"acme"'}},
        "logto.organization alone keeps nobody out",
        id="a fixed organization that no rule names",
    ),
    pytest.param(
        {"routes": {"host": '"b.example.com"'}},
        "no route is for the host of public_url",
        id="nothing at the public address",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), HINTS)
def test_a_hint(changes: dict[str, dict[str, str | None]], expected: str) -> None:
    merged = {
        table: {**QUIET.get(table, {}), **changes.get(table, {})}
        for table in QUIET | changes
    }
    assert any(expected in hint for hint in hints(settings(**merged)))
