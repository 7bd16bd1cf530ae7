"""The applications of docs/recipes/, each started as people start it.

Those of other languages are built or installed by ``scripts/test``; nothing is fetched
here.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.support.programs import application_python, missing, program
from tests.support.project import ROOT

RECIPES = ROOT / "docs/recipes"
WAIT = 30.0  # seconds for an application to listen
_GLANCE = 0.02


@asynccontextmanager
async def recipe(
    name: str, folder: Path, public_url: str, port: int
) -> AsyncIterator[None]:
    """Run the recipe *name* in *folder*, on *port*, for the gateway at *public_url*."""
    environ = {
        "HOME": str(folder),
        "PATH": os.environ.get("PATH", os.defpath),  # noqa: TID251
        "PUBLIC_URL": public_url,
        "PORT": str(port),
        "SECRET_KEY": "only for this test",
    }
    command = await _COMMANDS[name](folder, port, environ)
    said = folder / f"{name}.log"
    with said.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environ,
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        if not await _listens(process, port):
            raise RuntimeError(f"{name} did not listen:\n{said.read_text()}")
        yield
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _listens(process: asyncio.subprocess.Process, port: int) -> bool:
    """Wait until *process* listens on *port*; tell whether it ever did."""
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT):
            while process.returncode is None:
                with suppress(OSError):
                    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    return True
                await asyncio.sleep(_GLANCE)
    return False


async def _aiohttp(
    _folder: Path, _port: int, _environ: Mapping[str, str]
) -> Sequence[str]:
    return [sys.executable, str(RECIPES / "aiohttp_application.py")]


async def _flask(
    _folder: Path, port: int, _environ: Mapping[str, str]
) -> Sequence[str]:
    app = str(RECIPES / "flask_application.py")
    python = str(application_python("flask"))
    return [python, "-m", "flask", "--app", app, "run", "--port", str(port)]


async def _fastapi(
    _folder: Path, port: int, _environ: Mapping[str, str]
) -> Sequence[str]:
    python = str(application_python("fastapi"))
    app = ["fastapi_application:app", "--app-dir", str(RECIPES)]
    return [python, "-m", "uvicorn", *app, "--port", str(port)]


async def _django(folder: Path, port: int, environ: Mapping[str, str]) -> Sequence[str]:
    application = [
        str(application_python("django")),
        str(RECIPES / "django_application.py"),
    ]
    await _done([*application, "migrate", "--verbosity=0"], folder, environ)
    return [*application, "runserver", "--noreload", str(port)]


async def _express(
    folder: Path, _port: int, _environ: Mapping[str, str]
) -> Sequence[str]:
    node = program("node")
    lock = RECIPES / "express/package-lock.json"
    installed = ROOT / ".node/express"
    if not (installed / "installed.json").exists() or (
        (installed / "installed.json").read_bytes() != lock.read_bytes()
    ):
        missing("express is not installed: scripts/test does it")
    for name in ("application.js", "package.json"):
        shutil.copyfile(RECIPES / "express" / name, folder / name)
    (folder / "node_modules").symlink_to(installed / "node_modules")
    return [node, str(folder / "application.js")]


async def _net_http(
    _folder: Path, _port: int, environ: Mapping[str, str]
) -> Sequence[str]:
    go, built = program("go"), ROOT / ".go/net-http"
    if not built.exists():
        missing("the Go recipe is not built: scripts/test does it")
    # What has changed since then; from what was fetched then.
    offline = {
        **environ,
        "HOME": str(Path.home()),
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
    }
    await _done([go, "build", "-o", str(built), "."], RECIPES / "net-http", offline)
    return [str(built)]


async def _done(
    command: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> None:
    """Run *command* to its end. Raises RuntimeError with what it said if it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environ,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(said.decode(errors="replace"))


_COMMANDS = {
    "aiohttp": _aiohttp,
    "flask": _flask,
    "django": _django,
    "fastapi": _fastapi,
    "express": _express,
    "net-http": _net_http,
}
NAMES = tuple(_COMMANDS)
