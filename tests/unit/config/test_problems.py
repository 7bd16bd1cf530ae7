"""Each thing that can be wrong with a file has a sentence of its own."""

import pytest

from config.loader import load_text
from tests.support.configuration import KEY, OTHER_KEY, problems, sentence, written

TABLES = [
    pytest.param(
        {"server": {"public_ur": '"https://a.example"', "public_url": None}},
        "server.public_ur: unknown key (did you mean public_url?)",
        id="an unknown key, and not again as missing",
    ),
    pytest.param(
        {"server": {"zzz": "1"}}, "server.zzz: unknown key", id="an unknown key"
    ),
    pytest.param(
        {"servr": {"x": "1"}},
        "servr: unknown table (did you mean server?)",
        id="an unknown table",
    ),
    pytest.param(
        {"session": {"shards": "2"}},
        "session.shards: unknown key",
        id="a key that does not exist yet",
    ),
    pytest.param(
        {"server": {"public_url": None}},
        'server.public_url: is missing: write public_url = "https://app.example.com"',
        id="a missing key shows how to write it",
    ),
    pytest.param(
        {"logto": {"app_secret": None}},
        'logto.app_secret: is missing: write app_secret = "...", or app_secret_file',
        id="a missing secret",
    ),
    pytest.param(
        {"logto": {"app_id": "12"}},
        "logto.app_id: expected a string in quotes",
        id="a number for a string",
    ),
    pytest.param(
        {"server": {"max_header_count": '"200"'}},
        "server.max_header_count: expected a whole number, without quotes",
        id="a string for a number",
    ),
    pytest.param(
        {"server": {"max_header_count": "true"}},
        "server.max_header_count: expected a whole number, without quotes",
        id="true for a number",
    ),
    pytest.param(
        {"server": {"max_header_count": "3"}},
        "server.max_header_count: expected 20 or more",
        id="a number that is too small",
    ),
    pytest.param(
        {"server": {"max_header_count": "100_000"}},
        "server.max_header_count: expected 10000 or less",
        id="a number that is too large",
    ),
    pytest.param(
        {"routes": {"strip_prefix": '"yes"'}},
        "routes[0].strip_prefix: expected true or false, without quotes",
        id="a string for a boolean",
    ),
    pytest.param(
        {"server": {"trusted_proxies": '"unix"'}},
        "server.trusted_proxies: expected a list",
        id="a string for a list",
    ),
    pytest.param(
        {"identity": {"headers": '"x"'}},
        'identity.headers: expected a table such as { "X-My-Name" = "name" }',
        id="a string for a table",
    ),
    pytest.param(
        {"routes": {"access": '"sigend-in"'}},
        'routes[0].access: expected "public", "optional" or "signed-in" '
        "(did you mean signed-in?)",
        id="a misspelt choice",
    ),
    pytest.param(
        {"server": {"keep_alive": "75"}},
        'server.keep_alive: expected a duration such as "30s", "10m", "12h" or "7d"',
        id="a duration without a unit",
    ),
    pytest.param(
        {"server": {"max_header_size": '"4KiB"'}},
        "server.max_header_size: expected a size from 8KiB to 1MiB",
        id="a size out of bounds",
    ),
    pytest.param(
        {"logto": {"app_id": '""'}}, "logto.app_id: is empty", id="an empty value"
    ),
    pytest.param(
        {"logto": {"app_secret": '"a b"'}},
        "logto.app_secret: expected visible ASCII characters only, without spaces",
        id="a secret with a space",
    ),
    pytest.param(
        {"logto": {"sign_in": '"x"'}},
        'logto.sign_in: expected "social:x", "sso:<connector id>", '
        'or "" for Logto\'s own page',
        id="an unknown way to sign in",
    ),
    pytest.param(
        {"policy": {"alow": '"anyone"'}, "routes": {"allow": None}},
        "policy.alow: unknown key (did you mean allow?)",
        id="a typo in the policy, and no route is blamed for it",
    ),
    pytest.param(
        {"routes": {"alow": '"anyone"', "allow": None}},
        "routes[0].alow: unknown key (did you mean allow?)",
        id="a typo of allow in a route",
    ),
    pytest.param(
        {"routes": {"allow": None}},
        'routes[0]: a signed-in route needs an allow: write allow = "anyone" or '
        'allow = { x_ids = ["2244994945"] } '
        "(the first lets in every X account of the world)",
        id="a signed-in route without allow shows both lines",
    ),
    pytest.param(
        {"routes": {"allow": "{}"}},
        "routes[0].allow: the table is empty, which could mean everybody or nobody: "
        'write "anyone", or name a key such as x_ids',
        id="an empty table for allow",
    ),
    pytest.param(
        {"routes": {"allow": '[{ x_ids = ["1"] }, {}]'}},
        "routes[0].allow[1]: the table is empty, which could mean everybody or "
        'nobody: write "anyone", or name a key such as x_ids',
        id="an empty table in a list for allow",
    ),
    pytest.param(
        {"routes": {"allow": '"everyone"'}},
        'routes[0].allow: expected allow = "anyone" or '
        'allow = { x_ids = ["2244994945"] }, or a list of such tables',
        id="an unknown word for allow",
    ),
    pytest.param(
        {"routes": {"allow": '["anyone"]'}},
        "routes[0].allow[0]: expected a table",
        id="a word in a list for allow",
    ),
    pytest.param(
        {"routes": {"allow": "{ x_ids = [12] }"}},
        "routes[0].allow.x_ids[0]: expected a string in quotes",
        id="a number for an id",
    ),
    pytest.param(
        {"routes": {"allow": '{ x_id = ["12"] }'}},
        "routes[0].allow.x_id: unknown key (did you mean x_ids?)",
        id="an unknown key in allow",
    ),
    pytest.param(
        {"routes": {"require": '{ signed_in_within = "59s" }'}},
        "routes[0].require.signed_in_within: expected at least 1m: signing in again "
        "takes its time, too",
        id="a sign-in that is always too old",
    ),
    pytest.param(
        {"routes": {"require": "{ signed_in_within = 900 }"}},
        "routes[0].require.signed_in_within: expected a duration such as "
        '"30s", "10m", "12h" or "7d"',
        id="a number of what",
    ),
    pytest.param(
        {"routes": {"require": '{ signed_in = "15m" }'}},
        "routes[0].require.signed_in: unknown key (did you mean signed_in_within?)",
        id="a key of require misspelt",
    ),
    pytest.param(
        {"routes": {"require": "{}"}},
        "routes[0].require: is empty: leave it out, or write "
        'require = { signed_in_within = "15m" }',
        id="a require that asks for nothing",
    ),
    pytest.param(
        {"routes": {"require": '"15m"'}},
        "routes[0].require: expected a table such as "
        'require = { signed_in_within = "15m" }',
        id="a require that is no table",
    ),
    pytest.param(
        {
            "routes": {
                "access": '"optional"',
                "require": '{ signed_in_within = "15m" }',
            }
        },
        'routes[0].require: has no effect: access must be "signed-in" to ask for a '
        "sign-in (line 15)",
        id="require where nobody must sign in",
    ),
    pytest.param(
        {
            "logto": {"resources": '["https://api.example.com"]'},
            "routes": {
                "credentials": '["session", "bearer"]',
                "require": '{ signed_in_within = "15m" }',
            },
        },
        "routes[0].credentials: takes bearers, which do not say when somebody signed "
        "in (line 17)",
        id="require of bearers",
    ),
    pytest.param(
        {"routes": {"allow": '{ role = ["a"] }'}},
        "routes[0].allow.role: unknown key (did you mean roles?)",
        id="a key for roles misspelt",
    ),
    pytest.param(
        {"routes": {"allow": '{ roles = "admin" }'}},
        "routes[0].allow.roles: expected a list",
        id="roles as a text",
    ),
    pytest.param(
        {"routes": {"allow": '{ roles = [" admin"] }'}},
        "routes[0].allow.roles[0]: expected a role without spaces around it",
        id="a role with a space before it",
    ),
    pytest.param(
        {"routes": {"allow": '{ roles = ["ad\\u0007min"] }'}},
        "routes[0].allow.roles[0]: expected a role: 1 to 128 printable characters",
        id="a role that nobody can see",
    ),
    pytest.param(
        {"routes": {"allow": '{ scopes = ["read write"] }'}},
        "routes[0].allow.scopes[0]: expected one scope, without spaces",
        id="two scopes in one text",
    ),
    pytest.param(
        {"routes": {"allow": '{ organizations = ["Acme, Inc."] }'}},
        "routes[0].allow.organizations[0]: expected the id of an organization in Logto",
        id="the name of an organization",
    ),
    pytest.param(
        {"routes": {"allow": '{ organization_roles = ["admin"] }'}},
        "routes[0].allow.organization_roles[0]: "
        'expected "<id of the organization>:<role>"',
        id="a role without its organization",
    ),
    pytest.param(
        {"routes": {"allow": '{ organization_roles = ["acme:"] }'}},
        "routes[0].allow.organization_roles[0]: "
        "expected a role: 1 to 128 printable characters",
        id="an organization without a role",
    ),
    pytest.param(
        {
            "routes": {
                "allow": '{ organizations = ["a"], organization_roles = ["b:admin"] }'
            }
        },
        "routes[0].allow.organization_roles: are roles in other organizations than "
        "organizations lists, so nobody can match both",
        id="a membership in one, a role in another",
    ),
    pytest.param(
        {"routes": {"access": '"public"'}},
        "routes[0].allow: has no effect: a public route asks nobody who it is "
        "(line 15)",
        id="allow on a public route",
    ),
    pytest.param(
        {"routes": {"ca_file": '"/dev/null"'}},
        "routes[0].ca_file: has no effect: the upstream is not https",
        id="authorities for a plain upstream",
    ),
    pytest.param(
        {"server": {"tls_certificate": '"/dev/null"'}},
        "server.tls_certificate: needs tls_key as well",
        id="a certificate without a key",
    ),
    pytest.param(
        {"server": {"tls_key": '"/dev/null"'}},
        "server.tls_key: needs tls_certificate as well",
        id="a key without a certificate",
    ),
    pytest.param(
        {"server": {"tls_key": '"/dev/null/x"', "tls_certificate": '"/dev/null"'}},
        "server.tls_key: the file cannot be read: Not a directory",
        id="a PEM file that is not there",
    ),
    pytest.param(
        {"routes": {"ca_file": '"/no/ca.pem"', "upstream": '"https://up.example"'}},
        "routes[0].ca_file: the file cannot be read: No such file or directory",
        id="authorities that are not there",
    ),
    pytest.param(
        {"server": {"state_directory": '"state"'}},
        "server.state_directory: expected an absolute path",
        id="a relative directory",
    ),
    pytest.param(
        {"server": {"listen": '["127.0.0.1:9901", "127.0.0.1:8080"]'}},
        "admin.listen: is an address of server.listen too, "
        "and metrics are not for everybody (line 3)",
        id="metrics on the public address",
    ),
    pytest.param(
        {"session": {"idle_timeout": '"8d"'}},
        "session.idle_timeout: is longer than max_age, so it would never end a "
        "session (by default)",
        id="an idle limit over the absolute one",
    ),
    pytest.param(
        {"session": {"revalidate": '"8d"'}},
        "session.revalidate: is longer than max_age, so Logto would never be asked "
        "about a session (by default)",
        id="sessions that are never revalidated",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), TABLES)
