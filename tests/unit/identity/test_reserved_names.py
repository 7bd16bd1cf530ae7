import pytest
from hypothesis import given, strategies as st

from gateway.identity.reserved_names import ReservedNames, reduced

RESERVED = ReservedNames(["X-My-Name", "X-Plan"])
# Attack 01 and 07: every name that an application may take for a gateway's word.
NAMES = [
    *("X-Forwarded-User", "X-Forwarded-Preferred-Username", "X-Forwarded-Email"),
    *("X-Forwarded-Groups", "X-Forwarded-Name", "X-Forwarded-Access-Token"),
    *("X-Forwarded-Id-Token", "X-Forwarded-For", "X-Forwarded-Host"),
    *("X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix"),
    *("X-Forwarded-Anything", "X-Forwarded", "Forwarded", "X-Request-Id"),
    *("X-Auth-Request-User", "X-Auth-Request-Email", "X-authentik-username"),
    *("X-Pomerium-Jwt-Assertion", "Cf-Access-Jwt-Assertion", "CF-Connecting-IP"),
    *("X-Goog-IAP-JWT-Assertion", "X-Goog-Authenticated-User-Email"),
    *("X-Gateway-Assertion", "X-Real-IP", "X-Original-URL", "X-Original-URI"),
    *("X-Original-Method", "X-Original-Host", "X-Rewrite-URL", "Remote-User"),
    *("Remote-Name", "Remote-Email", "Remote-Groups", "X-Remote-User"),
    *("X-Auth-User", "X-Auth-Username", "X-Auth-Userid", "X-Auth-Email"),
    *("X-Auth-Name", "X-Auth-Groups", "X-Auth-Roles", "X-Auth-Subject"),
    *("X-Webauth-User", "traceparent", "X-My-Name", "X-Plan"),
]
ODD = [*"-_. \t\x00:~!$%^&*", "--", "__", "\x7f", "\xa0", "\xff"]


@st.composite
def aliases(draw: st.DrawFn) -> bytes:
    """A reserved name in another spelling: case, separators, doubled and padded."""
    padding = st.sampled_from([*ODD, ""])
    spelt: str = draw(padding)
    for character in draw(st.sampled_from(NAMES)):
        if character == "-":
            spelt += "".join(draw(st.lists(st.sampled_from(ODD), max_size=3)))
        else:
            spelt += draw(st.sampled_from([character.lower(), character.upper()]))
    spelt += draw(padding)
    return spelt.encode("latin-1")


@pytest.mark.parametrize("name", NAMES)
def test_attack_01_reserved(name: str) -> None:
    assert name.encode() in RESERVED


@given(aliases())
def test_attack_01_every_alias_is_reserved(name: bytes) -> None:
    assert name in RESERVED
    assert name in RESERVED  # from its memory


@pytest.mark.parametrize(
    "name",
    [
        *("X-Auth-Token", "X-Auth", "X-Auth-Users", "Authorization", "Cookie", "Host"),
        *("Remote", "Remote-Addr", "X-Remote", "X-Real", "X-Forward", "User", "X"),
        *("X-Requested-With", "Accept", "X-CSRF-Token", "tracestate", "X-My", "", "_"),
        "X-My-Name-Too",
    ],
)
def test_attack_01_unlisted_names_pass(name: str) -> None:
    assert name.encode() not in RESERVED


@given(st.binary(max_size=40))
def test_only_letters_and_digits_count(name: bytes) -> None:
    assert (name in RESERVED) is (reduced(name) in RESERVED)


def test_the_memory_of_names_is_bounded() -> None:
    reserved = ReservedNames([])
    for number in range(10_000):
        assert b"X-Forwarded-%d" % number in reserved
        assert b"X-%d" % number not in reserved
    assert b"X-" + b"a" * 60_000 not in reserved


@pytest.mark.parametrize("name", ["", "-", "___"])
def test_a_configured_name_needs_something_to_compare(name: str) -> None:
    with pytest.raises(ValueError, match="letter"):
        ReservedNames([name])
