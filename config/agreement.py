"""Rules between values that are each right on their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from config import cors, credentials, require
from config.allow import BOTH_LINES
from config.identity import reduced, token_headers
from config.listen import TcpAddress
from config.origin import Origin
from config.problem import Finding, Path
from config.redis_url import EXAMPLE as REDIS_EXAMPLE, RedisAddress
from config.table import Accepted
from config.upstream import Upstream

TEN = 600.0  # seconds: the default of `revalidate` says nothing against short sessions


@dataclass(frozen=True, slots=True)
class Draft:
    """What is right so far, table by table; a key that is wrong is not in it.

    *doubtful* leads to the keys whose value is wrong, or that may be misspelt.
    """

    tables: dict[str, Accepted]
    routes: list[Accepted]
    doubtful: frozenset[Path]


def disagreements(draft: Draft) -> Iterator[Finding]:
    """Return every finding about values that do not go together."""
    yield from _cookie(draft.tables["server"], draft.tables["session"])
    yield from _lifetimes(draft.tables["session"])
    yield from _redis(draft.tables["session"], draft.doubtful)
    yield from _tls(draft.tables["server"])
    yield from _listeners(draft.tables["server"], draft.tables["admin"])
    yield from _assertion(draft)
    yield from token_headers(draft.tables["identity"])
    for index, route in enumerate(draft.routes):
        yield from _access(index, route, draft)
        yield from require.disagreements(index, route)
        yield from _hosts_of_many(index, route)
        yield from credentials.disagreements(index, route, _resources(draft))
        yield from cors.disagreements(index, route)
        yield from _ca_file(index, route)
        yield from _asked_by(index, route, draft)
    yield from _equal_routes(draft.routes)


def _cookie(server: Accepted, session: Accepted) -> Iterator[Finding]:
    public_url = server.get("public_url")
    if not isinstance(public_url, Origin) or public_url.is_https:
        return
    see = ("server", "public_url")
    if str(session.get("cookie_name", "")).startswith("__"):
        sentence = "browsers keep __Host- and __Secure- cookies over https only"
        yield Finding(
            ("session", "cookie_name"), f"{sentence}, and public_url is http", see
        )
    if session.get("same_site") == "none":
        sentence = 'browsers keep "none" cookies over https only'
        yield Finding(
            ("session", "same_site"), f"{sentence}, and public_url is http", see
        )
    if server.get("tls_certificate"):
        sentence = "makes the gateway speak https, and public_url is http"
        yield Finding(("server", "tls_certificate"), sentence, see)


def _lifetimes(session: Accepted) -> Iterator[Finding]:
    idle, age = session.get("idle_timeout"), session.get("max_age")
    if isinstance(idle, float) and isinstance(age, float) and idle > age:
        yield Finding(
            ("session", "idle_timeout"),
            "is longer than max_age, so it would never end a session",
            ("session", "max_age"),
        )
    again = session.get("revalidate")
    if isinstance(again, float) and isinstance(age, float) and again > max(age, TEN):
        yield Finding(
            ("session", "revalidate"),
            "is longer than max_age, so Logto would never be asked about a session",
            ("session", "max_age"),
        )


def _redis(session: Accepted, doubtful: frozenset[Path]) -> Iterator[Finding]:
    if not {"store", "redis_url"} <= session.keys():
        return
    address, wanted = session["redis_url"], session["store"] == "redis"
    if wanted and address is None and ("session", "redis_url_file") not in doubtful:
        sentence = f'is "redis", which needs redis_url, such as "{REDIS_EXAMPLE}"'
        yield Finding(("session", "store"), sentence)
    if not wanted and address is not None:
        sentence = 'has no effect: write store = "redis", or take it away'
        yield Finding(("session", "redis_url"), sentence, ("session", "store"))
    over_tls = isinstance(address, RedisAddress) and address.scheme == "rediss"
    if session.get("redis_ca_file") and not over_tls:
        sentence = "has no effect: redis_url is not rediss://"
        yield Finding(("session", "redis_ca_file"), sentence)


def _tls(server: Accepted) -> Iterator[Finding]:
    certificate, key = server.get("tls_certificate"), server.get("tls_key")
    if certificate and key == "":
        yield Finding(("server", "tls_certificate"), "needs tls_key as well")
    if key and certificate == "":
        yield Finding(("server", "tls_key"), "needs tls_certificate as well")


def _listeners(server: Accepted, admin: Accepted) -> Iterator[Finding]:
    address, public = admin.get("listen"), server.get("listen")
    if isinstance(address, TcpAddress) and address.port == 0:
        return
    if isinstance(public, tuple) and address in public:
        yield Finding(
            ("admin", "listen"),
            "is an address of server.listen too, and metrics are not for everybody",
            ("server", "listen"),
        )


def _assertion(draft: Draft) -> Iterator[Finding]:
    assertion, identity = draft.tables["identity.assertion"], draft.tables["identity"]
    path: Path = ("identity", "assertion")
    kept = draft.tables["server"].get("state_directory")
    if assertion.get("enabled") and assertion.get("keys") == () and kept == "":
        sentence = "needs keys, or server.state_directory to keep the one that is made"
        yield Finding((*path, "enabled"), sentence)
    header, headers = assertion.get("header"), identity.get("headers")
    if isinstance(header, str) and isinstance(headers, dict):
        for name in headers:
            if reduced(name) == reduced(header):
                sentence = "is a header of identity.headers too"
                see: Path = ("identity", "headers", name)
                yield Finding((*path, "header"), sentence, see)


def _access(index: int, route: Accepted, draft: Draft) -> Iterator[Finding]:
    path: Path = ("routes", index)
    if (*path, "allow") in draft.doubtful:
        return
    own, access = route.get("allow"), route.get("access")
    if own is not None and access == "public":
        sentence = "has no effect: a public route asks nobody who it is"
        yield Finding((*path, "allow"), sentence, (*path, "access"))
    if own is None and access == "signed-in" and not _policy_allows(draft):
        yield Finding(
            path,
            f"a signed-in route needs an allow: write {BOTH_LINES} "
            "(the first lets in every X account of the world)",
        )


def _hosts_of_many(index: int, route: Accepted) -> Iterator[Finding]:
    path: Path = ("routes", index)
    many = str(route.get("host", "")).startswith("*.")
    sessions = route.get("credentials") != ("bearer",)
    if many and sessions and route.get("access") == "signed-in":
        yield Finding(
            (*path, "host"),
            "nobody can sign in at a *. host, whose callback cannot be registered: "
            'name each host, or let access be "public" or "optional"',
        )


def _resources(draft: Draft) -> tuple[str, ...] | None:
    given = draft.tables["logto"].get("resources")
    return given if isinstance(given, tuple) else None


def _policy_allows(draft: Draft) -> bool:
    given = draft.tables["policy"].get("allow") is not None
    return given or ("policy", "allow") in draft.doubtful


def _ca_file(index: int, route: Accepted) -> Iterator[Finding]:
    upstream = route.get("upstream")
    plain = isinstance(upstream, Upstream) and upstream.scheme in {"http", "unix"}
    if plain and route.get("ca_file"):
        sentence = "has no effect: the upstream is not https"
        yield Finding(("routes", index, "ca_file"), sentence)


def _asked_by(index: int, route: Accepted, draft: Draft) -> Iterator[Finding]:
    upstream, see = route.get("upstream"), ("server", "trusted_proxies")
    if not isinstance(upstream, Upstream) or not upstream.is_elsewhere:
        return
    if draft.tables["server"].get("peers") == () and see not in draft.doubtful:
        sentence = "nobody may ask: list the proxy that does in server.trusted_proxies"
        yield Finding(("routes", index, "upstream"), sentence)
    sentence = "has no effect: another proxy forwards"
    for name in ("strip_prefix", "ca_file"):
        if route.get(name):
            yield Finding(("routes", index, name), sentence)
    rules = route.get("cors")
    if isinstance(rules, cors.Cors) and rules.preflights != "upstream":
        sentence += ', unless preflights = "upstream" leaves them to the application'
        yield Finding(("routes", index, "cors"), sentence)


def _equal_routes(routes: Sequence[Accepted]) -> Iterator[Finding]:
    whole = [
        (index, route)
        for index, route in enumerate(routes)
        if {"host", "path", "methods"} <= route.keys()
    ]
    for place, (second, other) in enumerate(whole):
        for first, one in whole[:place]:
            if _equal(one, other):
                sentence = (
                    f"is equal to routes[{first}]: the same host and path, "
                    "and methods that overlap"
                )
                yield Finding(("routes", second), sentence, ("routes", first))
                break


def _equal(one: Accepted, other: Accepted) -> bool:
    same_place = (one["host"], one["path"]) == (other["host"], other["path"])
    return same_place and _overlap(one["methods"], other["methods"])


def _overlap(one: object, other: object) -> bool:
    """Tell whether two sets of methods share one; none at all means all the rest."""
    if not isinstance(one, frozenset) or not isinstance(other, frozenset):
        return False
    if not one or not other:
        return one == other
    return not _with_head(one).isdisjoint(_with_head(other))


def _with_head(methods: frozenset[str]) -> frozenset[str]:
    return methods | {"HEAD"} if "GET" in methods else methods
