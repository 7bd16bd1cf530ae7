"""What requests of different kinds cost one gateway, in rounds that take turns."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from statistics import median

from benchmarks import wrk
from benchmarks.processes import cpu_seconds
from benchmarks.proxies import Proxy, World, upstreams

CONNECTIONS = 64


async def medians(
    world: World, proxy: Proxy, scripts: Mapping[str, str], seconds: float, rounds: int
) -> dict[str, float]:
    """Return the CPU microseconds of a request of each kind, the median of *rounds*.

    *scripts* are wrk's by kind, which fill ``requests``; each runs for *seconds* in
    every round.  Raises Wrong.
    """
    costs: dict[str, list[float]] = {kind: [] for kind in scripts}
    script = world.folder / "side-by-side.lua"
    for number in range(rounds + 1):
        for kind, text in scripts.items():
            script.write_text(text + wrk.COUNTED)
            cost = await cost_of(proxy, script, seconds)
            if number:  # the first one warms up
                costs[kind].append(cost)
    return {kind: median(found) for kind, found in costs.items()}


async def cost_of(proxy: Proxy, script: Path, seconds: float) -> float:
    """Return the CPU microseconds of a request in *script*.  Raises Wrong."""
    before = cpu_seconds(proxy.pid)
    counted = await wrk.run(proxy.origin, script, CONNECTIONS, seconds)
    return (cpu_seconds(proxy.pid) - before) / counted.requests * 1e6


def as_line(costs: Mapping[str, float], conclusion: str) -> str:
    """Return a line with the *costs* of all kinds, and with what follows from them."""
    told = ", ".join(f"{kind}: {cost:.1f} µs" for kind, cost in costs.items())
    return f"CPU time of a request: {told}; {conclusion}\n"


def main(
    measure: Callable[[World, float, int], Awaitable[str]], description: str | None
) -> None:
    """Print what *measure* returns for the seconds and rounds of the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with upstreams(Path(folder)) as world:
                line = await measure(world, arguments.seconds, arguments.rounds)
                sys.stdout.write(line)

    asyncio.run(run())
