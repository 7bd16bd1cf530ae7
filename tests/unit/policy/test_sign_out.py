import pytest

from gateway.fields import Field
from gateway.policy.sign_out import may_sign_out

OWN = "https://app.example.com"
LINK = {
    b"Sec-Fetch-Site": b"same-origin",
    b"Sec-Fetch-Mode": b"navigate",
    b"Sec-Fetch-Dest": b"document",
    b"Sec-Fetch-User": b"?1",
}


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        pytest.param([(b"Sec-Fetch-Site", b"same-origin")], True, id="own-form"),
        pytest.param([(b"Origin", OWN.encode())], True, id="own-form-old-browser"),
        pytest.param([], False, id="nothing-known"),
        pytest.param([(b"Sec-Fetch-Site", b"none")], False, id="from-nowhere"),
        pytest.param([(b"Sec-Fetch-Site", b"cross-site")], False, id="attack-19-form"),
        pytest.param(
            [(b"Sec-Fetch-Site", b"same-site")], False, id="attack-19-sibling"
        ),
        pytest.param([(b"Origin", b"https://evil.example")], False, id="attack-19-old"),
        pytest.param([(b"Origin", b"null")], False, id="attack-19-sandbox"),
        pytest.param(
            [(b"Sec-Fetch-Site", b"cross-site"), (b"Origin", OWN.encode())],
            False,
            id="metadata-before-origin",
        ),
        pytest.param(
            [(b"Origin", OWN.encode()), (b"Origin", b"https://evil.example")],
            False,
            id="two-origins",
        ),
    ],
)
def test_a_post_signs_out_from_our_own_pages(
    fields: list[Field], *, allowed: bool
) -> None:
    assert may_sign_out("POST", fields, OWN) is allowed


def test_a_followed_link_of_ours_signs_out() -> None:
    assert may_sign_out("GET", list(LINK.items()), OWN)


@pytest.mark.parametrize("absent", LINK, ids=bytes.decode)
def test_a_link_must_be_known_to_be_followed(absent: bytes) -> None:
    fields = [field for field in LINK.items() if field[0] != absent]
    assert not may_sign_out("GET", fields, OWN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(b"Sec-Fetch-Site", b"cross-site", id="attack-19-link-elsewhere"),
        pytest.param(b"Sec-Fetch-Site", b"none", id="typed"),
        pytest.param(b"Sec-Fetch-Dest", b"image", id="attack-19-image"),
        pytest.param(b"Sec-Fetch-Dest", b"iframe", id="attack-19-frame"),
        pytest.param(b"Sec-Fetch-Mode", b"no-cors", id="attack-19-no-cors"),
        pytest.param(b"Sec-Fetch-User", b"?0", id="script"),
    ],
)
def test_any_other_get_is_asked_first(name: bytes, value: bytes) -> None:
    assert not may_sign_out("GET", list((LINK | {name: value}).items()), OWN)


def test_fetching_ahead_signs_nobody_out() -> None:
    fields = [*LINK.items(), (b"Sec-Purpose", b"prefetch")]
    assert not may_sign_out("GET", fields, OWN)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "get", "post", "OPTIONS"])
def test_no_other_method_signs_out(method: str) -> None:
    assert not may_sign_out(method, list(LINK.items()), OWN)
