"""What a proxy is told about people: every name, empty where nothing is to be said."""

from config.identity import Identity as IdentitySettings
from gateway.identity.auth_request import AuthRequestHeaders
from gateway.identity.headers import IdentityHeaders
from gateway.identity.identity import Identity

ADA = Identity(
    sub="s1",
    username="ada-at-logto",
    x_username="ada",
    x_id="1",
    name="Ada",
    email="ada@example.com",
    email_verified=False,
    picture=None,
    roles=("admin", "a,b"),
)


def told(identity: Identity | None, **settings: object) -> dict[bytes, bytes]:
    chosen = IdentitySettings.model_validate(settings)
    usual = IdentityHeaders(chosen, "social:x")
    headers = AuthRequestHeaders(chosen, "social:x", usual.names)
    fields = headers.fields(identity, usual.fields(identity))
    assert len({name.lower() for name, _ in fields}) == len(fields)
    return dict(fields)


def test_the_usual_values_come_under_both_names() -> None:
    fields = told(ADA)
    for prefix in (b"X-Auth-Request-", b"X-Forwarded-"):
        assert fields[prefix + b"User"] == b"s1"
        assert fields[prefix + b"Preferred-Username"] == b"ada"
        assert fields[prefix + b"Name"] == b"Ada"
        assert fields[prefix + b"Groups"] == b"admin,a%2Cb"
        assert fields[prefix + b"Email"] == b""  # it is not verified


def test_01_02_nobody_is_told_as_emptiness_under_every_name() -> None:
    assert set(told(None)) == set(told(ADA))
    assert set(told(None).values()) == {b""}
    own = told(None, preset="remote-user", headers={"X-Team": "x_id"})
    assert set(own.values()) == {b""}
    assert set(own) == {
        *(prefix + name for prefix in (b"X-Auth-Request-", b"X-Forwarded-")
          for name in (b"User", b"Preferred-Username", b"Email", b"Groups", b"Name")),
        b"Remote-User", b"Remote-Name", b"Remote-Email", b"Remote-Groups", b"X-Team",
    }  # fmt: skip


def test_01_names_of_another_preset_are_told_as_emptiness() -> None:
    fields = told(ADA, preset="remote-user")
    assert fields[b"Remote-User"] == b"s1"
    assert fields[b"X-Forwarded-User"] == b""


def test_own_names_win_over_the_usual_ones() -> None:
    fields = told(ADA, preset="none", headers={"x-auth-request-user": "x_id"})
    assert fields[b"x-auth-request-user"] == b"1"
    assert fields[b"X-Auth-Request-Name"] == b"Ada"
    assert b"X-Auth-Request-User" not in fields


def test_tokens_come_under_the_usual_names_too() -> None:
    chosen = IdentitySettings.model_validate({})
    name = b"X-Forwarded-Access-Token"
    headers = AuthRequestHeaders(chosen, "social:x", [name])
    fields = dict(headers.fields(ADA, [(name, b"t0")]))
    assert fields[b"X-Auth-Request-Access-Token"] == fields[name] == b"t0"
    fields = dict(headers.fields(None, []))
    assert fields[b"X-Auth-Request-Access-Token"] == fields[name] == b""
