"""Claims become an identity, once, at the edge (OpenID Connect Core, section 5).

The claims come from Logto, but people choose much of what stands in them. Only the
subject is needed: when it is wrong, nobody is signed in. Every other claim that is of
a wrong type, too long or not printable is as if it were absent, and nothing in policy
matches what is absent. Only a display name is cut to fit.
"""

from collections.abc import Collection, Iterator, Mapping

from gateway.identity.claim_values import (
    MOST_ITEMS,
    attribute,
    display_name,
    header_value,
    items,
    organizations,
    subject,
    x_handle,
    x_id,
)
from gateway.identity.identity import ATTRIBUTES, Identity

Claims = Mapping[str, object]
Sides = tuple[Claims, ...]

# Where Logto puts the handle that X gave it; its own `username` is another.
_X_HANDLE = ("identities", "x", "details", "rawData", "data", "username")
_X_ID = ("identities", "x", "userId")


class ClaimsInvalid(Exception):  # noqa: N818 -- says what is the case
    """The claims name nobody, or two people."""


def identity_from_claims(
    id_token: Claims, userinfo: Claims, wanted: Collection[str]
) -> Identity:
    """Return whom the claims of a verified *id_token* and of *userinfo* name.

    *userinfo* is empty where it was not asked for. A claim is the ID token's, which is
    signed, unless it is absent or null there; ``email`` and ``email_verified`` always
    come from the same side, and so do the id and the handle of X. *wanted* names the
    claims that headers ask for, of which those by a dotted path are looked up.

    Raises ClaimsInvalid when the subject is missing or is no string of 1 to 255
    visible ASCII characters, and when *userinfo* has another one (section 5.3.2).
    """
    sub = subject(id_token.get("sub"))
    if sub is None:
        raise ClaimsInvalid("the ID token has no usable sub")
    if userinfo and userinfo.get("sub") != sub:
        raise ClaimsInvalid("userinfo names another sub than the ID token")
    sides = (id_token, userinfo)
    mail = _side_with(sides, "email")
    account = _side_with(sides, "identities")
    return Identity(
        sub=sub,
        username=attribute(_claim(sides, "username")),
        x_username=x_handle(_walk(account, _X_HANDLE)),
        x_id=x_id(_walk(account, _X_ID)),
        name=display_name(_claim(sides, "name")),
        email=attribute(mail.get("email")),
        email_verified=mail.get("email_verified") is True,
        picture=attribute(_claim(sides, "picture")),
        roles=items(_claim(sides, "roles")),
        claims=tuple(_dotted(sides, wanted)),
        organizations=organizations(_claim(sides, "organizations")),
        organization_roles=items(_claim(sides, "organization_roles")),
        organization_names=tuple(_names(_claim(sides, "organization_data"))),
    )


def _side_with(sides: Sides, name: str) -> Claims:
    """Return the first side where the claim is not null, or one without claims."""
    return next((side for side in sides if side.get(name) is not None), {})


def _claim(sides: Sides, name: str) -> object:
    return _side_with(sides, name).get(name)


def _dotted(
    sides: Sides, wanted: Collection[str]
) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Yield the *wanted* claims that are not attributes, each with a usable value."""
    for path in sorted(set(wanted) - ATTRIBUTES):
        found = (_walk(side, path.split(".")) for side in sides)
        value = header_value(
            next((value for value in found if value is not None), None)
        )
        if value is not None:
            yield path, value


def _names(value: object) -> Iterator[tuple[str, str]]:
    """Yield the id and the name of each organization in Logto's list of them."""
    for one in value[:MOST_ITEMS] if isinstance(value, list) else ():
        if isinstance(one, Mapping):
            organization = attribute(one.get("id"))
            name = display_name(one.get("name"))
            if organization is not None and name is not None:
                yield organization, name


def _walk(claims: Claims, path: Collection[str]) -> object:
    """Return what stands at *path*; None where it ends in nothing."""
    value: object = claims
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
