import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from gateway.authentication.errors import ProviderUnavailable
from gateway.authentication.key_set import MOST_KEYS, SigningKey, choose, parse_keys
from gateway.authentication.provider_metadata import KNOWN_ALGORITHMS

Jwk = dict[str, object]


def ec_jwk(curve: ec.EllipticCurve, kid: str | None, **members: object) -> Jwk:
    key = ec.generate_private_key(curve).public_key()
    jwk = {**ECAlgorithm.to_jwk(key, as_dict=True), "kid": kid, **members}
    return {name: value for name, value in jwk.items() if value is not None}


def rsa_jwk(bits: int, kid: str, **members: object) -> Jwk:
    key = rsa.generate_private_key(65537, bits).public_key()
    jwk = {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": kid, **members}
    return {name: value for name, value in jwk.items() if name != "key_ops"}


ONE = ec_jwk(ec.SECP384R1(), "one")
TWO = ec_jwk(ec.SECP384R1(), "two")
NAMELESS = ec_jwk(ec.SECP384R1(), None)
P256 = ec_jwk(ec.SECP256R1(), "p256")
RSA = rsa_jwk(2048, "rsa")
PRIVATE = {
    **ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()), as_dict=True),
    "kid": "private",
}
EDWARDS = {
    **OKPAlgorithm.to_jwk(
        ed25519.Ed25519PrivateKey.generate().public_key(), as_dict=True
    ),
    "kid": "edwards",
}


def keys(*jwks: object) -> tuple[SigningKey, ...]:
    return parse_keys({"keys": list(jwks)}, KNOWN_ALGORITHMS)


@pytest.mark.parametrize(
    ("jwk", "algorithms"),
    [
        pytest.param(ONE, {"ES384"}, id="P-384"),
        pytest.param(P256, {"ES256"}, id="P-256"),
        pytest.param(ec_jwk(ec.SECP521R1(), "x"), {"ES512"}, id="P-521"),
        pytest.param(
            RSA,
            {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
            id="RSA without alg",
        ),
        pytest.param(RSA | {"alg": "RS256"}, {"RS256"}, id="RSA with alg"),
        pytest.param(ONE | {"use": "sig"}, {"ES384"}, id="for signatures"),
    ],
)
def test_a_key_is_good_for_what_it_is(jwk: Jwk, algorithms: set[str]) -> None:
    (key,) = keys(jwk)
    assert key.algorithms == algorithms


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param({"kty": "oct", "k": "AAAA", "alg": "HS256"}, id="symmetric"),
        pytest.param(PRIVATE, id="private"),
        pytest.param(EDWARDS, id="of a kind that Logto does not use"),
        pytest.param(ec_jwk(ec.SECP256K1(), "x"), id="another curve"),
        pytest.param(rsa_jwk(1024, "x"), id="weak"),
        pytest.param(ONE | {"use": "enc"}, id="for encryption"),
        pytest.param(ONE | {"alg": "ES256"}, id="alg of another curve"),
        pytest.param(ONE | {"alg": "HS256"}, id="13: alg HS256"),
        pytest.param(ONE | {"alg": "none"}, id="alg none"),
        pytest.param(ONE | {"alg": ["ES384"]}, id="alg of another type"),
        pytest.param(ONE | {"kid": 7}, id="kid of another type"),
        pytest.param(ONE | {"kty": "RSA"}, id="kty of another kind"),
        pytest.param(ONE | {"kty": ["EC"]}, id="kty of another type"),
        pytest.param(ONE | {"x": "AAAA"}, id="not on the curve"),
        pytest.param(ONE | {"x": 7}, id="x of another type"),
        pytest.param(ONE | {"crv": None}, id="no curve"),
        pytest.param(RSA | {"n": ""}, id="empty modulus"),
        pytest.param(RSA | {"e": "AA"}, id="exponent 0"),
        pytest.param({}, id="empty"),
        pytest.param("key", id="text"),
        pytest.param(None, id="null"),
    ],
)
def test_a_key_that_is_of_no_use_is_left_out(jwk: object) -> None:
    assert [key.key_id for key in keys(jwk, TWO)] == ["two"]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"keys": None}, id="null"),
        pytest.param({"keys": {"0": ONE}}, id="object"),
        pytest.param({"keys": [ONE] * (MOST_KEYS + 1)}, id="endless"),
    ],
)
def test_what_is_no_key_set_is_an_outage(document: Jwk) -> None:
    with pytest.raises(ProviderUnavailable):
        parse_keys(document, KNOWN_ALGORITHMS)


@pytest.mark.parametrize(
    ("jwks", "key_id", "algorithm", "chosen"),
    [
        pytest.param([ONE, TWO], "two", "ES384", "two", id="by its id"),
        pytest.param([ONE, TWO], "three", "ES384", None, id="unknown id"),
        pytest.param([ONE, TWO], None, "ES384", None, id="no id, many keys"),
        pytest.param([ONE], None, "ES384", "one", id="no id, one key"),
        pytest.param([ONE, P256, RSA], None, "ES384", "one", id="no id, one fits"),
        pytest.param([ONE], "one", "ES256", None, id="id of another algorithm"),
        pytest.param([], "one", "ES384", None, id="no keys"),
        pytest.param([NAMELESS], "one", "ES384", None, id="key without id, asked for"),
        pytest.param([ONE, ONE], "one", "ES384", "one", id="the same key twice"),
        pytest.param(
            [ONE, TWO | {"kid": "one"}], "one", "ES384", None, id="two with one id"
        ),
        pytest.param([RSA], "rsa", "PS512", "rsa", id="RSA with PSS"),
    ],
)
def test_a_token_has_one_key_or_none(
    jwks: list[Jwk], key_id: str | None, algorithm: str, chosen: str | None
) -> None:
    key = choose(keys(*jwks), key_id, algorithm)
    assert (key and key.key_id) == chosen
