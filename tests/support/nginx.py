"""A real nginx in front of the gateway: as a plain proxy, or as a greedy cache."""

import asyncio
import contextlib
import getpass
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.programs import program

CONFIGURATION = """
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
}}
"""
PROXY = """
    server {{
        listen 127.0.0.1:{port};
        {server}
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            {location}
        }}
    }}
"""

# As a CDN that keeps whatever it may.
CACHE = "proxy_cache_path {folder}/cache keys_zone=everything:1m;"
CACHED = """
            proxy_cache everything;
            proxy_cache_key $scheme$http_host$request_uri;
            proxy_cache_methods GET HEAD;
            proxy_cache_valid any 10m;
            add_header X-Cache $upstream_cache_status always;
"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


@asynccontextmanager
async def nginx_cache(folder: Path, port: int, behind: int) -> AsyncIterator[None]:
    """Run a cache on *port*, in front of *behind*; it works in *folder*."""
    http = CACHE.format(folder=folder)
    async with nginx(folder, port, behind, http=http, location=CACHED):
        yield


@asynccontextmanager
async def nginx(  # noqa: PLR0913 - the places of its file
    folder: Path,
    port: int,
    behind: int,
    *,
    http: str = "",
    server: str = "",
    location: str = "",
) -> AsyncIterator[None]:
    """Run one on *port*, in front of *behind*; it works in *folder*.

    Its buffers and all else are nginx's defaults but for what *http*, *server* and
    *location* add to these blocks.
    """
    block = PROXY.format(port=port, behind=behind, server=server, location=location)
    async with nginx_of(folder, port, http + block):
        yield


@asynccontextmanager
async def nginx_of(folder: Path, port: int, http: str) -> AsyncIterator[None]:
    """Run one with the block *http*, which listens on *port*; it works in *folder*."""
    written = folder / "nginx.conf"
    text = CONFIGURATION.format(folder=folder, user=getpass.getuser(), http=http)
    written.write_text(text, encoding="utf-8")
    command = program("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(written)
    async with running(command, port):
        yield


@asynccontextmanager
async def running(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> AsyncIterator[None]:
    """Run the server that *command* starts, from when it listens on *port*."""
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        await answers(port)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def answers(port: int) -> None:
    """Wait until somebody listens on *port*."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
