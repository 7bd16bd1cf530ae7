"""Which scopes would have been enough?  RFC 6750, section 3.1: insufficient_scope."""

from dataclasses import replace

from config.allow import Allow, AnyOf
from gateway.identity.identity import Identity
from gateway.policy.allow import unmet


def missing_scopes(allow: Allow | None, identity: Identity) -> tuple[str, ...]:
    """Return the scopes of which any would have *allow* let *identity* in.

    In order; none at all where something else keeps it out as well.
    """
    if not isinstance(allow, AnyOf):
        return ()
    enough: set[str] = set()
    for condition in allow.conditions:
        listed = condition.scopes
        if not listed:
            continue
        with_scopes = replace(identity, scopes=(*identity.scopes, *listed))
        if unmet(condition, identity) and not unmet(condition, with_scopes):
            enough |= listed
    return tuple(sorted(enough))
