"""Pages that refuse a request because of what it asks, or who asks."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.identity.identity import Identity
from gateway.pages.addresses import (
    HOME,
    ORGANIZATION,
    SIGN_OUT,
    SWITCH_ACCOUNT,
    kept,
    returning,
)
from gateway.pages.notice import START_PAGE, Link, Notice, Post, Site, fact
from gateway.pages.organizations import acting_for
from gateway.pages.person import called
from gateway.pages.plain_text import plain

NO_MEMBER: Final = (
    "It is for the members of an organization, and this account is not one of them."
)
MOST_HOSTS: Final = 10
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Someone is signed in, and may not; *reason* is a sentence, where one helps.

    *without_organization* where it is for members of an organization and they act for
    none; *may_change* where they could act for another one.
    """

    identity: Identity | None
    reason: str = ""
    return_to: str = HOME
    without_organization: bool = False
    may_change: bool = False

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=403,
            error="forbidden",
            title="You may not open this page",
            message="You are signed in, but this account has no access here.",
            advice=(
                *((NO_MEMBER,) if self.without_organization else ()),
                (
                    "Use another account, or ask the people who run this application"
                    " to let this one in."
                ),
            ),
            facts=(
                *fact("Account", called(self.identity) if self.identity else ""),
                *(acting_for(self.identity) if self.identity else ()),
                *fact("Reason", self.reason),
            ),
            actions=(
                *((self._change(),) if self.may_change else ()),
                Post("Use another account", SWITCH_ACCOUNT, kept(self.return_to)),
                Post("Sign out", SIGN_OUT),
            ),
        )

    def _change(self) -> Link:
        where = returning(ORGANIZATION, self.return_to)
        return Link("Act for another organization", where)


@dataclass(frozen=True, slots=True)
class CrossSite:
    """Another site made the browser use a session."""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=403,
            error="cross_site_request",
            title="This request came from another site",
            message="Another site tried to use your session here, and was stopped.",
            advice=("Nothing was changed. Open the application itself and try there.",),
            operator=(
                "If that site is yours and may do this, list its origin under"
                " origins of the route."
            ),
            actions=(START_PAGE,),
        )


@dataclass(frozen=True, slots=True)
class ForProxiesOnly:
    """Somebody asks, as a proxy does, whether a request may pass, and is none."""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=403,
            error="not_a_trusted_proxy",
            title="This address is for proxies",
            message="A proxy asks here whether a request may pass.",
            operator=(
                "If your proxy asked, list it in server.trusted_proxies: the gateway's"
                " log says which network that is."
            ),
            actions=(START_PAGE,),
        )


@dataclass(frozen=True, slots=True)
class OnlyForwardAuth:
    """A route that another proxy forwards was asked for here, past that proxy."""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=404,
            error="only_forward_auth",
            title="This page is reached another way",
            message="The application behind this address is not reached through here.",
            advice=("Go to the address that you were given for it.",),
            operator=(
                'The route has upstream = "forward-auth": a proxy in front asks'
                " /.gateway/auth and forwards the request itself. Here came the request"
                " itself, so that proxy does not forward it, or was passed by."
            ),
        )


@dataclass(frozen=True, slots=True)
class NotFound:
    """No route, or no page of ours, has this *path*."""

    path: str = ""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=404,
            error="not_found",
            title="There is nothing here",
            message="No page has this address.",
            advice=("Check the address for a slip, or begin at the start page.",),
            facts=fact("Address", self.path),
            actions=(START_PAGE,),
        )


@dataclass(frozen=True, slots=True)
class MethodNotAllowed:
    """The address exists, for the methods *allowed* only."""

    allowed: tuple[str, ...] = ()
    method: str = ""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says (RFC 9110, sections 10.2.1 and 15.5.6)."""
        allowed = ", ".join(name for name in self.allowed if _TOKEN.fullmatch(name))
        return Notice(
            status=405,
            error="method_not_allowed",
            title="This does not work that way",
            message="This address does not take this kind of request.",
            advice=("Go back, and begin again at the start page.",),
            facts=(*fact("Method", self.method), *fact("Allowed", allowed)),
            actions=(START_PAGE,),
            fields=((b"Allow", allowed.encode("ascii")),),
        )


@dataclass(frozen=True, slots=True)
class BadRequest:
    """The request breaks a rule of HTTP or of ours; *rule* says which."""

    rule: str = ""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=400,
            error="bad_request",
            title="This request cannot be understood",
            message="The address or the request is not well-formed.",
            advice=("Check the address for a slip, or begin at the start page.",),
            facts=fact("Reason", self.rule),
            actions=(START_PAGE,),
        )


@dataclass(frozen=True, slots=True)
class UnknownHost:
    """The request is for a *host* other than the *hosts* that we answer for."""

    hosts: tuple[str, ...]
    host: str = ""

    def notice(self, site: Site) -> Notice:
        """Return what the page says (RFC 9110, section 15.5.20)."""
        hosts = [plain(host) for host in self.hosts[:MOST_HOSTS]]
        if len(self.hosts) > MOST_HOSTS:
            hosts.append("…")
        return Notice(
            status=421,
            error="unknown_host",
            title="This is not the right address",
            message="This gateway does not answer for the host that was asked for.",
            facts=(
                *fact("Asked for", self.host),
                *fact("It answers for", plain(", ".join(hosts), 2000)),
            ),
            operator=(
                "If this name is right, make it server.public_url or the host of a"
                " route, and let a proxy in front pass the Host header on."
            ),
            actions=(Link(f"Go to {site.place}", site.home + HOME),),
        )
