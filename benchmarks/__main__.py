"""The command: starts everything, measures case by case, prints tables, ends it all."""

import argparse
import asyncio
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from benchmarks import routes
from benchmarks.cases import CASES, Case, Sample, Terms
from benchmarks.processes import NotStarted, Program, pss
from benchmarks.proxies import (
    Proxy,
    World,
    start_apache,
    start_gateway,
    start_nginx,
    upstreams,
)
from benchmarks.tables import Table, as_markdown, as_text, memory_table, table
from benchmarks.wrk import Wrong

Start = Callable[[World], Awaitable[Proxy]]
STARTS: dict[str, Start] = {
    "gateway": start_gateway,
    "gateway-2": lambda world: start_gateway(world, 2),
    "nginx": start_nginx,
    "apache": start_apache,
    "gateway-https": lambda world: start_gateway(world, https=True),
    "nginx-https": lambda world: start_nginx(world, https=True),
}
PROFILED = 10.0  # seconds
REST = 3.0  # seconds after the last case: what it took may go back to the system


def say(text: str) -> None:
    """Tell what goes on; the tables alone are on standard output."""
    sys.stderr.write(text + "\n")


@dataclass(slots=True)
class Memory:
    """The PSS of each proxy in KiB, by its name."""

    started: dict[str, int] = field(default_factory=dict)
    warm: dict[str, int] = field(default_factory=dict)


async def start(world: World, names: Sequence[str]) -> list[Proxy]:
    """Start the proxies called *names*; say which cannot be."""
    proxies = []
    for name in names:
        try:
            proxies.append(await STARTS[name](world))
        except NotStarted as error:
            say(f"{name} is left out: {error}")
    return proxies


async def measure(
    cases: Sequence[Case], proxies: Sequence[Proxy], terms: Terms, rounds: int
) -> list[Table]:
    """Return the tables of *cases*: *rounds* times each proxy in turn."""
    memory = Memory()
    for proxy in proxies:
        memory.started[proxy.name] = pss(proxy.pid)
        await _try(CASES[1], proxy, terms)
        memory.warm[proxy.name] = pss(proxy.pid)
    tables = []
    for case in cases:
        results: dict[str, list[Sample]] = {}
        able = [proxy for proxy in proxies if case.needs(proxy)]
        times = 1 if case.once else rounds
        for number in range(times):
            say(f"{case.name}: round {number + 1} of {times}")
            for proxy in able:
                sample = await _try(case, proxy, terms)
                if sample is not None:
                    results.setdefault(proxy.name, []).append(sample)
        if results:
            tables.append(table(case, results))
    names = memory.started
    await asyncio.sleep(REST)
    tables.append(
        memory_table(
            {
                proxy.name: (
                    names[proxy.name],
                    memory.warm[proxy.name],
                    pss(proxy.pid),
                )
                for proxy in proxies
            }
        )
    )
    return tables


async def _try(case: Case, proxy: Proxy, terms: Terms) -> Sample | None:
    try:
        return await case.measure(proxy, terms)
    except (OSError, TimeoutError, Wrong) as error:
        say(f"{case.name}: {proxy.name} failed: {error}")
        return None


async def profile(case: Case, proxy: Proxy, terms: Terms, path: str) -> None:
    """Write a flame graph of *proxy* under *case* to *path*."""
    tool = shutil.which("py-spy")
    if tool is None:
        raise SystemExit("A profile needs py-spy on the PATH: pip install py-spy")
    command = (tool, "record", "-o", path, "-d", str(int(PROFILED)), "-r", "500")
    spy = Program((*command, "-p", str(proxy.pid)), terms.folder, "py-spy")
    await case.measure(proxy, terms)
    await asyncio.sleep(1.0)  # it writes its file
    await spy.end()
    say(f"The profile of {case.name} is in {path}")


def machine() -> str:
    """Say on what was measured."""
    load = os.getloadavg()[0]
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, load {load:.1f} at the start, {python}"


async def run_routes(options: argparse.Namespace) -> None:
    """Measure what a thousand routes cost beside one."""
    rounds, seconds = options.rounds or 3, options.seconds or 2
    if options.quick:
        rounds = seconds = 1
    head = f"{machine()}; medians of {rounds} rounds of {seconds:g} s"
    with tempfile.TemporaryDirectory(prefix="gateway-benchmark-") as folder:
        async with upstreams(Path(folder)) as world:
            found = await routes.measure(world, options.case or (), seconds, rounds)
    show = as_markdown if options.markdown else as_text
    sys.stdout.write(f"{head}\n\n{show(found)}")


async def run(options: argparse.Namespace) -> None:
    """Measure what *options* ask for."""
    cases = [case for case in CASES if not options.case or case.name in options.case]
    with tempfile.TemporaryDirectory(prefix="gateway-benchmark-") as folder:
        async with upstreams(Path(folder)) as world:
            proxies = await start(world, options.proxy or list(STARTS))
            cookie = next((proxy.cookie for proxy in proxies if proxy.cookie), "a=b")
            quick = options.quick
            terms = Terms(
                seconds=options.seconds or (1 if quick else 5),
                idle_sockets=500 if quick else 5000,
                listeners=100 if quick else 1000,
                transfers=2 if quick else 10,
                endurance=50_000 if quick else 1_000_000,
                folder=Path(folder),
                cookie=cookie,
            )
            if options.profile:
                await profile(cases[0], proxies[0], terms, options.profile)
                return
            rounds = options.rounds or (1 if quick else 5)
            head = f"{machine()}; medians of {rounds} rounds of {terms.seconds:g} s"
            tables = await measure(cases, proxies, terms, rounds)
    show = as_markdown if options.markdown else as_text
    sys.stdout.write("\n".join((head + "\n", *map(show, tables))))


def main() -> None:
    """Read the command line, and run."""
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, help="how often (5)")
    parser.add_argument("--seconds", type=float, help="how long each time (5)")
    parser.add_argument("--markdown", action="store_true", help="for a document")
    parser.add_argument("--routes", action="store_true", help="1,000 routes beside one")
    shapes = [shape.name for shape in routes.shapes()]
    cases = [case.name for case in CASES]
    parser.add_argument("--case", action="append", choices=[*cases, *shapes])
    parser.add_argument("--proxy", action="append", choices=list(STARTS))
    parser.add_argument("--profile", metavar="SVG", help="of the first proxy and case")
    options = parser.parse_args()
    known = shapes if options.routes else cases
    if not set(options.case or ()) <= set(known):
        parser.error(f"these can be chosen here: {', '.join(known)}")
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_routes(options) if options.routes else run(options))


if __name__ == "__main__":
    main()
