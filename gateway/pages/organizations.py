"""Pages about the organization that somebody acts for."""

from dataclasses import dataclass

from gateway.identity.identity import Identity
from gateway.pages.addresses import HOME, ORGANIZATION, kept, returning
from gateway.pages.notice import START_PAGE, Fact, Link, Notice, Post, Site
from gateway.pages.plain_text import plain


@dataclass(frozen=True, slots=True)
class ChooseOrganization:
    """Somebody of several organizations says which one they act for."""

    identity: Identity
    return_to: str = HOME

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        now = self.identity.acts_for
        return Notice(
            status=200,
            title="Choose an organization",
            message="Which one are you here for?",
            advice=("What you may do depends on it. Your account page changes it.",),
            facts=acting_for(self.identity, "You act for"),
            actions=tuple(
                self._way(one)
                for one in sorted(
                    self.identity.organizations, key=lambda one: one == now
                )
            ),
        )

    def _way(self, one: str) -> Post:
        name = organization_name(self.identity, one)
        words = f"Stay with {name}" if one == self.identity.acts_for else name
        return Post(words, ORGANIZATION, kept(self.return_to), choice=plain(one))


@dataclass(frozen=True, slots=True)
class OrganizationRequired:
    """What was asked is for people of an organization, and they must choose theirs."""

    return_to: str = HOME
    in_frame: bool = False

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        where = returning(ORGANIZATION, self.return_to)
        return Notice(
            status=403,
            error="organization_required",
            title="Choose an organization first",
            message="You belong to several organizations, and this depends on which.",
            advice=("Choose the one that you are here for, then try again.",),
            actions=(Link("Choose an organization", where, top=self.in_frame),),
            in_frame=self.in_frame,
        )


@dataclass(frozen=True, slots=True)
class NoOrganization:
    """Somebody would choose an organization, and is a member of none that counts."""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=403,
            error="no_organization",
            title="You belong to no organization",
            message="Your account is no member of an organization that is known here.",
            advice=(
                (
                    "Ask the people who run this application to invite you in Logto,"
                    " then sign in again."
                ),
            ),
            actions=(START_PAGE,),
        )


def acting_for(identity: Identity, label: str = "Organization") -> tuple[Fact, ...]:
    """Return the one that *identity* acts for, as a fact by *label*; none is none."""
    now = identity.acts_for
    if now is None:
        return ()
    return (Fact(label, organization_name(identity, now)),)


def organization_name(identity: Identity, organization: str) -> str:
    """Return how *organization* is called, by its id where nobody knows a name."""
    return plain(dict(identity.organization_names).get(organization, organization))
