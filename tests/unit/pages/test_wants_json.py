import pytest
from hypothesis import given, strategies as st

from gateway.fields import Field
from gateway.pages.wants_json import wants_json

CHROMIUM = (
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    b"image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
XHR = (b"X-Requested-With", b"XMLHttpRequest")
NAVIGATION = (b"Sec-Fetch-Mode", b"navigate")
CORS = (b"Sec-Fetch-Mode", b"cors")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        pytest.param([(b"Accept", CHROMIUM)], False, id="a browser"),
        pytest.param([(b"Accept", CHROMIUM), NAVIGATION], False, id="its navigation"),
        pytest.param([(b"Accept", b"*/*"), CORS], True, id="fetch()"),
        pytest.param([(b"Accept", b"*/*")], True, id="curl"),
        pytest.param([(b"Accept", b"*/*"), NAVIGATION], False, id="a bare navigation"),
        pytest.param([NAVIGATION], False, id="a navigation without Accept"),
        pytest.param([], True, id="no Accept"),
        pytest.param([(b"Accept", b"")], True, id="an empty Accept"),
        pytest.param([(b"Accept", CHROMIUM), XHR], True, id="jQuery"),
        pytest.param([(b"aCCEPT", b"Application/JSON")], True, id="any case"),
        pytest.param([(b"Accept", b"application/json")], True, id="JSON"),
        pytest.param(
            [(b"Accept", b"application/json"), NAVIGATION], True, id="JSON, navigating"
        ),
        pytest.param(
            [(b"Accept", b"application/json, text/html")], False, id="both alike"
        ),
        pytest.param(
            [(b"Accept", b"application/json, text/html;q=0.9")], True, id="JSON first"
        ),
        pytest.param(
            [(b"Accept", b"application/json;q=0.5, text/html")], False, id="HTML first"
        ),
        pytest.param(
            [(b"Accept", b"text/html;q=0.5, */*")], True, id="anything but HTML"
        ),
        pytest.param([(b"Accept", b"text/html;q=0, */*;q=0")], True, id="nothing"),
        pytest.param([(b"Accept", b"text/*")], False, id="text"),
        pytest.param([(b"Accept", b"application/*")], True, id="application"),
        pytest.param([(b"Accept", b"application/xhtml+xml")], False, id="XHTML"),
        pytest.param([(b"Accept", b"image/webp,image/*;q=0.8")], True, id="an image"),
        pytest.param(
            [(b"Accept", b"text/html;q=0.1"), (b"Accept", b"application/json")],
            True,
            id="two fields",
        ),
        pytest.param(
            [(b"Accept", b"text/html;q=x, application/json;q=0.1")],
            True,
            id="a weight that is none",
        ),
        pytest.param(
            [(b"Accept", b"text/html;q=nan, application/json;q=0.1")],
            True,
            id="a weight that is not a number",
        ),
        pytest.param(
            [(b"Accept", b"text/html;level=1;q=0.2, application/json; q=0.3")],
            True,
            id="parameters",
        ),
    ],
)
def test_who_gets_json(fields: list[Field], *, wanted: bool) -> None:
    assert wants_json(fields) is wanted


@given(st.lists(st.binary()))
def test_no_accept_breaks_it(accepts: list[bytes]) -> None:
    assert wants_json([(b"Accept", accept) for accept in accepts]) in {True, False}


def test_a_huge_accept_is_not_read_to_its_end() -> None:
    accept = b"a/b," * 100_000 + b"text/html"
    assert wants_json([(b"Accept", accept)])
