"""[server] and [admin]: addresses to listen on and proxies to trust."""

from ipaddress import ip_network

import pytest

from config.listen import EXPECTED, TcpAddress, UnixAddress
from config.loader import load_text
from config.server import parse_peer
from tests.support.configuration import problems, sentence, settings, written

GOOD = [
    ('"127.0.0.1:8080"', (TcpAddress("127.0.0.1", 8080),)),
    ('"[::1]:8080"', (TcpAddress("::1", 8080),)),
    ('"localhost:0"', (TcpAddress("localhost", 0),)),
    ('"unix:/run/gateway.sock"', (UnixAddress("/run/gateway.sock"),)),
    (
        '["0.0.0.0:80", "unix:/run/x"]',
        (TcpAddress("0.0.0.0", 80), UnixAddress("/run/x")),  # noqa: S104
    ),
]


@pytest.mark.parametrize(("toml", "addresses"), GOOD)
def test_listen(toml: str, addresses: object) -> None:
    assert settings(server={"listen": toml}).server.listen == addresses


BAD = [
    pytest.param('"8080"', 'expected "host:port" or "unix:/path"', id="a port"),
    pytest.param('"127.0.0.1"', 'expected "host:port" or', id="a host"),
    pytest.param('"http://127.0.0.1:80"', 'expected "host:port" or', id="a scheme"),
    pytest.param("8080", 'expected "host:port" or', id="a number"),
    pytest.param('":8080"', "the host is missing", id="no host"),
    pytest.param('"*:8080"', "the host is missing", id="a star"),
    pytest.param('"127.0.0.1:http"', "a port from 0 to 65535", id="a port's name"),
    pytest.param('"127.0.0.1:99999"', "a port from 0 to 65535", id="a port too large"),
    pytest.param('"::1:8080"', "expected a host", id="IPv6 without brackets"),
    pytest.param('"unix:run/x"', "the absolute path of a socket", id="relative"),
    pytest.param('"unix:"', "the absolute path of a socket", id="no path"),
    pytest.param('"unix:/run/"', "the absolute path of a socket", id="a directory"),
    pytest.param('"unix:/run/\\u0000"', "the absolute path of a socket", id="a NUL"),
]


@pytest.mark.parametrize(("toml", "expected"), BAD)
@pytest.mark.parametrize("table", ["server", "admin"])
def test_a_wrong_address(table: str, toml: str, expected: str) -> None:
    assert expected in sentence(written(**{table: {"listen": toml}}))


def test_each_wrong_address_of_a_list() -> None:
    text = written(server={"listen": '[\n"a:1",\n"b",\n"a:1",\n]'})
    assert problems(text) == [
        f"gateway.toml:5: server.listen[1]: {EXPECTED}",
        "gateway.toml:6: server.listen[2]: is the same address as listen[0]",
    ]


def test_an_empty_list_of_addresses() -> None:
    assert "the list is empty" in sentence(written(server={"listen": "[]"}))


def test_no_admin_listener() -> None:
    assert settings(admin={"listen": '""'}).admin.listen is None


def test_trusted_proxies() -> None:
    server = settings(
        server={"trusted_proxies": '["10.0.0.0/8", "::1", "unix", "::ffff:192.0.2.7"]'}
    ).server
    assert server.trusted_proxies == tuple(
        map(ip_network, ["10.0.0.0/8", "::1/128", "192.0.2.7/32"])
    )
    assert server.trust_unix


def test_nobody_is_trusted_by_default() -> None:
    server = settings().server
    assert server.trusted_proxies == ()
    assert not server.trust_unix


EVERYONE = [
    "0.0.0.0/0",
    "::/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "::ffff:0:0/96",
    "2000::/3",
]


@pytest.mark.parametrize("network", EVERYONE)
def test_trusting_everyone_does_not_start(network: str) -> None:
    found = sentence(written(server={"trusted_proxies": f'["{network}"]'}))
    assert found.startswith("server.trusted_proxies[0]: trusts everyone")


@pytest.mark.parametrize("network", ["10.0.0.0/8", "fc00::/7", "fe80::/10", "::1"])
def test_a_private_network_may_be_trusted(network: str) -> None:
    assert parse_peer(network) == ip_network(network)


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ('"proxy.example"', "expected a network"),
        ('""', "expected a network"),
        ("10", "expected a network"),
        ('"10.0.0.300"', "expected a network"),
        ('"10.1.2.3/8"', "has bits after its prefix of /8"),
        ('"Unix"', "expected a network"),
        ('"fe80::1%eth0"', "expected a network"),
    ],
)
def test_a_wrong_network(toml: str, expected: str) -> None:
    assert expected in sentence(written(server={"trusted_proxies": f"[{toml}]"}))


@pytest.mark.parametrize(
    ("toml", "expected"), [("1", 1), ("64", 64), ('"auto"', "auto")]
)
def test_how_many_workers(toml: str, expected: object) -> None:
    text = written(server={"workers": toml})
    assert load_text(text, {}).server.workers == expected


@pytest.mark.parametrize("toml", ["0", "65", "-1", "true", "1.0", '"2"', '"all"', "[]"])
def test_a_wrong_number_of_workers(toml: str) -> None:
    found = sentence(written(server={"workers": toml}))
    assert 'server.workers: expected a whole number from 1 to 64, or "auto"' in found


@pytest.mark.parametrize(("text", "expected"), [("3", 3), ("auto", "auto")])
def test_workers_by_the_environment(text: str, expected: object) -> None:
    settings = load_text(written(), {"GATEWAY_SERVER_WORKERS": text})
    assert settings.server.workers == expected
