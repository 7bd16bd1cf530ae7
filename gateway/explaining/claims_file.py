"""The claims of a person, in a file, for ``gateway explain --as``."""

from collections.abc import Collection, Mapping

from gateway.authentication.strict_json import NotStrictJson, parse_object
from gateway.identity.claims import ClaimsInvalid, identity_from_claims
from gateway.identity.identity import Identity

_SIDES = frozenset({"id_token", "userinfo"})


class ClaimsUnusable(Exception):  # noqa: N818 -- says what is the case
    """The file does not say who somebody is."""


def identity_in(data: bytes, wanted: Collection[str]) -> Identity:
    """Return whom the JSON in *data* names; *wanted* as for ``identity_from_claims``.

    It holds what stands in the ID token, or ``{"id_token": {…}, "userinfo": {…}}``, in
    Logto's words. Raises ClaimsUnusable.
    """
    try:
        found = parse_object(data)
        if found.keys() <= _SIDES:
            id_token, userinfo = _side(found, "id_token"), _side(found, "userinfo")
        else:
            id_token, userinfo = found, {}
        return identity_from_claims(id_token, userinfo, wanted)
    except (NotStrictJson, ClaimsInvalid) as error:
        raise ClaimsUnusable(str(error)) from None


def _side(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    side = found.get(name, {})
    if not isinstance(side, Mapping):
        raise ClaimsUnusable(f"{name} is not an object")
    return side
