"""Real proxies that forward by themselves and ask the gateway, by our ready files.

The files are those of ``deploy/``: only addresses and ports are replaced, and TLS is
left out, as behind a balancer that ends it.
"""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.nginx import free_port, nginx_of, running
from tests.support.programs import program
from tests.support.project import ROOT

DEPLOY = ROOT / "deploy"
APPLICATION, WIKI = "app.example.com", "wiki.example.com"  # as the files name them

CADDY = """{
	admin off
	auto_https off
	default_bind 127.0.0.1
	log {
		level ERROR
	}
}
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """The ports behind a proxy: of the gateway, the application and the wiki."""

    gateway: int
    application: int
    wiki: int

    def put_into(self, text: str) -> str:
        """Return the shipped *text* with these ports in the place of its own."""
        for shipped, port in (
            (8080, self.gateway),
            (3000, self.application),
            (3001, self.wiki),
        ):
            address = f"127.0.0.1:{shipped}"
            text = text.replace(address, f"127.0.0.1:{port}.")  # not to be found again
        return re.sub(r"(127\.0\.0\.1:\d+)\.", r"\1", text)


@asynccontextmanager
async def nginx_asks(folder: Path, behind: Behind) -> AsyncIterator[int]:
    """Run nginx by ``deploy/nginx``, and yield its port; it works in *folder*."""
    port, shipped = free_port(), DEPLOY / "nginx"
    shutil.copytree(shipped / "gateway", folder / "gateway")
    http = folder / "gateway" / "http.conf"
    http.write_text(behind.put_into(http.read_text("utf-8")), "utf-8")
    sites = behind.put_into((shipped / "sites.conf").read_text("utf-8"))
    assert sites.count("listen 443 ssl;") == 2
    sites = sites.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    sites = re.sub(r" +ssl_certificate.*;\n", "", sites)
    (folder / "conf.d").mkdir()
    (folder / "conf.d" / "sites.conf").write_text(sites, "utf-8")
    async with nginx_of(folder, port, "include conf.d/sites.conf;"):
        yield port


@asynccontextmanager
async def caddy_asks(folder: Path, behind: Behind) -> AsyncIterator[int]:
    """Run Caddy by ``deploy/caddy``, and yield its port; it works in *folder*."""
    port = free_port()
    text = behind.put_into((DEPLOY / "caddy" / "Caddyfile").read_text("utf-8"))
    for host in (APPLICATION, WIKI):
        assert f"\n{host} {{\n" in text
        text = text.replace(f"\n{host} {{\n", f"\nhttp://{host}:{port} {{\n")
    written = folder / "Caddyfile"
    written.write_text(CADDY + text, "utf-8")
    command = [program("caddy"), "run", "--config", str(written)]
    command += ["--adapter", "caddyfile"]
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    async with running(command, port, home):
        yield port
