"""What a question of another proxy costs, beside the same request when forwarded.

    .venv/bin/python -m benchmarks.questions

wrk asks /.gateway/auth as Caddy and Traefik do, and as nginx does, about a request of a
browser with a session; and it sends that request itself. What counts is the ratio of
their CPU time.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks import wrk
from benchmarks.cases import BROWSER
from benchmarks.configurations import GATEWAY
from benchmarks.processes import cpu_seconds
from benchmarks.proxies import Proxy, World, start_gateway, upstreams

CONNECTIONS = 64
TARGET, AUTH = "/1k", "/.gateway/auth"
TEMPLATE = (
    GATEWAY.replace("{server}", 'trusted_proxies = ["127.0.0.1/32"]\n{server}')
    + """
[[routes]]
path = "/asked"
upstream = "forward-auth"
"""
)
SCRIPT = """
local requests, at = {{}}, 0
wrk.path = "{path}"
{headers}
function init(args) requests[1] = wrk.format() end
"""


async def measure(world: World, seconds: float, rounds: int) -> str:
    """Return a line with the CPU microseconds of each kind of request."""
    proxy = await start_gateway(world, template=TEMPLATE, called="questions")
    host = proxy.origin.removeprefix("http://")
    asked = {"X-Forwarded-For": "192.0.2.7", "Host": host}
    kinds: dict[str, tuple[str, Mapping[str, str]]] = {
        "forwarded": (TARGET, {}),
        "asked by Caddy or Traefik": (
            AUTH,
            asked
            | {
                "X-Forwarded-Method": "GET",
                "X-Forwarded-Host": host,
                "X-Forwarded-Uri": TARGET,
            },
        ),
        "asked by nginx": (
            AUTH,
            asked | {"X-Original-Method": "GET", "X-Original-URI": TARGET},
        ),
    }
    costs: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(rounds + 1):
        for kind, (path, fields) in kinds.items():
            sent = {**dict(BROWSER), "Cookie": proxy.cookie, **fields}
            lines = [
                f"wrk.headers[{name!r}] = '{value}'" for name, value in sent.items()
            ]
            script = world.folder / "questions.lua"
            text = SCRIPT.format(path=path, headers="\n".join(lines))
            script.write_text(text + wrk.COUNTED)
            cost = await _cost(proxy, script, seconds)
            if number:  # the first one warms up
                costs[kind].append(cost)
    medians = {kind: median(found) for kind, found in costs.items()}
    told = ", ".join(f"{kind}: {cost:.1f} µs" for kind, cost in medians.items())
    ratios = " and ".join(
        f"{medians[kind] / medians['forwarded']:.2f}" for kind in list(kinds)[1:]
    )
    return f"CPU time of a request: {told}; a question costs {ratios} of it\n"


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
