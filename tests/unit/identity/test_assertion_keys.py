"""The keys of assertions: which are taken, and what is published of them."""

import base64
import hashlib
import json

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from gateway.identity.assertion_keys import key_set, keys_in
from tests.support.pem import p256, p384, rsa2048


def test_a_key_is_named_by_its_thumbprint() -> None:
    (key,) = keys_in(p256())
    jwk = key.jwk()
    # RFC 7638, section 3.1, step by step.
    hashed = (
        f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    ).encode()
    digest = hashlib.sha256(hashed).digest()
    assert key.kid == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert jwk["kid"] == key.kid


def test_nothing_private_is_published_or_shown() -> None:
    keys = keys_in(p256())
    (published,) = json.loads(key_set(keys))["keys"]
    assert set(published) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    secret = f"{keys[0].private.private_numbers().private_value:x}"
    assert secret not in repr(keys)
    assert "private" not in repr(keys)


def test_a_file_may_hold_several_in_order_in_either_form() -> None:
    one, two = p256(), p256(form=PrivateFormat.TraditionalOpenSSL)
    name = b"EC PARAMETERS"  # as `openssl ecparam -genkey` writes them
    parameters = b"-----BEGIN %b-----\nAAAA\n-----END %b-----\n" % (name, name)
    keys = keys_in(one + parameters + two)
    assert [key.kid for key in keys] == [
        keys_in(one)[0].kid,
        keys_in(two)[0].kid,
    ]
    assert [one["kid"] for one in json.loads(key_set(keys))["keys"]] == [
        key.kid for key in keys
    ]


def test_the_published_key_verifies() -> None:
    (key,) = keys_in(p256())
    token = jwt.encode({"sub": "u1"}, key.private, "ES256")
    found = jwt.PyJWKSet.from_json(key_set([key]).decode())[key.kid]
    assert jwt.decode(token, found, algorithms=["ES256"]) == {"sub": "u1"}


@pytest.mark.parametrize(
    ("pem", "part"),
    [
        pytest.param(b"", "no private key", id="empty"),
        pytest.param(
            p256().replace(b"PRIVATE", b"PUBLIC"), "no private key", id="public"
        ),
        pytest.param(p256(b"secret"), "pass phrase", id="encrypted"),
        pytest.param(rsa2048(), "not for P-256", id="RSA"),
        pytest.param(p384(), "not for P-256", id="P-384"),
        pytest.param(p256() + p384(), "not for P-256", id="one of two"),
        pytest.param(
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "cannot be read",
            id="damaged",
        ),
    ],
)
def test_other_files_are_refused(pem: bytes, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        keys_in(pem)
