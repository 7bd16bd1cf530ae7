"""An order of the operator's to the running gateway: whom to sign out.

It is signed with a session key, which only who can read the configuration has.  A web
page that reaches the admin listener through the operator's browser has none, and
nothing that can be used elsewhere is sent.
"""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.sessions.revocations import Whose

PATH = "/sessions/revoke"
SIGNATURE = "Gateway-Signature"
LASTING = 60.0  # seconds; both clocks are usually the same
_PURPOSE = b"logto-gateway order 1"
_FOR_ORDERS = frozenset({Whose.SUBJECT, Whose.X_ID, Whose.EVERYBODY})


class OrderRefused(Exception):  # noqa: N818 - says what is the case
    """The order is not signed with a key of ours, is old, or is none."""


@dataclass(frozen=True, slots=True)
class Order:
    """Sign out the sessions of *whose* *value*; given at *at* (unix seconds)."""

    whose: Whose
    value: str
    at: float


def write_order(order: Order, key: bytes) -> tuple[bytes, str]:
    """Return the body that says *order*, and its signature with *key*."""
    values = {"whose": order.whose, "value": order.value, "at": order.at}
    body = json.dumps(values).encode("ascii")
    return body, _sign(body, key)


def read_order(body: bytes, signature: str, keys: Sequence[bytes], now: float) -> Order:
    """Return the order in *body*, signed with one of *keys* just before *now*.

    Raises OrderRefused.
    """
    given = signature.encode("utf-8", "surrogateescape")
    signed = [hmac.compare_digest(_sign(body, key).encode(), given) for key in keys]
    if not any(signed):
        raise OrderRefused("it is not signed with a session key of this gateway")
    values = json.loads(body)  # ours: it is signed
    order = Order(Whose(values["whose"]), values["value"], values["at"])
    if abs(now - order.at) > LASTING:
        raise OrderRefused("it is older than a minute: compare the clocks")
    if order.whose not in _FOR_ORDERS:
        raise OrderRefused("it names nobody")
    return order


def _sign(body: bytes, key: bytes) -> str:
    own = hmac.digest(key, _PURPOSE, "sha256")
    return hmac.new(own, body, "sha256").hexdigest()
