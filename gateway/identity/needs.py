"""What rules and headers use of what Logto knows: that is asked for, and kept.

A session travels in every request's cookie, so it holds of roles, permissions and
organizations only those that a rule names, or all where a header tells them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from config.allow import AnyOf, Condition, organization_of
from config.settings import Settings
from gateway.identity.headers import IdentityHeaders
from gateway.identity.identity import Identity

ROLES = "roles"
ORGANIZATIONS = "urn:logto:scope:organizations"
ORGANIZATION_ROLES = "urn:logto:scope:organization_roles"

MOST_CHOICES = 20  # organizations whose names are kept, for a person to choose from
LONGEST_NAME = 40  # characters of each


@dataclass(frozen=True, slots=True)
class Used:
    """Values of one claim that are of use: *all* of them, or those that are *named*."""

    named: frozenset[str] = frozenset()
    all: bool = False

    def __bool__(self) -> bool:
        return self.all or bool(self.named)

    def of(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of *values* that are of use, each once."""
        return tuple(
            value for value in dict.fromkeys(values) if self.all or value in self.named
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """What is of use of a person's roles, permissions (*scopes*) and organizations.

    *claims* are the dotted paths that headers ask for. *acts* says whether people act
    for an organization: for the one that is *fixed*, or where that is empty for one of
    theirs. *resources* are those that tokens are asked for. *logto_scopes* must be
    asked for beside those that the operator lists. *sign_in_time* says whether it
    matters when somebody last showed who they are.
    """

    claims: frozenset[str] = frozenset()
    roles: Used = Used()
    scopes: Used = Used()
    organizations: Used = Used()
    organization_roles: Used = Used()
    acts: bool = False
    fixed: str = ""
    resources: tuple[str, ...] = ()
    logto_scopes: tuple[str, ...] = ()
    sign_in_time: bool = False

    @classmethod
    def of(cls, settings: Settings, headers: IdentityHeaders) -> "Needs":
        """Return what *settings* make use of; *headers* are those of ``[identity]``."""
        told, own = headers.told_claims, settings.identity.headers.values()
        conditions = tuple(_conditions(settings))
        fixed = settings.logto.organization
        roles = _named(one.roles for one in conditions)
        scopes = Used(_named(one.scopes for one in conditions), "scopes" in told)
        listed = _named(one.organizations for one in conditions)
        theirs = _named(one.organization_roles for one in conditions)
        relevant = listed | frozenset(map(organization_of, theirs))
        organizations = Used(
            frozenset({fixed}) if fixed else relevant,
            "organizations" in told or ("organization" in told and not fixed),
        )
        there = Used(theirs, "organization_roles" in told)
        acts = bool(fixed or relevant or "organization" in told)
        return cls(
            claims=headers.wanted_claims,
            roles=Used(roles, ROLES in told or settings.assertion.enabled),
            scopes=scopes,
            organizations=organizations,
            organization_roles=there,
            acts=acts,
            fixed=fixed,
            resources=_resources(settings) if not scopes else settings.logto.resources,
            logto_scopes=(
                *([ROLES] if roles or ROLES in own else []),
                *([ORGANIZATIONS] if organizations else []),
                *([ORGANIZATION_ROLES] if there else []),
                *sorted(scopes.named),
            ),
            sign_in_time=any(route.require is not None for route in settings.routes),
        )

    @property
    def chooses(self) -> bool:
        """Whether people of several organizations choose the one they act for."""
        return self.acts and not self.fixed

    def kept(self, identity: Identity, before: str | None) -> Identity:
        """Return *identity* with what is of use, for an organization where people act.

        Before this they acted for the organization *before*, None for none. One that
        they are no member of any more is never replaced by another by itself.
        """
        organizations = self.organizations.of(identity.organizations)
        choices = organizations if self.chooses else ()
        names = dict(identity.organization_names)
        return replace(
            identity,
            roles=self.roles.of(identity.roles),
            scopes=self.scopes.of(identity.scopes),
            organizations=organizations,
            organization_roles=self.organization_roles.of(identity.organization_roles),
            organization=self._organization(organizations, before),
            organization_names=tuple(
                (one, names[one][:LONGEST_NAME])
                for one in choices[:MOST_CHOICES]
                if one in names
            ),
        )

    def _organization(self, theirs: tuple[str, ...], before: str | None) -> str | None:
        if not self.acts:
            return None
        if self.fixed:
            return self.fixed if self.fixed in theirs else None
        if before is not None:
            return before if before in theirs else None
        return theirs[0] if len(theirs) == 1 else None


def must_choose(identity: Identity) -> bool:
    """Return whether *identity* acts for no organization yet, and could for one."""
    return bool(identity.organizations) and identity.acts_for is None


def _conditions(settings: Settings) -> Iterator[Condition]:
    for route in settings.routes:
        if isinstance(route.allow, AnyOf) and route.takes_sessions:
            yield from route.allow.conditions


def _resources(settings: Settings) -> tuple[str, ...]:
    """Return those that tokens are asked for where no permission is of use."""
    wanted = settings.identity.pass_access_token
    return settings.logto.resources[:1] if wanted else ()


def _named(listed: Iterable[frozenset[str] | None]) -> frozenset[str]:
    return frozenset(value for values in listed for value in values or ())
