from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies as st

from gateway.authentication.callback_parameters import (
    LONGEST_QUERY,
    parse_callback,
    state_of,
)
from gateway.authentication.errors import ProviderUnavailable, SignInRefused

ISSUER = "https://tenant.logto.app/oidc"
ISS = "iss=https%3A%2F%2Ftenant.logto.app%2Foidc"


def code_of(query: str, *, issuer_required: bool = True) -> str:
    parameters = parse_callback(query, "the-state")
    return parameters.code(ISSUER, issuer_required=issuer_required)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(f"code=c&state=the-state&{ISS}", id="as Logto sends it"),
        pytest.param(f"{ISS}&state=the-state&code=c", id="another order"),
        pytest.param(f"code=c&state=the%2Dstate&{ISS}", id="escapes"),
        pytest.param(f"code=c&state=the-state&{ISS}&more=1", id="RFC 6749 4.1.2: more"),
        pytest.param(f"code=c&state=the-state&{ISS}&more=", id="an empty one"),
    ],
)
def test_a_code_is_taken(query: str) -> None:
    assert code_of(query) == "c"
    assert state_of(query) == "the-state"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param("", "state_mismatch", id="21: nothing"),
        pytest.param(f"code=c&{ISS}", "state_mismatch", id="21: no state"),
        pytest.param(f"code=c&state=&{ISS}", "state_mismatch", id="21: empty state"),
        pytest.param(f"code=c&state=other&{ISS}", "state_mismatch", id="21: another's"),
        pytest.param(
            f"code=c&state=the-state&state=the-state&{ISS}",
            "state_mismatch",
            id="21: state twice",
        ),
        pytest.param(
            f"code=c&state=the-state&st%61te=x&{ISS}",
            "state_mismatch",
            id="21: state twice, one escaped",
        ),
        pytest.param(
            f"error=access_denied&state=other&{ISS}",
            "state_mismatch",
            id="an error is not believed before the state",
        ),
        pytest.param(
            "code=c&state=other&iss=https://evil.example",
            "state_mismatch",
            id="state before iss",
        ),
        pytest.param(
            f"code=c&code=d&state=the-state&{ISS}",
            "malformed_callback",
            id="21: code twice",
        ),
        pytest.param(
            f"code=c&code=c&state=the-state&{ISS}",
            "malformed_callback",
            id="21: the same code twice",
        ),
        pytest.param(
            f"code=c&state=the-state&{ISS}&{ISS}",
            "malformed_callback",
            id="RFC 9207: iss twice",
        ),
        pytest.param(
            "code=c&state=the-state&iss=https://evil.example/oidc",
            "issuer_mismatch",
            id="RFC 9207: mix-up",
        ),
        pytest.param(
            f"code=c&state=the-state&{ISS}%2F", "issuer_mismatch", id="RFC 9207: slash"
        ),
        pytest.param(
            f"code=c&state=the-state&{ISS.upper()}",
            "issuer_mismatch",
            id="RFC 9207: case",
        ),
        pytest.param(
            "code=c&state=the-state&iss=", "issuer_mismatch", id="RFC 9207: empty"
        ),
        pytest.param(
            "code=c&state=the-state", "issuer_mismatch", id="RFC 9207: absent"
        ),
        pytest.param(
            "error=access_denied&state=the-state",
            "issuer_mismatch",
            id="RFC 9207: absent from an error",
        ),
        pytest.param(
            f"state=the-state&{ISS}", "malformed_callback", id="neither code nor error"
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=c&error=access_denied",
            "malformed_callback",
            id="both code and error",
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=", "malformed_callback", id="empty code"
        ),
        pytest.param(
            f"state=the-state&{ISS}&code={'c' * 2049}",
            "malformed_callback",
            id="long code",
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=c%0Ad",
            "malformed_callback",
            id="line break in the code",
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=%C3%A9",
            "malformed_callback",
            id="code beyond ASCII",
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=c;d&x", "malformed_callback", id="no ="
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=%FF", "malformed_callback", id="not UTF-8"
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=c\xe9", "malformed_callback", id="raw bytes"
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=c&" + "&".join(f"p{n}=1" for n in range(40)),
            "malformed_callback",
            id="many parameters",
        ),
        pytest.param(
            f"state=the-state&{ISS}&code=c&p=" + "x" * LONGEST_QUERY,
            "malformed_callback",
            id="endless",
        ),
        pytest.param(
            f"state=the-state&{ISS}&error=access_denied", "access_denied", id="error"
        ),
        pytest.param(
            f"state=the-state&{ISS}&error=<script>", "unrecognised", id="34: odd error"
        ),
        pytest.param(f"state=the-state&{ISS}&error=", "unrecognised", id="empty error"),
    ],
)
def test_everything_else_is_refused(query: str, code: str) -> None:
    with pytest.raises(SignInRefused) as caught:
        code_of(query)
    assert caught.value.code == code


def test_without_rfc_9207_the_issuer_may_be_absent_but_not_wrong() -> None:
    assert code_of("code=c&state=the-state", issuer_required=False) == "c"
    with pytest.raises(SignInRefused, match="asked"):
        code_of("code=c&state=the-state&iss=https://evil", issuer_required=False)


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_an_outage_comes_back_as_an_outage(error: str) -> None:
    with pytest.raises(ProviderUnavailable, match=error):
        code_of(f"state=the-state&{ISS}&error={error}")


def test_the_description_is_kept_apart_and_bounded() -> None:
    query = urlencode({"error_description": "<b>no\r\n" * 200})
    with pytest.raises(SignInRefused) as caught:
        code_of(f"state=the-state&{ISS}&error=access_denied&{query}")
    assert caught.value.description.startswith("<b>no  <b>")
    assert len(caught.value.description) <= 300
    assert "<b>" not in str(caught.value)


@given(st.text(), st.text())
def test_no_query_gives_a_code_to_another_state(query: str, state: str) -> None:
    assert state_of(query) is None or isinstance(state_of(query), str)
    if state_of(query) != state:
        with pytest.raises(SignInRefused):
            parse_callback(query, state)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["state", "code", "error", "iss", "x"]),
            st.sampled_from(["the-state", "c", ISSUER, ""]),
        ),
        max_size=6,
    )
)
def test_a_code_comes_from_one_state_one_issuer_and_one_code_only(
    pairs: list[tuple[str, str]],
) -> None:
    try:
        code = code_of(urlencode(pairs))
    except (SignInRefused, ProviderUnavailable):
        return
    names = [name for name, _ in pairs]
    assert code
    assert len(set(names)) == len(names)
    assert {("state", "the-state"), ("iss", ISSUER), ("code", code)} <= set(pairs)
    assert "error" not in names


def test_the_parameters_are_not_in_the_repr() -> None:
    parameters = parse_callback(f"code=the-code&state=the-state&{ISS}", "the-state")
    assert "the-code" not in repr(parameters)
