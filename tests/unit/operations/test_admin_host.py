"""The admin listener answers by names that no stranger can have (DNS rebinding)."""

import pytest

from gateway.operations.admin_host import is_asked_by_name

LISTED = frozenset({"gateway.monitoring.svc"})


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        pytest.param("evil.example", False, id="a page's name"),
        pytest.param("evil.example:9901", False, id="with a port"),
        pytest.param("127.0.0.1.evil.example", False, id="like an address"),
        pytest.param("127.0.0.1@evil.example", False, id="userinfo"),
        pytest.param("localhost.evil.example", False, id="like localhost"),
        pytest.param("evillocalhost.", True, id="without a dot but the last"),
        pytest.param("0x7f.0.0.1", False, id="a number some take for an address"),
        pytest.param("127.0.0.01", False, id="an octal one"),
        pytest.param("gateway.monitoring.svc.evil.example", False, id="like a listed"),
        pytest.param("", False, id="empty"),
        pytest.param("a, b", False, id="two"),
        pytest.param("\udcff", False, id="no text"),
        pytest.param("127.0.0.1:9901", True, id="an address"),
        pytest.param("[::1]:9901", True, id="an IPv6 address"),
        pytest.param("localhost:9901", True, id="localhost"),
        pytest.param("gateway.localhost", True, id="below localhost"),
        pytest.param("gateway:9901", True, id="a container's"),
        pytest.param("Gateway.Monitoring.SVC.:9901", True, id="listed"),
        pytest.param(None, True, id="HTTP/1.0"),
    ],
)
def test_who_is_answered(host: str | None, *, answered: bool) -> None:
    assert is_asked_by_name(host, LISTED) is answered
