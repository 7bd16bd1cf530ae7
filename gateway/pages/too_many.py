"""Pages for who asks for more than one client may have."""

from dataclasses import dataclass

from gateway.fields import Field
from gateway.pages.notice import Notice, Site, ways_back


@dataclass(frozen=True, slots=True)
class TooManySignIns:
    """One client starts too many sign-ins; it may go on in *wait* whole seconds."""

    wait: int

    def notice(self, site: Site) -> Notice:
        """Return what the page says (RFC 6585, section 4)."""
        return Notice(
            status=429,
            error="too_many_sign_ins",
            title="Too many sign-ins",
            message="Too many sign-ins came from your network within a minute.",
            advice=("Wait a moment, then load the page again.",),
            operator=(
                "If many people share one address, raise limits.sign_ins_per_minute;"
                " if a proxy stands in front, list it in server.trusted_proxies."
            ),
            actions=ways_back(site),
            fields=(retry_after(self.wait),),
        )


@dataclass(frozen=True, slots=True)
class TooManyUpgrades:
    """There is no WebSocket left for this client; *wait* is in whole seconds."""

    wait: int

    def notice(self, site: Site) -> Notice:
        """Return what the page says (RFC 6585, section 4)."""
        return Notice(
            status=429,
            error="too_many_upgrades",
            title="Too many open connections",
            message="Too many WebSockets are open, from your network or in all.",
            advice=("Close pages that you do not need, then try again.",),
            operator="See limits.upgrades_per_client and limits.upgrades.",
            actions=ways_back(site),
            fields=(retry_after(self.wait),),
        )


@dataclass(frozen=True, slots=True)
class TooManyRequests:
    """A client has too many requests under way; *wait* is in whole seconds."""

    wait: int

    def notice(self, site: Site) -> Notice:
        """Return what the page says (RFC 6585, section 4)."""
        return Notice(
            status=429,
            error="too_many_requests",
            title="Too many requests at once",
            message="Too many requests from your network wait for this application.",
            advice=("Wait a moment, then load the page again.",),
            operator=(
                "If many people share one address, raise limits.requests_per_client;"
                " if a proxy stands in front, list it in server.trusted_proxies."
            ),
            actions=ways_back(site),
            fields=(retry_after(self.wait),),
        )


def retry_after(seconds: int) -> Field:
    """Return how long to wait, in whole *seconds*."""
    return (b"Retry-After", b"%d" % max(1, seconds))  # RFC 9110, section 10.2.3
