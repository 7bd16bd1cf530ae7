"""What is worth a second thought about roles, permissions and organizations."""

from collections.abc import Iterator

from config.allow import AnyOf, Condition, organization_of
from config.settings import Settings


def members(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each thing worth knowing. They hold no secret."""
    conditions = list(all_conditions(settings))
    if any(one.roles is not None for one in conditions):
        yield (
            "roles are those that Logto gives people for all of it; who signs up by "
            "themselves has none but Logto's default roles"
        )
    listed = list(_organizations(conditions))
    if any(one.scopes is not None for one in conditions):
        yield from _scopes(settings, acts=bool(listed or settings.logto.organization))
    if settings.logto.organization:
        yield from _fixed(settings.logto.organization, listed)


def _scopes(settings: Settings, *, acts: bool) -> Iterator[str]:
    """Yield what there is to say about `scopes`; *acts*: for an organization."""
    if not settings.logto.resources and not acts:
        yield (
            "scopes match nobody: name the API resource in logto.resources, or the "
            "organization that gives them"
        )
    if len(settings.logto.resources) > 1:
        yield (
            "scopes of a session count whichever of logto.resources they are of: give "
            "permissions of different resources different names"
        )


def _fixed(fixed: str, listed: list[frozenset[str]]) -> Iterator[str]:
    if not listed:
        yield (
            "logto.organization alone keeps nobody out: name it in organizations of "
            "an allow"
        )
    elif any(organizations and fixed not in organizations for organizations in listed):
        yield (
            "organizations and organization_roles of others than logto.organization "
            "match nobody"
        )


def _organizations(conditions: list[Condition]) -> Iterator[frozenset[str]]:
    """Yield of each condition about organizations which ones it names."""
    for one in conditions:
        if one.organizations is not None:
            yield one.organizations
        elif one.organization_roles is not None:
            yield frozenset(map(organization_of, one.organization_roles))


def all_conditions(settings: Settings) -> Iterator[Condition]:
    """Yield every condition of every route."""
    for route in settings.routes:
        if isinstance(route.allow, AnyOf):
            yield from route.allow.conditions
