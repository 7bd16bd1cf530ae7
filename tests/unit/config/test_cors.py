"""cors of a route."""

import pytest

from config.cors import Cors
from tests.support.configuration import problems, settings, written

PAGES = "https://pages.example.com"


def cors(text: str, **more: str) -> dict[str, dict[str, str | None]]:
    return {"routes": {"cors": f"{{ {text} }}", **more}}


def test_a_route_has_none_by_default() -> None:
    assert settings().routes[0].cors is None


def test_what_is_not_said_is_narrow() -> None:
    found = settings(**cors(f'origins = ["{PAGES}:443/"]')).routes[0].cors
    assert found == Cors(
        origins=(PAGES,),
        methods=("GET", "HEAD", "POST"),
        headers=(),
        expose=(),
        credentials=False,
        max_age=600.0,
        preflights="gateway",
    )


def test_everything_can_be_said() -> None:
    text = (
        f'origins = ["{PAGES}"], methods = ["GET", "PROPFIND"], headers = ["X-A"], '
        'expose = ["X-B"], credentials = true, max_age = "1h", preflights = "upstream"'
    )
    found = settings(**cors(text, origins=f'["{PAGES}"]')).routes[0].cors
    assert found == Cors(
        origins=(PAGES,),
        methods=("GET", "PROPFIND"),
        headers=("X-A",),
        expose=("X-B",),
        credentials=True,
        max_age=3600.0,
        preflights="upstream",
    )


READ = f'origins = ["{PAGES}"], credentials = true'


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        pytest.param(
            {"routes": {"cors": '"*"'}},
            "routes[0].cors: expected a table such as "
            'cors = { origins = ["https://pages.example.com"] }',
            id="no table",
        ),
        pytest.param(
            cors(""),
            "routes[0].cors.origins: is missing: write "
            'origins = ["https://pages.example.com"]',
            id="an empty table",
        ),
        pytest.param(
            cors("origins = []"),
            "routes[0].cors.origins: is empty: name the origins whose pages may read "
            "the answers",
            id="no origins",
        ),
        pytest.param(
            cors('origins = ["null"]'),
            "routes[0].cors.origins[0]: any page can be of the origin null: "
            "name the origins one by one",
            id="null",
        ),
        pytest.param(
            cors(f'origins = ["*", "{PAGES}"]'),
            'routes[0].cors.origins: holds "*" already, which is all of them',
            id="all and one",
        ),
        pytest.param(
            cors('origins = ["*.example.com"]'),
            "routes[0].cors.origins[0]: expected an address with its scheme, such as "
            '"https://app.example.com"',
            id="a wildcard inside",
        ),
        pytest.param(
            cors(
                'origins = ["*"], credentials = true',
                credentials='["session"]',
                origins="[]",
                methods='["GET"]',
            ),
            "routes[0].cors.origins: would let every site read what people see: "
            'name them, not "*" (line 15)',
            id="all of them with credentials",
        ),
        pytest.param(
            cors(f'origins = ["{PAGES}"], headers = ["*"]'),
            "routes[0].cors.headers[0]: expected the name of a header: "
            "name them one by one",
            id="all headers",
        ),
        pytest.param(
            cors(f'origins = ["{PAGES}"], expose = ["X A"]'),
            "routes[0].cors.expose[0]: expected the name of a header: "
            "name them one by one",
            id="no header",
        ),
        pytest.param(
            cors(f'origins = ["{PAGES}"], methods = ["get"]'),
            "routes[0].cors.methods[0]: methods are case-sensitive (did you mean GET?)",
            id="a method in lower case",
        ),
        pytest.param(
            cors(f'origins = ["{PAGES}"], origin = []'),
            "routes[0].cors.origin: unknown key (did you mean origins?)",
            id="an unknown key",
        ),
        pytest.param(
            cors(f'origins = ["{PAGES}"], methods = ["PUT"]', methods='["GET"]'),
            "routes[0].cors.methods: are none of the route's (line 16)",
            id="methods that the route has not",
        ),
        pytest.param(
            cors(READ),
            "routes[0].cors.credentials: lets pages send POST with a session, which is "
            "refused unless origins of the route lists them too: do that, or write "
            'methods = ["GET", "HEAD"]',
            id="what the check of origins refuses",
        ),
    ],
)
def test_what_is_wrong(changes: dict[str, dict[str, str | None]], line: str) -> None:
    (found,) = problems(written(**changes))
    assert found.partition(": ")[2] == line


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"origins": f'["{PAGES}"]'}, id="origins lists them"),
        pytest.param({"access": '"public"', "allow": None}, id="nobody is asked"),
    ],
)
def test_pages_may_send_with_credentials_where(more: dict[str, str | None]) -> None:
    found = settings(routes={"cors": f"{{ {READ} }}", **more}).routes[0].cors
    assert found is not None
    assert found.credentials


def test_reading_with_a_session_needs_no_origins() -> None:
    text = f'{READ}, methods = ["GET", "HEAD", "OPTIONS"]'
    assert settings(**cors(text)).routes[0].cors
