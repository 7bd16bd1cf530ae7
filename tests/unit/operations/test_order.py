"""Only who holds a session key gives orders, and an order is soon over."""

import json

import pytest

from gateway.operations.order import (
    LASTING,
    Order,
    OrderRefused,
    read_order,
    write_order,
)
from gateway.sessions.revocations import Whose

NOW = 1_795_359_847.0
KEYS = (b"n" * 32, b"o" * 32)
ORDER = Order(Whose.SUBJECT, "ada", NOW)


@pytest.mark.parametrize("key", KEYS, ids=["newest", "older"])
@pytest.mark.parametrize("off", [-LASTING, 0, LASTING])
def test_an_order_is_read_as_it_was_written(key: bytes, off: float) -> None:
    body, signature = write_order(ORDER, key)
    assert read_order(body, signature, KEYS, NOW + off) == ORDER


def test_what_is_not_signed_is_not_even_read() -> None:
    body, signature = write_order(ORDER, KEYS[0])
    foreign, _ = write_order(ORDER, b"x" * 32)
    for wrong in (
        (body, ""),
        (body, signature[:-1]),
        (body, signature.upper()),
        (body, "\udcff"),
        (body.replace(b"ada", b"bob"), signature),
        (b"", signature),
        (foreign, write_order(ORDER, b"x" * 32)[1]),
    ):
        with pytest.raises(OrderRefused, match="not signed"):
            read_order(*wrong, KEYS, NOW)


@pytest.mark.parametrize("off", [-LASTING - 1, LASTING + 1])
def test_an_old_order_is_refused(off: float) -> None:
    with pytest.raises(OrderRefused, match="compare the clocks"):
        read_order(*write_order(ORDER, KEYS[0]), KEYS, NOW + off)


@pytest.mark.parametrize("whose", [Whose.SESSION, Whose.SID, Whose.WITHOUT_SID])
def test_orders_are_about_people(whose: Whose) -> None:
    with pytest.raises(OrderRefused, match="names nobody"):
        read_order(*write_order(Order(whose, "a", NOW), KEYS[0]), KEYS, NOW)


def test_the_key_itself_does_not_sign() -> None:
    body, signature = write_order(ORDER, KEYS[0])
    assert KEYS[0].hex() not in signature
    assert json.loads(body) == {"whose": "subject", "value": "ada", "at": NOW}
