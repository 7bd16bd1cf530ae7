"""Real applications, each started from its own environment on a port of loopback.

What they need to stand behind a proxy that keeps ``Host`` is what an operator gives
them: no sign-in of their own, and for names other than loopback's JupyterLab's
``ServerApp.allow_remote_access``.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.programs import application_python

STREAMLIT_APP = """\
import streamlit as st

number = st.number_input("Number", value=6, step=1)
times_seven = st.checkbox("Times seven")
st.write(f"Result: {number * 7 if times_seven else number}")
"""

ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+")


@asynccontextmanager
async def jupyterlab(folder: Path) -> AsyncIterator[str]:
    """Start JupyterLab on an empty *folder*; give its address, without a path."""
    arguments = [
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        "--IdentityProvider.token=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    async with _application("jupyterlab", arguments, folder) as address:
        yield address


@asynccontextmanager
async def streamlit(folder: Path) -> AsyncIterator[str]:
    """Start Streamlit with a small page written to *folder*; give its address."""
    (folder / "page.py").write_text(STREAMLIT_APP)
    arguments = [
        "-m",
        "streamlit",
        "run",
        "page.py",
        "--server.headless=true",
        "--server.address=127.0.0.1",
        "--server.port=0",
        "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
    ]
    async with _application("streamlit", arguments, folder) as address:
        yield address


@asynccontextmanager
async def _application(
    name: str, arguments: Sequence[str], folder: Path
) -> AsyncIterator[str]:
    """Run *name* from its environment until the block ends; HOME is *folder* too."""
    python = application_python(name)
    process = await asyncio.create_subprocess_exec(
        python,
        *arguments,
        cwd=folder,
        env={"HOME": str(folder), "PATH": f"{python.parent}:/usr/bin:/bin"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**24,  # nobody reads on: a full pipe would stop the application
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            address = await _address_printed(process.stdout)
        yield address
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _address_printed(output: asyncio.StreamReader) -> str:
    printed = []
    async for line in output:
        printed.append(line.decode(errors="replace"))
        if found := ADDRESS.search(line):
            return found.group().decode()
    raise RuntimeError("it stopped before it listened:\n" + "".join(printed))
