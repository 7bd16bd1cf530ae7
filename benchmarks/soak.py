"""Two hundred people for five minutes: is anybody signed out who should not be?

    python -m benchmarks.soak
    python -m benchmarks.soak --minutes 1 --browsers 50 --workers 2 --store redis
    python -m benchmarks.soak --minutes 1 --hogs 2 --keep /tmp/soak

ID tokens live for five seconds, so that each session is renewed a dozen times a minute.
Ends with 1 where anything was wrong.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiohttp

from benchmarks.processes import Program, free_port, pss
from benchmarks.soak_figures import Figures
from benchmarks.soak_person import Person
from config.session import KEY_SIZE, new_key
from tests.support.logto_process import (
    APP_ID,
    APP_SECRET,
    LogtoProcess,
    logto_process,
    person,
)
from tests.support.virtual_browser import VirtualBrowser

NAMES = 20  # different people, each in many browsers
ID_TOKEN = 5.0  # seconds
LOG, ERRORS = "gateway.out", "gateway.log"  # what the gateway says, in the folder
HOG = "while True: pass"
WARM = 10.0  # seconds until the memory is looked at
# The life of a refresh token, in seconds. Nobody is out because one has ended, however
# long the machine lets them wait.
REFRESH_TOKEN = 14 * 86400.0
# Logto is waited for longer than usual: where the machine is busy with other things, a
# call that is given up loses its answer, which is another test's matter.
GATEWAY = """
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
shutdown_timeout = "1s"
upstream_connections = 4000
{workers}
[limits]
connections_per_client = 10000
requests_per_client = 10000
upgrades_per_client = 5000
sign_ins_per_minute = 100000
[admin]
listen = ""
[logto]
endpoint = "{logto}"
app_id = "{app_id}"
app_secret = "{app_secret}"
timeout = "20s"
[session]
keys = ["{key}"]
revalidate = "{revalidate:g}s"
{store}
[[routes]]
upstream = "http://127.0.0.1:{upstream}"
allow = "anyone"
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long, how many, and before what."""

    seconds: float = 300.0
    browsers: int = 200
    workers: int = 1
    store: str = "cookie"
    revalidate: float = 4.0
    rotation: bool = True
    replaced_after: float = 84.0  # seconds of a refresh token's life
    pause: float = 4.7  # the longest
    seed: int = 1
    hogs: int = 0  # programs that take the CPU away


@dataclass(frozen=True, slots=True)
class Soaked:
    """What people are before."""

    origin: str
    gateway: Program
    logto: LogtoProcess


async def soak(terms: Terms, folder: Path) -> Figures:
    """Return what people met with; everything is started, and ended again."""
    figures = Figures(seconds=terms.seconds, sessions=terms.browsers)
    async with _soaked(terms, folder) as world:
        end = asyncio.get_running_loop().time() + terms.seconds
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            group.create_task(_weigh(world, figures, end))
            for number in range(terms.browsers):
                who = person(number % NAMES)
                someone = Person(
                    world.origin,
                    who.key,
                    who.sub,
                    figures,
                    Random(terms.seed * 1_000_003 + number),  # noqa: S311
                    await stack.enter_async_context(VirtualBrowser()),
                    await stack.enter_async_context(aiohttp.ClientSession()),
                    terms.pause,
                )
                group.create_task(someone.live(end))
        figures.logto = Counter(await world.logto.tell())
    with (folder / LOG).open() as log:
        figures.read_log(log)
    figures.read_errors((folder / ERRORS).read_text(errors="replace"))
    return figures


async def _weigh(world: Soaked, figures: Figures, end: float) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(min(WARM, (end - loop.time()) / 2))
    before = pss(world.gateway.pid)
    await asyncio.sleep(end - loop.time())
    figures.memory = before, pss(world.gateway.pid)


@asynccontextmanager
async def _soaked(terms: Terms, folder: Path) -> AsyncIterator[Soaked]:
    port, upstream = free_port(), free_port()
    origin = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:

        async def start(name: str, port: int, *command: str) -> Program:
            program = Program(command, folder, name, folder / f"{name}.out")
            stack.push_async_callback(program.end)
            await program.listens(port)
            return program

        logto = await stack.enter_async_context(
            logto_process(
                folder,
                people=NAMES,
                gateways=[origin],
                id_token=ID_TOKEN,
                refresh_token=REFRESH_TOKEN,
                rotation=terms.rotation,
                rotation_after=terms.replaced_after / REFRESH_TOKEN,
            )
        )
        module = "tests.support.telling_upstream"
        await start("upstream", upstream, sys.executable, "-m", module, str(upstream))
        store = ""
        if terms.store == "redis":
            redis = free_port()
            await start(
                "redis", redis, "redis-server", "--port", str(redis),
                "--bind", "127.0.0.1", "--save", "", "--dir", str(folder),
            )  # fmt: skip
            store = f'store = "redis"\nredis_url = "redis://127.0.0.1:{redis}/0"'
        path = folder / "gateway.toml"
        path.write_text(
            GATEWAY.format(
                port=port,
                workers=f"workers = {terms.workers}" if terms.workers > 1 else "",
                logto=logto.endpoint,
                app_id=APP_ID,
                app_secret=APP_SECRET,
                key=new_key(secrets.token_bytes(KEY_SIZE)),
                revalidate=terms.revalidate,
                store=store,
                upstream=upstream,
            )
        )
        command = (sys.executable, "-m", "gateway", "serve", "--config", str(path))
        gateway = await start("gateway", port, *command)
        for number in range(terms.hogs):
            hog = Program((sys.executable, "-c", HOG), folder, f"hog-{number}")
            stack.push_async_callback(hog.end)
        yield Soaked(origin, gateway, logto)


def main() -> int:
    """Read the command line, soak, print the figures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--browsers", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--store", choices=("cookie", "redis"), default="cookie")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--no-rotation", action="store_true", help="Logto keeps refresh tokens"
    )
    parser.add_argument(
        "--replaced-after",
        type=float,
        default=Terms().replaced_after,
        metavar="SECONDS",
        help="when Logto replaces a refresh token",
    )
    parser.add_argument(
        "--hogs", type=int, default=0, help="programs that take the CPU away"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help=f"leave {LOG}, the log, there"
    )
    given = parser.parse_args()
    terms = Terms(
        seconds=given.minutes * 60,
        browsers=given.browsers,
        workers=given.workers,
        store=given.store,
        rotation=not given.no_rotation,
        seed=given.seed,
        replaced_after=given.replaced_after,
        hogs=given.hogs,
    )
    with _folder(given.keep) as folder:
        figures = asyncio.run(soak(terms, Path(folder)))
    sys.stdout.write("\n".join(figures.lines()) + "\n")
    return 0 if figures.is_right else 1


def _folder(kept: Path | None) -> AbstractContextManager[str | Path]:
    """Return where everything is written: *kept*, or a folder that goes away."""
    if kept is None:
        return tempfile.TemporaryDirectory(prefix="gateway-soak-")
    kept.mkdir(parents=True, exist_ok=True)
    return nullcontext(kept)


if __name__ == "__main__":
    sys.exit(main())
