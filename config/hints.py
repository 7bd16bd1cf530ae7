"""What is allowed, and still worth a second thought before it runs."""

from collections.abc import Iterator

from config.hints_about_members import all_conditions, members
from config.listen import TcpAddress
from config.origin import is_loopback
from config.settings import Settings
from config.units import parse_size

LARGE_COOKIES_IN_NGINX = (
    "proxy_buffer_size 32k; proxy_buffers 8 32k; large_client_header_buffers 4 32k"
)
"""What nginx in front needs for sessions of more than one cookie."""


def hints(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each thing worth knowing. They hold no secret."""
    yield from _transport(settings)
    yield from _cookie(settings)
    yield from _tokens(settings)
    yield from _conditions(settings)
    yield from members(settings)
    yield from _routes(settings)


def _transport(settings: Settings) -> Iterator[str]:
    server, admin = settings.server, settings.admin.listen
    if not server.public_url.is_https:
        yield (
            "public_url is http: the session's cookie is not Secure, "
            "which is fine on this machine only"
        )
    behind_proxy = server.public_url.is_https and not server.tls_certificate
    if behind_proxy and not server.peers:
        yield (
            "a proxy in front must end https, and trusted_proxies is empty: until it "
            "lists that proxy, every client has the proxy's address"
        )
    if isinstance(admin, TcpAddress) and not is_loopback(admin.host):
        yield "admin.listen is open to other machines, and asks nobody who it is"


def _cookie(settings: Settings) -> Iterator[str]:
    session = settings.session
    if settings.server.public_url.is_https and not session.cookie_name.startswith(
        "__Host-"
    ):
        yield (
            "cookie_name does not begin with __Host-: "
            "sibling hosts can plant a cookie of that name"
        )
    if session.same_site == "none":
        yield (
            'same_site is "none": browsers that block third-party cookies '
            "still refuse it in frames of other sites"
        )
    redis = session.redis_url
    if redis is not None and redis.scheme == "redis" and not redis.is_local:
        yield (
            "redis_url is redis:// to another machine: its password crosses the "
            "network in the clear; rediss:// is over TLS"
        )
    if session.max_cookie_size > parse_size("3.5KiB"):
        yield (
            "max_cookie_size is over 3.5KiB: a proxy in front needs larger header "
            f"buffers (nginx: {LARGE_COOKIES_IN_NGINX};)"
        )


def _tokens(settings: Settings) -> Iterator[str]:
    identity, resources = settings.identity, settings.logto.resources
    if settings.session.store == "cookie" and (
        identity.pass_access_token or identity.pass_id_token
    ):
        yield (
            "a token that is passed on takes about 1 KiB of the session's cookie: "
            "where sign-ins fail for its size, raise max_cookie_size, or write "
            'store = "redis"'
        )
    if identity.pass_access_token and not resources:
        yield (
            "pass_access_token without logto.resources passes on a token that only "
            "Logto understands"
        )
    for route in settings.routes:
        if route.takes_bearers and not route.audience and len(resources) > 1:
            yield (
                f"routes[{route.index}] takes bearers for any of logto.resources: "
                "where two of them have scopes of the same name, write an audience"
            )


def _conditions(settings: Settings) -> Iterator[str]:
    conditions = list(all_conditions(settings))
    by_handle = any(one.x_usernames is not None for one in conditions)
    by_x = by_handle or any(one.x_ids is not None for one in conditions)
    by_email = any(
        one.emails is not None or one.email_domains is not None for one in conditions
    )
    if by_handle:
        yield (
            "x_usernames: handles change owners, and Logto keeps the one of the first "
            "sign-in; x_ids stay"
        )
    if by_x and "identities" not in settings.logto.scopes:
        yield "x_ids and x_usernames match nobody without the scope identities"
    if by_x and settings.logto.sign_in.startswith("sso:"):
        yield "x_ids and x_usernames match only people who signed in with X"
    if by_email and "email" not in settings.logto.scopes:
        yield "emails and email_domains match nobody without the scope email"
    if by_email:
        yield (
            "X gives an e-mail address only for new people, "
            "and only with the scope users.email in Logto's connector"
        )


def _routes(settings: Settings) -> Iterator[str]:
    public_host = settings.server.public_url.host
    for route in settings.routes:
        if route.host.startswith("*.") and route.access == "optional":
            yield (
                f"routes[{route.index}]: nobody can sign in at a host that only "
                f"{route.host} names; list the host itself"
            )
    suffixes = ["", public_host, f"*.{public_host.partition('.')[2]}"]
    if not any(route.host in suffixes for route in settings.routes):
        yield "no route is for the host of public_url: it answers 404"
