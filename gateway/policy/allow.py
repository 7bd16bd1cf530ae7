"""`allow`: does a rule of the operator let this person in?

In a condition every key that is given must match; of several conditions one must.
A value that is absent, or odd, matches nothing. Roles, scopes and organizations match
to the letter, and whatever is said about organizations is about the one that the
person acts for: a role in one of them never counts with a membership in another.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import assert_never

from config.allow import Allow, AnyOf, Anyone, Condition
from gateway.identity.identity import Identity
from gateway.policy.email import Email, parse_email

_WITHOUT_KEYS = Condition()


def refusal(allow: Allow, identity: Identity) -> str | None:
    """Return None when *allow* lets *identity* in, else a sentence that says why not.

    The sentence names the rules that did not match, and nothing about the person.
    """
    match allow:
        case Anyone():
            return None
        case AnyOf(conditions):
            return _refused_by_all(conditions, identity)
        case _:
            assert_never(allow)


def asks_organization(allow: Allow | None) -> bool:
    """Return whether *allow* depends on the organization that somebody acts for."""
    return isinstance(allow, AnyOf) and any(
        one.organizations is not None or one.organization_roles is not None
        for one in allow.conditions
    )


def unmet(condition: Condition, identity: Identity) -> tuple[str, ...]:
    """Return everything that keeps *condition* from letting *identity* in."""
    return tuple(_mismatches(condition, identity))


def _refused_by_all(
    conditions: tuple[Condition, ...], identity: Identity
) -> str | None:
    if not conditions:
        return "allow is an empty list, which lets nobody in."
    unmet: list[str] = []
    for condition in conditions:
        reason = next(_mismatches(condition, identity), None)
        if reason is None:
            return None
        unmet.append(reason)
    return f"No condition of allow is met: {'; '.join(dict.fromkeys(unmet))}."


def _mismatches(condition: Condition, identity: Identity) -> Iterator[str]:
    """Yield the keys of *condition* that do not match *identity*, the first first."""
    if condition == _WITHOUT_KEYS:
        yield "a condition without keys matches nobody"
    if not _matches(condition.x_ids, identity.x_id):
        yield "x_ids does not list the person"
    if not _matches(_handles(condition.x_usernames), _handle(identity.x_username)):
        yield "x_usernames does not list the person"
    if not _matches(condition.subjects, identity.sub):
        yield "subjects does not list the person"
    yield from _email_mismatches(condition, identity)
    if not _meets(condition.roles, identity.roles):
        yield "roles lists none of the person's"
    if not _meets(condition.scopes, identity.scopes):
        yield "scopes lists none of the person's"
    yield from _organization_mismatches(condition, identity)


def _organization_mismatches(condition: Condition, identity: Identity) -> Iterator[str]:
    if condition.organizations is None and condition.organization_roles is None:
        return
    if identity.acts_for is None:
        yield "organizations and organization_roles need an organization to act for"
        return
    if not _matches(condition.organizations, identity.acts_for):
        yield "organizations does not list the one that the person acts for"
    if not _meets(condition.organization_roles, identity.roles_there):
        yield "organization_roles lists none that the person has there"


def _email_mismatches(condition: Condition, identity: Identity) -> Iterator[str]:
    if condition.emails is None and condition.email_domains is None:
        return
    email = _email(identity)
    if email is None:
        yield "emails and email_domains need a verified, plain e-mail address"
        return
    if not _matches(_folded(condition.emails), email.address):
        yield "emails does not list the person"
    if not _matches(_folded(condition.email_domains), email.domain):
        yield "email_domains does not list the person's"


def _matches(listed: frozenset[str] | None, value: str | None) -> bool:
    """Return whether the key is not given, or lists *value*, which is then a text."""
    return listed is None or (isinstance(value, str) and value in listed)


def _meets(listed: frozenset[str] | None, values: object) -> bool:
    """Return whether the key is not given, or lists one of *values*, to the letter."""
    if listed is None:
        return True
    # A text is no list: its letters must not match anything.
    return isinstance(values, tuple) and any(
        isinstance(value, str) and value in listed for value in values
    )


def _email(identity: Identity) -> Email | None:
    address = identity.verified_email
    return parse_email(address) if isinstance(address, str) else None


def _handle(handle: str | None) -> str | None:
    """Return an X handle in lower case; X's are ASCII, what only folds to it is not."""
    if isinstance(handle, str) and handle.isascii():
        return handle.lower()
    return None


@lru_cache(maxsize=1024)
def _handles(listed: frozenset[str] | None) -> frozenset[str] | None:
    """Return the operator's handles as they are compared; people write the @ too."""
    if listed is None:
        return None
    return frozenset(handle.removeprefix("@").lower() for handle in listed)


@lru_cache(maxsize=1024)
def _folded(listed: frozenset[str] | None) -> frozenset[str] | None:
    return None if listed is None else frozenset(map(str.lower, listed))
