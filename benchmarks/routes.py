"""What a thousand routes cost a request, beside one route, in one run.

Each shape is asked the same requests twice: of a gateway with one route that takes them
all, and of one with a thousand. What counts is the ratio of their CPU time.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from statistics import median

from benchmarks import wrk
from benchmarks.configurations import GATEWAY_WITHOUT_ROUTES
from benchmarks.proxies import Proxy, World, like, start_gateway
from benchmarks.side_by_side import cost_of
from benchmarks.tables import Table

ROUTES = 1000
REQUESTS = 10_000  # prepared; more than the gateway remembers of anything
MOST = 1.5  # the aim
METHODS = ("GET", "POST", "PUT", "DELETE")

_UPSTREAM = 'upstream = "http://127.0.0.1:{files}"'
_SIGNING_IN = (
    f'[[routes]]\npath = "/1k"\n{_UPSTREAM}\nallow = {{{{ x_ids = ["{{x_id}}"] }}}}\n'
)
_ONE = f'[[routes]]\npath = "/r"\n{_UPSTREAM}\nallow = {{{{ x_ids = ["{{x_id}}"] }}}}\n'


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; *host* is empty where it is the gateway's address."""

    method: str
    path: str
    host: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """How routes differ: *many* of them, and *one* that takes the same requests."""

    name: str
    title: str
    one: str
    many: str
    requests: tuple[Asked, ...]


def shapes() -> Iterator[Shape]:
    """Yield the shapes that are measured; the same ones each time."""
    numbers = [f"{number:04}" for number in range(ROUTES)]
    chosen = random.Random(1).choices(numbers, k=REQUESTS)  # noqa: S311 - no secret
    pages = [(name, page) for page, name in enumerate(chosen)]
    yield Shape(
        "hosts",
        "each a host",
        _host("*.localhost"),
        "".join(_host(f"h{name}.localhost") for name in numbers),
        tuple(
            Asked("GET", f"/r/{page % 10}", f"h{name}.localhost")
            for name, page in pages
        ),
    )
    paths = "".join(_path(name) for name in numbers)
    yield Shape(
        "paths",
        "each a path of one host",
        _ONE,
        paths,
        tuple(Asked("GET", f"/r/{name}/page") for name in chosen),
    )
    yield Shape(
        "new",
        "the same, no path twice",
        _ONE,
        paths,
        tuple(Asked("GET", f"/r/{name}/a/b/{page}") for name, page in pages),
    )
    yield Shape(
        "stripped",
        "each a path that is stripped off",
        _ONE,
        "".join(_path(name, "strip_prefix = true") for name in numbers),
        tuple(Asked("GET", f"/r/{name}/r/page") for name in chosen),
    )
    few = numbers[: ROUTES // len(METHODS)]
    yield Shape(
        "methods",
        f"{len(few)} paths with {len(METHODS)} methods each, no path twice",
        _ONE,
        "".join(
            _path(name, f'methods = ["{method}"]') for name in few for method in METHODS
        ),
        tuple(
            Asked(METHODS[page % 4], f"/r/{few[page % len(few)]}/a/{page}")
            for page in range(REQUESTS)
        ),
    )
    strict = "".join(
        _path(name, f'allow = {{{{ x_ids = ["{{x_id}}", "{number}"] }}}}')
        for number, name in enumerate(numbers)
    )
    yield Shape(
        "rules",
        "each with rules of its own, no path twice",
        _ONE,
        strict,
        tuple(Asked("GET", f"/r/{name}/a/b/{page}") for name, page in pages),
    )
    yield Shape(
        "readings",
        "the same, and each path has several readings",
        _ONE,
        strict,
        tuple(Asked("GET", f"/r/{name}/a%20b/v%2E1;x/{page}") for name, page in pages),
    )


def _host(pattern: str) -> str:
    return f'[[routes]]\nhost = "{pattern}"\naccess = "optional"\n{_UPSTREAM}\n'


def _path(name: str, more: str = 'allow = {{ x_ids = ["{x_id}"] }}') -> str:
    allow = "" if "allow" in more else 'allow = {{ x_ids = ["{x_id}"] }}\n'
    return f'[[routes]]\npath = "/r/{name}"\n{_UPSTREAM}\n{allow}{more}\n'


async def measure(
    world: World, wanted: Sequence[str], seconds: float, rounds: int
) -> Table:
    """Return the table of the shapes *wanted*, all of them without any.

    Each is measured *rounds* times for *seconds*, both gateways in turn.
    """
    rows = []
    for shape in shapes():
        if not wanted or shape.name in wanted:
            sys.stderr.write(f"{shape.name}: {shape.title}\n")
            one, many, ratio = await _compare(world, shape, seconds, rounds)
            row = (shape.title, f"{one:.1f}", f"{many:.1f}", f"{ratio:.2f}")
            rows.append((*row, "yes" if ratio <= MOST else "NO"))
    head = ("", "one route: CPU µs", f"{ROUTES:,}: CPU µs", "ratio", f"<= {MOST}")
    return Table(
        f"{ROUTES:,} routes beside one, CPU time of a request", head, tuple(rows)
    )


async def _compare(
    world: World, shape: Shape, seconds: float, rounds: int
) -> tuple[float, float, float]:
    """Return the medians of one route and of many, and the median of their ratios."""
    async with AsyncExitStack() as stack:
        here = replace(world, stack=stack)
        driven = []
        for name, routes in (("one", shape.one), ("many", shape.many)):
            template = GATEWAY_WITHOUT_ROUTES + _SIGNING_IN + routes
            called = f"{shape.name}-{name}"
            proxy = await start_gateway(here, template=template, called=called)
            text = (world.folder / f"{called}.toml").read_text()
            script = world.folder / f"{called}.lua"
            script.write_text(_script(shape, proxy, text))
            driven.append((proxy, script))
        each: list[tuple[float, float]] = []
        for number in range(rounds + 1):
            one, many = [
                await cost_of(proxy, script, seconds) for proxy, script in driven
            ]
            if number:  # the first one warms up
                each.append((one, many))
    ones, manies = zip(*each, strict=True)
    return median(ones), median(manies), median(many / one for one, many in each)


def _script(shape: Shape, proxy: Proxy, text: str) -> str:
    """Return the script that sends the requests of *shape* to *proxy*."""
    hosts = sorted({asked.host for asked in shape.requests})
    names = [host or "127.0.0.1" for host in hosts]
    cookies = dict(zip(hosts, like(text, proxy.cookie, names), strict=True))
    lines = (
        f'{{"{asked.method}", "{asked.path}", '
        f'"{asked.host or "127.0.0.1"}:{proxy.port}", "{cookies[asked.host]}"}}'
        for asked in shape.requests
    )
    return wrk.PREPARED.format(requests=",\n".join(lines))
