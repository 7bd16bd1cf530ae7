"""What a question of another proxy costs, beside the same request when forwarded.

    .venv/bin/python -m benchmarks.questions

wrk asks /.gateway/auth as Caddy and Traefik do, and as nginx does, about a request of a
browser with a session; and it sends that request itself. What counts is the ratio of
their CPU time.
"""

from collections.abc import Mapping

from benchmarks.cases import BROWSER
from benchmarks.configurations import GATEWAY
from benchmarks.proxies import World, start_gateway
from benchmarks.side_by_side import as_line, main, medians

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
    scripts = {
        kind: script(path, {**dict(BROWSER), "Cookie": proxy.cookie, **fields})
        for kind, (path, fields) in kinds.items()
    }
    costs = await medians(world, proxy, scripts, seconds, rounds)
    ratios = " and ".join(
        f"{costs[kind] / costs['forwarded']:.2f}" for kind in list(kinds)[1:]
    )
    return as_line(costs, f"a question costs {ratios} of it")


def script(path: str, fields: Mapping[str, str]) -> str:
    """Return wrk's script that sends *fields* to *path*."""
    lines = [f"wrk.headers[{name!r}] = '{value}'" for name, value in fields.items()]
    return SCRIPT.format(path=path, headers="\n".join(lines))


if __name__ == "__main__":
    main(measure, __doc__)
