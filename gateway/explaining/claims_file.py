"""The claims of a person or a program, in a file, for ``gateway explain --as``."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from gateway.authentication.access_token import audiences_of, identity_of
from gateway.authentication.errors import SignInRefused
from gateway.authentication.strict_json import NotStrictJson, parse_object
from gateway.explaining.shown import Shown
from gateway.identity.claims import ClaimsInvalid, identity_from_claims

_SIDES = frozenset({"id_token", "userinfo"})
_BESIDE = frozenset({"scopes", "organization"})


class ClaimsUnusable(Exception):  # noqa: N818 -- says what is the case
    """The file does not say who somebody is."""


def shown_in(data: bytes, wanted: Collection[str]) -> Shown:
    """Return whom the JSON in *data* names; *wanted* as for ``identity_from_claims``.

    It holds what stands in the ID token, or ``{"id_token": {…}, "userinfo": {…}}``, in
    Logto's words; beside it ``"scopes"``, those of its access tokens, and
    ``"organization"``, the one that is chosen.  Or, with a ``client_id``, it holds what
    stands in an access token. Raises ClaimsUnusable.
    """
    try:
        found = parse_object(data)
        if "client_id" in found:
            audiences = audiences_of(found.get("aud"))
            return Shown(identity_of(found, wanted), audiences)
        claims = {name: found[name] for name in found if name not in _BESIDE}
        if claims.keys() <= _SIDES:
            id_token, userinfo = _side(claims, "id_token"), _side(claims, "userinfo")
        else:
            id_token, userinfo = claims, {}
        identity = identity_from_claims(id_token, userinfo, wanted)
        return Shown(
            replace(
                identity,
                scopes=_scopes(found.get("scopes", [])),
                organization=_organization(found.get("organization")),
            )
        )
    except (NotStrictJson, ClaimsInvalid, SignInRefused) as error:
        raise ClaimsUnusable(str(error)) from None


def _scopes(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ClaimsUnusable('scopes is not a list such as ["read:notes"]')
    return tuple(value)


def _organization(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise ClaimsUnusable("organization is not the id of one")
    return value


def _side(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    side = found.get(name, {})
    if not isinstance(side, Mapping):
        raise ClaimsUnusable(f"{name} is not an object")
    return side