def test_a_wrong_value(
    changes: dict[str, dict[str, str | None]], expected: str
) -> None:
    assert sentence(written(**changes)) == expected


KEYS = [
    pytest.param(
        '"MDEyMzQ1Njc4OQ"',
        "[0]: the key is too short: 10 bytes instead of 32; "
        "`gateway keygen` makes a new one",
        id="too short",
    ),
    pytest.param(
        f'"{"A" * 86}"',
        "[0]: the key is too long: 64 bytes instead of 32; "
        "`gateway keygen` makes a new one",
        id="too long",
    ),
    pytest.param(
        f'"{KEY[:-1]}!"',
        "[0]: the key is malformed: expected base64url; "
        "`gateway keygen` makes a new one",
        id="malformed",
    ),
    pytest.param(
        "12",
        "[0]: expected a key in quotes; `gateway keygen` makes a new one",
        id="a number",
    ),
    pytest.param(
        f'"{KEY}", "{OTHER_KEY}", "{KEY}="',
        "[2]: the key is repeated: it is also keys[0]",
        id="repeated, in another spelling",
    ),
    pytest.param(
        "",
        ": there is no key: expected at least one; `gateway keygen` makes a new one",
        id="none",
    ),
]


@pytest.mark.parametrize(("keys", "expected"), KEYS)
def test_a_wrong_key(keys: str, expected: str) -> None:
    text = written(session={"keys": f"[{keys}]"})
    assert sentence(text) == f"session.keys{expected}"


