"""Where a request goes, as far as its head, its peer and the routes say."""

import pytest

from config.origin import Origin
from config.routes import Route
from gateway.routing.directions import Directions, directions
from gateway.routing.own_address import BARE, UNKNOWN
from gateway.routing.received import (
    Malformed,
    MethodRefused,
    Publication,
    receive,
    sender,
)
from gateway.routing.table import (
    Matched,
    MethodNotAllowed,
    NoRoute,
    RouteTable,
    UnknownHost,
)

PUBLICATION = Publication(Origin("https", "app.example.com", 443), (), trust_unix=False)
ROUTE = Route.model_validate(
    {
        "path": "/app",
        "methods": ["GET", "OPTIONS"],
        "upstream": "http://127.0.0.1:1",
        "allow": "anyone",
    }
)
ROUTES = RouteTable([ROUTE], "app.example.com")


def found(
    target: bytes, method: str = "GET", host: bytes = b"app.example.com"
) -> object:
    sent_by = sender([(b"Host", host)], "192.0.2.1", PUBLICATION)
    return directions(receive(method, target, sent_by), ROUTES)


ELSEWHERE = b"other.example"


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ((b"/app", "GET"), (None, True, Matched, True)),
        ((b"/", "GET"), (None, True, NoRoute, True)),
        ((b"/app", "PUT"), (None, True, MethodNotAllowed, True)),
        ((b"/app", "OPTIONS"), (None, True, Matched, False)),
        ((b"/.gateway/", "GET"), ("", True, NoRoute, False)),
        ((b"/.gateway", "GET"), (BARE, True, NoRoute, False)),
        ((b"/%2egateway/x", "GET"), (UNKNOWN, True, NoRoute, False)),
        ((b"/app", "GET", ELSEWHERE), (None, False, UnknownHost, False)),
        ((b"/.gateway/x", "GET", ELSEWHERE), ("x", False, UnknownHost, False)),
    ],
)
def test_only_what_its_route_alone_decides_about_is_plain(
    asked: tuple[bytes, str] | tuple[bytes, str, bytes],
    goes: tuple[str | None, bool, type, bool],
) -> None:
    way = found(*asked)
    assert isinstance(way, Directions)
    assert (way.own, way.is_ours, type(way.choice), way.is_plain) == goes


def test_what_cannot_be_read_or_is_never_served_goes_nowhere() -> None:
    assert isinstance(found(b"/a/../b"), Malformed)
    assert found(b"/app", "TRACE") == MethodRefused()
