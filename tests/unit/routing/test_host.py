import pytest
from hypothesis import given, strategies as st

from gateway.routing.host import canonical_host


@pytest.mark.parametrize(
    ("value", "host"),
    [
        pytest.param(b"app.example.com", "app.example.com", id="plain"),
        pytest.param(b"APP.Example.com", "app.example.com", id="attack-12-case"),
        pytest.param(b"app.example.com.", "app.example.com", id="attack-12-dot"),
        pytest.param(b"app.example.com:443", "app.example.com", id="attack-12-port"),
        pytest.param(b"app.example.com.:443", "app.example.com", id="dot-and-port"),
        pytest.param(b"localhost:8080", "localhost", id="localhost"),
        pytest.param(b"my_app-1", "my_app-1", id="container-name"),
        pytest.param(b"127.0.0.1:8080", "127.0.0.1", id="ipv4"),
        pytest.param(b"[::1]", "[::1]", id="attack-12-ipv6"),
        pytest.param(b"[::1]:8080", "[::1]", id="ipv6-port"),
        pytest.param(b"[2001:DB8:0:0::1]", "[2001:db8::1]", id="ipv6-shortened"),
        pytest.param(b"a" * 63 + b".b", "a" * 63 + ".b", id="longest-label"),
        pytest.param(b"a.b:65535", "a.b", id="highest-port"),
    ],
)
def test_one_canonical_host(value: bytes, host: str) -> None:
    assert canonical_host(value) == host


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b".", id="only-dot"),
        pytest.param(b":80", id="only-port"),
        pytest.param(b"app:x", id="attack-12-port-garbage"),
        pytest.param(b"app:", id="port-empty"),
        pytest.param(b"app:65536", id="port-too-high"),
        pytest.param(b"app:-1", id="port-negative"),
        pytest.param(b"app:80:80", id="two-ports"),
        pytest.param("app:٤٤٣".encode(), id="port-arabic-digits"),
        pytest.param(b"me@app", id="attack-12-userinfo"),
        pytest.param(b"me:pw@app", id="attack-12-userinfo-password"),
        pytest.param(b"app@evil:80", id="userinfo-port"),
        pytest.param(b"app..com", id="empty-label"),
        pytest.param(b".app", id="leading-dot"),
        pytest.param(b"app..", id="two-final-dots"),
        pytest.param(b"a" * 64, id="label-too-long"),
        pytest.param(b".".join([b"a" * 63] * 4), id="name-too-long"),
        pytest.param(b"a." * 40_000, id="huge"),
        pytest.param(b"app com", id="space-inside"),
        pytest.param(b" app", id="space-before"),
        pytest.param(b"app ", id="space-after"),
        pytest.param(b"app\t", id="tab"),
        pytest.param(b"app\n", id="newline"),
        pytest.param(b"app\x00", id="nul"),
        pytest.param(b"a\x7fb", id="delete"),
        pytest.param("bücher.example".encode(), id="non-ascii"),
        pytest.param("app。com".encode(), id="ideographic-dot"),
        pytest.param(
            "\N{LATIN SMALL LETTER LONG S}ite.com".encode(), id="folds-to-ascii"
        ),
        pytest.param(b"app%2ecom", id="escape"),
        pytest.param(b"app,evil", id="two-hosts-joined"),
        pytest.param(b"app/evil", id="slash"),
        pytest.param(b"app\\evil", id="backslash"),
        pytest.param(b"app#evil", id="fragment"),
        pytest.param(b"http://app", id="scheme"),
        pytest.param(b"*.example.com", id="wildcard"),
        pytest.param(b"::1", id="ipv6-bare"),
        pytest.param(b"[::1", id="ipv6-open"),
        pytest.param(b"::1]", id="ipv6-closed-only"),
        pytest.param(b"[::1]x", id="ipv6-garbage-after"),
        pytest.param(b"[::1]:x", id="ipv6-port-garbage"),
        pytest.param(b"[fe80::1%25eth0]", id="ipv6-zone"),
        pytest.param(b"[::g]", id="ipv6-not-hexadecimal"),
        pytest.param(b"[1.2.3.4]", id="ipv4-in-brackets"),
        pytest.param(b"[v1.x]", id="ip-future"),
    ],
)
def test_anything_else_is_no_host(value: bytes) -> None:
    assert canonical_host(value) is None


@given(st.binary(max_size=80))
def test_a_canonical_host_is_its_own_canonical_form(value: bytes) -> None:
    host = canonical_host(value)
    assert host is None or canonical_host(host.encode()) == host
