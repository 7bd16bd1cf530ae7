"""The headers that tell an upstream who the person is."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from config.identity import Identity as IdentitySettings
from gateway.fields import Field, lines
from gateway.identity.identity import ATTRIBUTES, Identity
from gateway.identity.reserved_names import reduced

_Told = tuple[Identity, tuple[Field, ...], bytes]
Value = str | tuple[str, ...] | None

_PRESETS: Final[Mapping[str, Mapping[str, str]]] = {
    "forwarded": {
        "X-Forwarded-User": "sub",
        "X-Forwarded-Preferred-Username": "preferred_username",
        "X-Forwarded-Email": "email",
        "X-Forwarded-Groups": "roles",
        "X-Forwarded-Name": "name",
    },
    "remote-user": {
        "Remote-User": "sub",
        "Remote-Name": "name",
        "Remote-Email": "email",
        "Remote-Groups": "roles",
    },
    "none": {},
}
_ATTRIBUTES: Final[Mapping[str, Callable[[Identity], Value]]] = {
    "sub": lambda identity: identity.sub,
    "username": lambda identity: identity.username,
    "x_username": lambda identity: identity.x_username,
    "x_id": lambda identity: identity.x_id,
    "name": lambda identity: identity.name,
    "email": lambda identity: identity.verified_email,
    "picture": lambda identity: identity.picture,
    "roles": lambda identity: identity.roles,
    "scopes": lambda identity: identity.scopes,
    "organization": lambda identity: identity.acts_for,
    "organizations": lambda identity: identity.organizations,
    "organization_roles": lambda identity: identity.organization_roles,
}

MOST_KNOWN = 2048  # identities whose headers are remembered, by the object

_SAFE = re.compile(r"[ -$&-~]*")  # 0x20-0x7E without the percent sign
_SAFE_ITEM = re.compile(r"[ -$&-+\--~]*")  # and without the comma
_WIRE: Final = tuple(
    b"%%%02X" % byte
    if byte == ord("%") or not ord(" ") <= byte <= ord("~")
    else bytes((byte,))
    for byte in range(256)
)


class IdentityHeaders:
    """The headers of the preset and of ``[identity] headers``, which win over it.

    *sign_in* is that of ``[logto]``: with ``"social:x"`` the preferred username is the
    X handle, otherwise Logto's username; never a mixture, since one person's handle
    may be another's username. *names* are the headers' names as they are sent,
    *told_claims* what they tell, *wanted_claims* the dotted paths among that.
    """

    def __init__(self, settings: IdentitySettings, sign_in: str) -> None:
        preferred = "x_username" if sign_in == "social:x" else "username"
        headers = {
            reduced(name.encode()): (name, claim)
            for name, claim in (
                *_PRESETS[settings.preset].items(),
                *settings.headers.items(),
            )
        }
        self._headers = tuple(
            (name.encode(), preferred if claim == "preferred_username" else claim)
            for name, claim in headers.values()
        )
        self.names = frozenset(name for name, _ in self._headers)
        self.told_claims = frozenset(claim for _, claim in self._headers)
        self.wanted_claims = self.told_claims - ATTRIBUTES
        self._known: OrderedDict[int, _Told] = OrderedDict()

    def fields(self, identity: Identity | None) -> tuple[Field, ...]:
        """Return the header fields about *identity*; an absent claim has no header."""
        if identity is None:
            return ()
        known = self._known.get(id(identity))
        if known is None or known[0] is not identity:
            known = self._learn(identity)
        return known[1]

    def lines(self, identity: Identity | None) -> bytes:
        """Return the same as lines of a head, put together once for an identity."""
        if identity is None:
            return b""
        known = self._known.get(id(identity))
        if known is None or known[0] is not identity:
            known = self._learn(identity)
        return known[2]

    def _learn(self, identity: Identity) -> _Told:
        values = ((name, _value(identity, claim)) for name, claim in self._headers)
        fields = tuple((name, encoded(value)) for name, value in values if value)
        if len(self._known) >= MOST_KNOWN:
            self._known.popitem(last=False)
        # The identity is kept, so that the id stays its own.
        known = self._known[id(identity)] = identity, fields, lines(fields)
        return known


def encoded(value: str | tuple[str, ...]) -> bytes:
    """Return *value* as it stands in a header field.

    Every byte of its UTF-8 outside 0x20-0x7E becomes ``%XX``, and ``%`` itself, and
    ``,`` in an item of a list; the items are joined with ``,``.
    """
    if isinstance(value, tuple):
        return b",".join(map(_item, value))
    if _SAFE.fullmatch(value):
        return value.encode("ascii")
    return b"".join(_WIRE[byte] for byte in value.encode("utf-8", "surrogatepass"))


def _item(item: str) -> bytes:
    return (
        item.encode("ascii")
        if _SAFE_ITEM.fullmatch(item)
        else encoded(item).replace(b",", b"%2C")
    )


def _value(identity: Identity, claim: str) -> Value:
    attribute = _ATTRIBUTES.get(claim)
    if attribute is not None:
        return attribute(identity)
    return next((value for path, value in identity.claims if path == claim), None)
