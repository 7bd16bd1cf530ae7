"""What a request with a bearer costs, beside the same one with a session, in one run.

    .venv/bin/python -m benchmarks.bearers

One gateway, one route that takes both; wrk sends the same fields with the cookie of a
person, and with an access token that the gateway has verified before. What counts is
the ratio of their CPU time.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import wrk
from benchmarks.configurations import GATEWAY_WITHOUT_ROUTES
from benchmarks.processes import cpu_seconds
from benchmarks.proxies import Proxy, World, start_gateway, upstreams
from gateway.demo.logto import EmulatedLogto

RESOURCE = "https://orders.example.com"
CONNECTIONS = 64
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
    costs: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(rounds + 1):
        for kind, (name, value, path) in kinds.items():
            script = world.folder / "bearers.lua"
            text = SCRIPT.format(name=name, value=value, path=path)
            script.write_text(text + wrk.COUNTED)
            cost = await _cost(proxy, script, seconds)
            if number:  # the first one warms up
                costs[kind].append(cost)
    medians = {kind: median(found) for kind, found in costs.items()}
    ratio = medians["bearer"] / medians["session"]
    told = ", ".join(f"{kind}: {cost:.1f} µs" for kind, cost in medians.items())
    return f"CPU time of a request: {told}; a bearer costs {ratio:.2f} of a session\n"


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


async def _cost(proxy: Proxy, script: Path, seconds: float) -> float:
    """Return the CPU microseconds of a request in *script*.  Raises Wrong."""
    before = cpu_seconds(proxy.pid)
    counted = await wrk.run(proxy.origin, script, CONNECTIONS, seconds)
    return (cpu_seconds(proxy.pid) - before) / counted.requests * 1e6


async def main(seconds: float, rounds: int) -> None:
    """Measure *rounds* times for *seconds* each, and print the line."""
    with tempfile.TemporaryDirectory() as folder:
        async with upstreams(Path(folder)) as world:
            sys.stdout.write(await measure(world, seconds, rounds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.seconds, arguments.rounds))
