"""What is measured: one function for each kind of case, and the list of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import bulk, streams, wrk
from benchmarks.processes import cpu_seconds, pss
from benchmarks.proxies import BULK, FRESH, Proxy

MEGABYTE = 1_000_000
_GLANCE = 0.1  # seconds between two looks at the memory
_SETTLE = 0.5


@dataclass(frozen=True, slots=True)
class Terms:
    """How long, how much, and with whose cookie a peer that knows nobody is asked."""

    seconds: float
    idle_sockets: int
    listeners: int
    transfers: int
    endurance: int  # requests
    folder: Path
    cookie: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one case: *amount* of the case's unit; times in seconds.

    *memory* is the highest PSS seen, in KiB; *each* the KiB that one of many
    connections takes, and *grown* the KiB that came on the way, where the case is
    about that.
    """

    amount: float
    seconds: float
    cpu: float
    memory: int
    p50: float | None = None
    p99: float | None = None
    each: float | None = None
    grown: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case; *needs* is what a proxy must be able to, for the case to make sense.

    *once* it is measured where it takes minutes, however many rounds are asked for.
    """

    name: str
    title: str
    unit: str
    measure: Callable[[Proxy, Terms], Awaitable[Sample]]
    needs: Callable[[Proxy], bool] = lambda proxy: not proxy.https
    once: bool = False


def requests(
    load: wrk.Load, *, fresh: bool = False
) -> Callable[[Proxy, Terms], Awaitable[Sample]]:
    """Return the measuring of *load*, with one session or a *fresh* one each time."""

    async def measure(proxy: Proxy, terms: Terms) -> Sample:
        own = proxy.fresh if fresh else (proxy.cookie or terms.cookie,)
        cpu = cpu_seconds(proxy.pid)
        counted = await wrk.drive(proxy, load, terms.seconds, terms.folder, own)
        return Sample(
            counted.requests,
            counted.seconds,
            cpu_seconds(proxy.pid) - cpu,
            pss(proxy.pid),
            counted.p50,
            counted.p99,
        )

    return measure


def endurance(load: wrk.Load) -> Callable[[Proxy, Terms], Awaitable[Sample]]:
    """Return the measuring of *load* by a great many requests: does memory grow?

    What grew is counted from when a tenth of them were answered.
    """

    async def measure(proxy: Proxy, terms: Terms) -> Sample:
        cpu, early = cpu_seconds(proxy.pid), 0
        amount, seconds = 0, 0.0
        while amount < terms.endurance:
            counted = await wrk.drive(
                proxy, load, terms.seconds, terms.folder, proxy.fresh
            )
            amount += counted.requests
            seconds += counted.seconds
            if not early and amount >= terms.endurance / 10:
                early = pss(proxy.pid)
        late = pss(proxy.pid)
        return Sample(
            amount, seconds, cpu_seconds(proxy.pid) - cpu, late, grown=late - early
        )

    return measure


def transfers(
    transfer: Callable[[Proxy], None],
) -> Callable[[Proxy, Terms], Awaitable[Sample]]:
    """Return the measuring of large bodies, one after the other."""

    async def measure(proxy: Proxy, terms: Terms) -> Sample:
        def run() -> None:
            for _ in range(terms.transfers):
                transfer(proxy)

        cpu, start = cpu_seconds(proxy.pid), asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(asyncio.to_thread(run))
            memory = pss(proxy.pid)
            while not running.done():
                await asyncio.sleep(_GLANCE)
                memory = max(memory, pss(proxy.pid))
        seconds = asyncio.get_running_loop().time() - start
        amount = terms.transfers * BULK / MEGABYTE
        return Sample(amount, seconds, cpu_seconds(proxy.pid) - cpu, memory)

    return measure


async def echoes(proxy: Proxy, terms: Terms) -> Sample:
    """Measure WebSocket messages, there and back."""
    cpu = cpu_seconds(proxy.pid)
    amount = await streams.echo(proxy, 64, terms.seconds)
    return Sample(amount, terms.seconds, cpu_seconds(proxy.pid) - cpu, pss(proxy.pid))


async def events(proxy: Proxy, terms: Terms) -> Sample:
    """Measure server-sent events, each to one listener."""
    cpu = cpu_seconds(proxy.pid)
    amount = await streams.listen(proxy, terms.listeners, terms.seconds)
    return Sample(amount, terms.seconds, cpu_seconds(proxy.pid) - cpu, pss(proxy.pid))


async def idle_sockets(proxy: Proxy, terms: Terms) -> Sample:
    """Measure what WebSockets on which nothing is said keep of the memory."""
    before, cpu = pss(proxy.pid), cpu_seconds(proxy.pid)
    start, count = asyncio.get_running_loop().time(), terms.idle_sockets
    async with streams.idle(proxy, count):
        seconds = asyncio.get_running_loop().time() - start
        await asyncio.sleep(_SETTLE)
        memory = pss(proxy.pid)
    await asyncio.sleep(_SETTLE)
    each = (memory - before) / count
    return Sample(count, seconds, cpu_seconds(proxy.pid) - cpu, memory, each=each)


AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537"
BROWSER = (
    ("User-Agent", AGENT),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-GB,en;q=0.9,de;q=0.8"),
    ("Cache-Control", "max-age=0"),
    ("Referer", "http://127.0.0.1/some/page/before?with=a&query=string"),
    ("Sec-CH-UA", '"Chromium";v="140", "Not=A?Brand";v="24"'),
    ("Sec-CH-UA-Mobile", "?0"),
    ("Sec-CH-UA-Platform", '"Linux"'),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Upgrade-Insecure-Requests", "1"),
)
COOKIES = "; ".join(f"application-{number}={'v' * 135}" for number in range(6))


def _get(path: str, connections: int = 64) -> wrk.Load:
    return wrk.Load(path, connections, fields=BROWSER, cookies=COOKIES)


_POST = wrk.Load(
    "/post", method="POST", fields=BROWSER, cookies=COOKIES, body="x" * 4096
)

CASES = (
    Case("plain", "1 KB GET, 2 header fields", "requests", requests(wrk.Load("/1k"))),
    Case("browser", "1 KB GET of a browser", "requests", requests(_get("/1k"))),
    Case("one", "the same, 1 connection", "requests", requests(_get("/1k", 1))),
    Case("many", "the same, 512 connections", "requests", requests(_get("/1k", 512))),
    Case(
        "paths",
        "the same, no two with the same path",
        "requests",
        requests(replace(_get("/r/"), variants=FRESH, only_paths=True)),
    ),
    Case(
        "varied",
        "the same, no two with the same fields",
        "requests",
        requests(replace(_get("/1k"), variants=FRESH)),
    ),
    Case(
        "first",
        "the same, a session's first request",
        "requests",
        requests(_get("/1k"), fresh=True),
        lambda proxy: bool(proxy.fresh),
    ),
    Case(
        "https",
        "1 KB GET of a browser over TLS",
        "requests",
        requests(_get("/1k")),
        lambda proxy: proxy.https,
    ),
    Case(
        "million",
        "a million requests of a browser, of 20,000 sessions",
        "requests",
        endurance(_get("/1k")),
        lambda proxy: bool(proxy.fresh),
        once=True,
    ),
    Case("64k", "64 KB GET of a browser", "requests", requests(_get("/64k"))),
    Case("post", "4 KB POST of a browser", "requests", requests(_POST)),
    Case("down", "100 MB down", "MB", transfers(bulk.download)),
    Case("up", "100 MB up", "MB", transfers(bulk.upload)),
    Case(
        "echo",
        "WebSocket echo, 64 connections",
        "messages",
        echoes,
        lambda proxy: proxy.streams and not proxy.https,
    ),
    Case(
        "events",
        "server-sent events",
        "events",
        events,
        lambda proxy: proxy.streams and not proxy.https,
    ),
    Case(
        "idle",
        "idle WebSockets",
        "connections",
        idle_sockets,
        lambda proxy: proxy.streams and not proxy.https,
    ),
)
