import pytest
from hypothesis import example, given, strategies as st

from gateway.routing.own_address import (
    BARE,
    UNKNOWN,
    may_be_ours,
    own_address,
)
from gateway.routing.readings import folded, readings

PIECES = [
    *("/", "//", "\\", ";", ";x", " ", ".", "a", ".gateway", ".GateWay", "/.gateway/"),
    *("%2egateway", "%252egateway", ".%67ateway", ".%2567ateway", ".gateway.", "gate"),
    *("way", "%2f", "%5c", "%3b", "%20", "%25", "%252f", "%255c", "%253b", "%2520"),
    *("sign-in", "callback", "%C5%BF", "%E2%84%AA"),
]
paths = st.lists(st.sampled_from(PIECES), max_size=6).map(
    lambda pieces: ("/" + "".join(pieces)).encode()
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param(b"/.gateway/", "", id="account-page"),
        pytest.param(b"/.gateway/sign-in", "sign-in", id="sign-in"),
        pytest.param(b"/.gateway/callback", "callback", id="callback"),
        pytest.param(b"/.gateway/assets/page.css", "assets/page.css", id="asset"),
        pytest.param(b"/.gateway/no-such-name", "no-such-name", id="literal-unknown"),
        pytest.param(b"/.gateway", BARE, id="bare"),
        pytest.param(b"/.gateway/sign-in/", UNKNOWN, id="slash-after"),
        pytest.param(b"/.gateway//sign-in", UNKNOWN, id="two-slashes"),
        pytest.param(b"/.gateway/sign%2Din", UNKNOWN, id="escape-in-the-name"),
        pytest.param(b"/.gateway/sign-in;x", UNKNOWN, id="parameter"),
        pytest.param(b"/.gateway/assets/a\\b", UNKNOWN, id="backslash-in-the-name"),
        pytest.param(b"/.Gateway/", UNKNOWN, id="case"),
        pytest.param(b"/.GATEWAY", UNKNOWN, id="case-bare"),
        pytest.param(b"//.gateway/sign-in", UNKNOWN, id="slashes-before"),
        pytest.param(b"/\\.gateway/", UNKNOWN, id="backslash"),
        pytest.param(b"/%2egateway/", UNKNOWN, id="escaped"),
        pytest.param(b"/%252Egateway/", UNKNOWN, id="escaped-twice"),
        pytest.param(b"/.gateway%2fsign-in", UNKNOWN, id="escaped-slash"),
        pytest.param(b"/.gateway%5csign-in", UNKNOWN, id="escaped-backslash"),
        pytest.param(b"/.gateway;x/sign-in", UNKNOWN, id="parameter-on-the-prefix"),
        pytest.param(b"/;x/.gateway/", UNKNOWN, id="parameter-before"),
        pytest.param(b"/.gateway%20/", UNKNOWN, id="blank-after"),
        pytest.param(b"/.gateway.", UNKNOWN, id="dot-after"),
        pytest.param(b"/%20/.gateway/", UNKNOWN, id="blank-segment-before"),
        pytest.param(b"/", None, id="root"),
        pytest.param(b"/app", None, id="application"),
        pytest.param(b"/.gateway2/", None, id="longer-name"),
        pytest.param(b"/.gatewa", None, id="shorter-name"),
        pytest.param(b"/gateway/", None, id="without-the-dot"),
        pytest.param(b"/docs/.gateway/", None, id="deeper"),
        pytest.param(b"/docs%2f.gateway/", None, id="deeper-when-decoded"),
        pytest.param(b"/x%25", None, id="escape-elsewhere"),
    ],
)
def test_every_reading_below_the_prefix_is_ours(path: bytes, name: str | None) -> None:
    assert own_address(path) == name


def is_ours_in_some_reading(path: bytes) -> bool:
    """The slow definition, without the quick look."""
    found = readings(path)
    return found is None or any(
        reading == b"/.gateway" or reading.startswith(b"/.gateway/")
        for reading in map(folded, found)
    )


@given(paths)
@example(b"/%2egate%77ay")
@example(b"/;%2f/.gateway")
def test_the_quick_look_misses_nothing(path: bytes) -> None:
    if readings(path) is not None and is_ours_in_some_reading(path):
        assert may_be_ours(path)
        assert own_address(path) is not None


@given(paths)
def test_nothing_else_is_taken_from_the_application(path: bytes) -> None:
    if not is_ours_in_some_reading(path):
        assert own_address(path) is None


def test_a_path_with_too_many_readings_is_ours_if_it_names_us() -> None:
    path = b"/%61%5c%3b%2f%2f%20.%255c%253b%252f%252f%2520/b" * 4
    assert readings(path) is None
    assert own_address(path + b"/.gateway/") == UNKNOWN
    assert own_address(path) is None
