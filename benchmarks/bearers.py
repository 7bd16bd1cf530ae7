"""What a request with a bearer costs, beside the same one with a session, in one run.

    .venv/bin/python -m benchmarks.bearers

One gateway, one route that takes both; wrk sends the same fields with the cookie of a
person, and with an access token that the gateway has verified before. What counts is
the ratio of their CPU time.
"""

import time

from benchmarks.configurations import GATEWAY_WITHOUT_ROUTES
from benchmarks.proxies import World, start_gateway
from benchmarks.side_by_side import as_line, main, medians
from gateway.demo.logto import EmulatedLogto

RESOURCE = "https://orders.example.com"
TEMPLATE = (
    GATEWAY_WITHOUT_ROUTES.replace("[logto]", f'[logto]\nresources = ["{RESOURCE}"]')
    + """
[[routes]]
upstream = "http://127.0.0.1:{files}"
allow = "anyone"
credentials = ["session", "bearer"]
[[routes]]
path = "/r/session"
upstream = "http://127.0.0.1:{files}"
allow = "anyone"
"""
)
SCRIPT = """
wrk.headers["User-Agent"] = "a-program/1.0"
wrk.headers["Accept"] = "application/json"
wrk.headers["Accept-Encoding"] = "gzip"
wrk.headers["{name}"] = "{value}"
wrk.path = "{path}"
local requests, at = {{}}, 0
function init(args) requests[1] = wrk.format() end
"""


async def measure(world: World, seconds: float, rounds: int) -> str:
    """Return a line with the CPU microseconds of each kind of request."""
    proxy = await start_gateway(world, template=TEMPLATE, called="bearers")
    kinds = {
        "session": ("Cookie", proxy.cookie, "/r/session/page"),
        "session, where bearers are taken too": (
            "Cookie",
            proxy.cookie,
            "/r/both/page",
        ),
        "bearer": ("Authorization", f"Bearer {token(world.logto)}", "/r/both/page"),
    }
    scripts = {
        kind: SCRIPT.format(name=name, value=value, path=path)
        for kind, (name, value, path) in kinds.items()
    }
    costs = await medians(world, proxy, scripts, seconds, rounds)
    ratio = costs["bearer"] / costs["session"]
    return as_line(costs, f"a bearer costs {ratio:.2f} of a session")


def token(logto: EmulatedLogto) -> str:
    """Return an access token as *logto* gives it to a machine."""
    now, key = int(time.time()), logto.keys.current  # noqa: TID251 - here is the edge
    claims: dict[str, object] = {
        "jti": "4bXo3kPq1mN7rS9tU2vW5xY8zA1bC4dE6fG9hJ2kL5m",
        "sub": "nightly-reports-machine",
        "client_id": "nightly-reports-machine",
        "aud": RESOURCE,
        "scope": "read:orders write:orders",
        "iat": now,
        "exp": now + 3600,
        "iss": logto.tenant.issuer,
    }
    return key.sign(claims, {"typ": "at+jwt", "kid": key.kid})


if __name__ == "__main__":
    main(measure, __doc__)