def test_everything_is_reported_at_once_with_its_line() -> None:
    text = written(
        server={"public_url": '"http://app.example.com"', "keep_alive": '"x"'},
        logto={"endpont": '"tenant"'},
        session={"same_site": '"none"', "idle_timeout": '"8d"', "max_age": '"7d"'},
        policy={"allow": "{}"},
        routes={"upstream": '"http://u:p@host"', "allow": "{}", "methods": '["get"]'},
    )
    text += '\n\n[[routes]]\nupsteam = "http://127.0.0.1"\nallow = "anyone"'
    assert [line.split(": ")[:2] for line in problems(text)] == [
        ["gateway.toml:2", "server.public_url"],
        ["gateway.toml:3", "server.keep_alive"],
        ["gateway.toml:9", "logto.endpont"],
        ["gateway.toml:14", "session.idle_timeout"],
        ["gateway.toml:18", "routes[0].upstream"],
        ["gateway.toml:19", "routes[0].allow"],
        ["gateway.toml:20", "routes[0].methods[0]"],
        ["gateway.toml:23", "policy.allow"],
        ["gateway.toml:26", "routes[1].upsteam"],
    ]


def test_the_example_of_the_documentation() -> None:
    text = written() + '\n\n[[routes]]\nupsteam = "http://127.0.0.1:3000"\n'
    text += 'allow = "anyone"\npath = "/b"\n'
    assert problems(text) == [
        "gateway.toml:17: routes[1].upsteam: unknown key (did you mean upstream?)"
    ]


