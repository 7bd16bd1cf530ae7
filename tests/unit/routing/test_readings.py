import pytest
from hypothesis import given, strategies as st

from gateway.routing.readings import LONGEST, MOST, folded, readings


@pytest.mark.parametrize(
    ("path", "reading"),
    [
        pytest.param(b"/%61dmin", b"/admin", id="unreserved-escape"),
        pytest.param(b"/%61%2fb", b"/a%2fb", id="only-the-unreserved-escape"),
        pytest.param(b"/a%2fb", b"/a/b", id="decoded-once"),
        pytest.param(b"/a%252fb", b"/a%2fb", id="decoded-once-of-two"),
        pytest.param(b"/a%252fb", b"/a/b", id="decoded-twice"),
        pytest.param(b"/%2561%252fb", b"/a%2fb", id="decoded-then-unreserved"),
        pytest.param(b"/a;x=1", b"/a", id="parameter-cut"),
        pytest.param(b"/a;x/b;y", b"/a/b", id="parameters-cut"),
        pytest.param(b"/a%3bx", b"/a", id="decoded-and-cut"),
        pytest.param(b"/a;%2fb", b"/a", id="cut-then-decoded"),
        pytest.param(b"/a;%2fb", b"/a/b", id="decoded-then-cut"),
        pytest.param(b"//a", b"/a", id="merged"),
        pytest.param(b"///a////b", b"/a/b", id="many-merged"),
        pytest.param(b"/;x/a", b"/a", id="cut-and-merged"),
        pytest.param(b"/%2fa", b"/a", id="decoded-and-merged"),
        pytest.param(b"/\\a", b"//a", id="backslash"),
        pytest.param(b"/\\a", b"/a", id="backslash-and-merged"),
        pytest.param(b"/x%5ca", b"/x/a", id="escaped-backslash"),
        pytest.param(b"/x%255ca", b"/x/a", id="backslash-escaped-twice"),
        pytest.param(b"/admin%20", b"/admin", id="blank-at-the-end"),
        pytest.param(b"/%20admin", b"/admin", id="blank-before"),
        pytest.param(b"/admin%09/x", b"/admin/x", id="tab-at-the-end"),
        pytest.param(b"/admin%C2%A0", b"/admin", id="no-break-space"),
        pytest.param(b"/admin.", b"/admin", id="dot-at-the-end"),
        pytest.param(b"/admin.%20./x", b"/admin/x", id="dots-and-blanks-at-the-end"),
        pytest.param(b"/admin%3fx", b"/admin", id="decoded-and-the-query-cut"),
        pytest.param(b"/admin%2523/x", b"/admin", id="decoded-and-the-fragment-cut"),
        pytest.param(b"/%25%36%31", b"/a", id="escapes-of-escapes"),
        pytest.param(b"/index.php/a", b"/a", id="path-behind-a-script"),
        pytest.param(b"/x/App.CGI;v=1/a", b"/x/a", id="path-behind-a-cut-script"),
        pytest.param(b"/index%2ephp%2fa", b"/a", id="path-behind-an-escaped-script"),
        pytest.param(b"/a%253bx%252fy%255Cz", b"/a/y/z", id="all-at-once"),
    ],
)
def test_what_an_application_may_read(path: bytes, reading: bytes) -> None:
    assert reading in (readings(path) or ())


@pytest.mark.parametrize(
    ("path", "as_text"),
    [
        pytest.param(b"/ADMIN", b"/admin", id="ascii"),
        pytest.param("/É".encode(), "/é".encode(), id="unicode"),
        pytest.param(
            "/\N{LATIN SMALL LETTER LONG S}ecret".encode(), b"/secret", id="long-s"
        ),
        pytest.param(
            "/adm\N{LATIN SMALL LETTER DOTLESS I}n".encode(), b"/admin", id="dotless-i"
        ),
        pytest.param("/\N{KELVIN SIGN}ey".encode(), b"/key", id="kelvin-sign"),
        pytest.param(b"/\xff\xc3A", b"/\xff\xc3a", id="not-utf-8"),
    ],
)
def test_case_is_folded_as_applications_do(path: bytes, as_text: bytes) -> None:
    assert folded(path) == as_text


def test_a_plain_path_has_one_reading() -> None:
    assert readings(b"/static/app.min.js") == frozenset({b"/static/app.min.js"})


def test_a_path_is_among_its_readings() -> None:
    assert b"//a%2fb;c" in (readings(b"//a%2fb;c") or ())


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(b"/" + b"%61" * LONGEST, id="too-long"),
        pytest.param(
            b"/%61%5c%3b%2f%2f%20.%255c%253b%252f%252f%2520/b" * 4, id="too-many"
        ),
        pytest.param(b"/%61%5c%3b%2f%2f%20.%255c%253b" * 200, id="too-much"),
    ],
)
def test_the_work_is_bounded(path: bytes) -> None:
    assert readings(path) is None


@given(st.text("/\\;.%256fc2A a", max_size=40))
def test_readings_stay_within_their_bound(text: str) -> None:
    found = readings(b"/" + text.encode())
    assert found is None or 1 <= len(found) <= MOST


@given(st.binary(max_size=30))
def test_folding_twice_is_folding_once(path: bytes) -> None:
    assert folded(folded(path)) == folded(path)
