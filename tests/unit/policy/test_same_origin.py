import pytest

from gateway.fields import Field
from gateway.policy.same_origin import is_same_origin

OWN = "https://app.example.com"
PARTNER = "https://partner.example"


def site(value: bytes) -> Field:
    return (b"Sec-Fetch-Site", value)


def origin(value: str) -> Field:
    return (b"Origin", value.encode())


def may(method: str, *fields: Field, upgrade: bool = False) -> bool:
    return is_same_origin(method, upgrade, fields, OWN, (PARTNER,))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_safe_methods_may_come_from_anywhere(method: str) -> None:
    assert may(method, site(b"cross-site"), origin("https://evil.example"))


@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        pytest.param([site(b"same-origin")], True, id="same-origin"),
        pytest.param([site(b"none")], True, id="typed-by-the-person"),
        pytest.param([site(b"same-site")], False, id="attack-19-sibling-host"),
        pytest.param([site(b"cross-site")], False, id="attack-19-another-site"),
        pytest.param([site(b"")], False, id="empty-site"),
        pytest.param([site(b"SAME-ORIGIN")], False, id="not-what-browsers-write"),
        pytest.param(
            [site(b"same-origin"), site(b"cross-site")], False, id="two-sites"
        ),
        pytest.param(
            [site(b"cross-site"), origin(OWN)], False, id="site-before-origin"
        ),
        pytest.param([site(b"cross-site"), origin(PARTNER)], True, id="allowed-origin"),
        pytest.param([origin(OWN)], True, id="own-origin"),
        pytest.param([origin(PARTNER)], True, id="allowed-origin-without-metadata"),
        pytest.param([origin("https://evil.example")], False, id="attack-19-origin"),
        pytest.param([origin("null")], False, id="sandboxed"),
        pytest.param([origin("http://app.example.com")], False, id="other-scheme"),
        pytest.param([origin("https://app.example.com:444")], False, id="other-port"),
        pytest.param([origin("https://app.example.com.evil")], False, id="longer"),
        pytest.param([origin(OWN), origin(OWN)], False, id="two-origins"),
        pytest.param([origin(PARTNER), origin(OWN)], False, id="mixed-origins"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "get", "FOO"])
def test_unsafe_requests_must_be_ours(
    method: str, fields: list[Field], *, allowed: bool, upgrade: bool
) -> None:
    assert may(method, *fields, upgrade=upgrade) is allowed


def test_a_program_without_browser_fields_may_post() -> None:
    assert may("POST")


def test_an_upgrade_must_say_where_it_comes_from() -> None:
    assert not may("GET", upgrade=True)


@pytest.mark.parametrize("listed", ["*", "null", ""])
def test_no_entry_of_origins_means_everybody(listed: str) -> None:
    for source in ("null", "https://evil.example"):
        fields = [origin(source)]
        assert not is_same_origin(
            "POST", upgrade=False, fields=fields, own_origin=OWN, origins=(listed,)
        )