ROUTES = [
    pytest.param("", "", id="nothing tells them apart"),
    pytest.param('host = "A.example."', 'host = "a.example"', id="case of the host"),
    pytest.param('path = "/a/"', 'path = "/a"', id="a slash at the end"),
    pytest.param('methods = ["GET", "PUT"]', 'methods = ["PUT"]', id="a shared method"),
    pytest.param('methods = ["GET"]', 'methods = ["HEAD"]', id="GET covers HEAD"),
]


@pytest.mark.parametrize(("one", "other"), ROUTES)
def test_two_equal_routes(one: str, other: str) -> None:
    route = '\n\n[[routes]]\nupstream = "http://127.0.0.1"\nallow = "anyone"\n'
    text = written(routes={"path": '"/other"'}) + route + one + route + other
    first = len((written(routes={"path": '"/other"'}) + "\n\n[[").splitlines())
    (line,) = problems(text)
    assert line.endswith(
        "routes[2]: is equal to routes[1]: the same host and path, "
        f"and methods that overlap (line {first})"
    )


def test_routes_with_the_same_place_and_other_methods_are_two() -> None:
    route = '\n\n[[routes]]\nupstream = "http://127.0.0.1"\n'
    text = written(routes={"methods": '["GET"]'}) + route + 'allow = "anyone"'
    text += route + 'allow = "anyone"\nmethods = ["POST", "PUT"]'
    assert len(load_text(text).routes) == 3


def test_no_routes() -> None:
    assert sentence(written(routes=None)).startswith(
        "routes: there is no route: write [[routes]]"
    )


def test_one_route_as_a_plain_table() -> None:
    assert (
        sentence(written().replace("[[routes]]", "[routes]"))
        == "routes: expected a list of tables: write [[routes]]"
    )


def test_a_table_that_is_a_value() -> None:
    text = "admin = 1\n" + written()
    assert problems(text) == ["gateway.toml:1: admin: expected a table"]


def test_a_route_that_is_a_value() -> None:
    text = "routes = [1]\n" + written(routes=None)
    assert problems(text) == ["gateway.toml:1: routes[0]: expected a table"]


def test_a_key_cannot_pose_as_another_line() -> None:
    text = written() + '\n"x\\ngateway.toml:1: all is well\\u001b[2J" = 1\n'
    (line,) = problems(text)
    assert line.isprintable()


def test_routes_are_not_called_equal_for_a_misspelt_method() -> None:
    route = '\n\n[[routes]]\nupstream = "http://127.0.0.1"\nallow = "anyone"\n'
    assert sentence(written() + route + 'methds = ["POST"]') == (
        "routes[1].methds: unknown key (did you mean methods?)"
    )
