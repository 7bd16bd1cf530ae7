"""The claims of a person or a program, in a file, for ``gateway explain --as``."""

from collections.abc import Collection, Mapping

from gateway.authentication.access_token import audiences_of, identity_of
from gateway.authentication.errors import SignInRefused
from gateway.authentication.strict_json import NotStrictJson, parse_object
from gateway.explaining.shown import Shown
from gateway.identity.claims import ClaimsInvalid, identity_from_claims

_SIDES = frozenset({"id_token", "userinfo"})


class ClaimsUnusable(Exception):  # noqa: N818 -- says what is the case
    """The file does not say who somebody is."""


def shown_in(data: bytes, wanted: Collection[str]) -> Shown:
    """Return whom the JSON in *data* names; *wanted* as for ``identity_from_claims``.

    It holds what stands in the ID token, or ``{"id_token": {…}, "userinfo": {…}}``, in
    Logto's words; or, with a ``client_id``, what stands in an access token. Raises
    ClaimsUnusable.
    """
    try:
        found = parse_object(data)
        if "client_id" in found:
            audiences = audiences_of(found.get("aud"))
            return Shown(identity_of(found, wanted), audiences)
        if found.keys() <= _SIDES:
            id_token, userinfo = _side(found, "id_token"), _side(found, "userinfo")
        else:
            id_token, userinfo = found, {}
        return Shown(identity_from_claims(id_token, userinfo, wanted))
    except (NotStrictJson, ClaimsInvalid, SignInRefused) as error:
        raise ClaimsUnusable(str(error)) from None


def _side(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    side = found.get(name, {})
    if not isinstance(side, Mapping):
        raise ClaimsUnusable(f"{name} is not an object")
    return side
