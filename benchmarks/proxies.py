"""What is measured: the gateway and its peers, each before the same upstreams."""

import getpass
import os
import secrets
import shutil
import ssl
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.configurations import (
    APACHE,
    APACHE_MODULES,
    GATEWAY,
    NGINX,
    NGINX_TLS,
    PLAIN_PROXY,
    UPSTREAM,
)
from benchmarks.processes import NotStarted, Program, free_port
from config.loader import load_text
from config.server import Server
from config.session import KEY_SIZE, new_key
from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import ADA
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore
from tests.support.certificates import Certificate, self_signed
from tests.support.virtual_browser import VirtualBrowser

BULK = 100_000_000  # bytes of the large file
FRESH = 20_000  # sessions: far more than the gateway keeps open
TLS_NAME = "localhost"
_APACHE_FOLDER = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy; *cookie* is the Cookie field of the one who is signed in.

    *fresh* are Cookie fields of other sessions, where somebody can make such;
    *streams* says whether WebSockets and events are asked of it, *https* whether TLS
    ends there.
    """

    name: str
    pid: int
    port: int
    cookie: str
    fresh: tuple[str, ...] = field(default=(), repr=False)
    streams: bool = True
    https: bool = False

    @property
    def origin(self) -> str:
        """Where it is."""
        if self.https:
            return f"https://{TLS_NAME}:{self.port}"
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class World:
    """What all proxies share: a folder, the ports of both upstreams, a Logto."""

    folder: Path
    files: int
    streams: int
    logto: EmulatedLogto
    stack: AsyncExitStack
    certificate: Certificate

    async def start(self, name: str, port: int, *command: str) -> Program:
        """Start *command*, which listens on *port*.  Raises NotStarted."""
        if shutil.which(command[0]) is None:
            raise NotStarted(f"{command[0]} is not installed")
        program = Program(command, self.folder, name)
        self.stack.push_async_callback(program.end)
        await program.listens(port)
        return program

    async def start_nginx(self, name: str, port: int, http: str, log: str) -> Program:
        """Start an nginx called *name* with the blocks *http*.  Raises NotStarted."""
        path = self.folder / f"{name}.conf"
        path.write_text(
            NGINX.format(folder=self.folder, name=name, http=http, access_log=log)
        )
        return await self.start(name, port, _nginx(), "-c", str(path))


@asynccontextmanager
async def upstreams(folder: Path) -> AsyncIterator[World]:
    """Start both upstreams and the emulated Logto; end whatever was started."""
    files, streams = free_port(), free_port()
    _write_files(folder)
    async with AsyncExitStack() as stack:
        logto = await stack.enter_async_context(EmulatedLogto.start())
        certificate = self_signed(folder, TLS_NAME)
        world = World(folder, files, streams, logto, stack, certificate)
        http = UPSTREAM.format(port=files, folder=folder, kilobyte="x" * 1024)
        await world.start_nginx("upstream", files, http, "off")
        module = "benchmarks.streaming_upstream"
        await world.start(
            "streams", streams, sys.executable, "-m", module, str(streams)
        )
        yield world


def _write_files(folder: Path) -> None:
    folder.chmod(0o755)  # servers drop their rights
    (folder / "files").mkdir()
    (folder / "files" / "64k").write_bytes(b"x" * 65536)
    with (folder / "files" / "100m").open("wb") as bulk:
        bulk.truncate(BULK)


async def start_nginx(world: World, *, https: bool = False) -> Proxy:
    """Start nginx as a plain proxy, which knows nobody.  Raises NotStarted."""
    port = free_port()
    tls = NGINX_TLS.format(
        certificate=world.certificate.certificate, key=world.certificate.key
    )
    http = PLAIN_PROXY.format(
        port=port,
        ssl="ssl" if https else "",
        tls=tls if https else "",
        files=world.files,
        streams=world.streams,
    )
    name = "nginx, https" if https else "nginx"
    program = await world.start_nginx(name.replace(", ", "-"), port, http, "/dev/null")
    return Proxy(name, program.pid, port, "", https=https)


async def start_gateway(
    world: World,
    processes: int = 1,
    *,
    https: bool = False,
    template: str = GATEWAY,
    called: str = "gateway",
) -> Proxy:
    """Start the gateway with *processes*, and sign in.  Raises NotStarted.

    With *https* TLS ends in it.  Its file, made from *template*, has its name.
    """
    if processes > 1 and "workers" not in Server.model_fields:
        raise NotStarted("it has no setting for several processes yet")
    port = free_port()
    origin = Proxy("", 0, port, "", https=https).origin
    server = [f"workers = {processes}"] if processes > 1 else []
    if https:
        server += [
            f'tls_certificate = "{world.certificate.certificate}"',
            f'tls_key = "{world.certificate.key}"',
        ]
    text = template.format(
        port=port,
        origin=origin,
        server="\n".join(server),
        logto=world.logto.endpoint,
        app_id=world.logto.app_id,
        app_secret=world.logto.app_secret,
        key=new_key(secrets.token_bytes(KEY_SIZE)),
        x_id=ADA.x_id,
        files=world.files,
        streams=world.streams,
    )
    name = called if processes == 1 else f"{called}, {processes} processes"
    name = f"{name}, https" if https else name
    path = world.folder / f"{name.replace(', ', '-').replace(' ', '-')}.toml"
    path.write_text(text)
    world.logto.client.register_gateway(origin)
    program = await world.start(
        path.stem, port,
        sys.executable, "-m", "gateway", "serve", "--config", str(path),
    )  # fmt: skip
    started = Proxy(name, program.pid, port, "", https=https)
    if https:
        trust = ssl.create_default_context(cafile=world.certificate.certificate)
        return await _signed_in(started, trust)
    proxy = await _signed_in(started)
    return replace(proxy, fresh=tuple(_fresh(text, proxy.cookie)))


async def start_apache(world: World) -> Proxy:
    """Start Apache with mod_auth_openidc, and sign in.  Raises NotStarted."""
    port = free_port()
    modules = [_APACHE_FOLDER / f"mod_{name}.so" for name in APACHE_MODULES]
    if missing := [str(module) for module in modules if not module.exists()]:
        raise NotStarted(f"not installed: {', '.join(missing)}")
    root = getpass.getuser() == "root"
    path = world.folder / "apache.conf"
    path.write_text(
        APACHE.format(
            folder=world.folder,
            port=port,
            modules="\n".join(
                f"LoadModule {name}_module {module}"
                for name, module in zip(APACHE_MODULES, modules, strict=True)
            ),
            user="User www-data\nGroup www-data" if root else "",
            logto=world.logto.endpoint,
            app_id=world.logto.app_id,
            app_secret=world.logto.app_secret,
            secret=secrets.token_hex(16),
            files=world.files,
            streams=world.streams,
        )
    )
    world.logto.client.redirect_uris.add(f"http://127.0.0.1:{port}/callback")
    program = await world.start(
        "apache", port, "apache2", "-DFOREGROUND", "-f", str(path)
    )
    apache = Proxy("mod_auth_openidc", program.pid, port, "", streams=False)
    return await _signed_in(apache)


async def _signed_in(proxy: Proxy, trust: ssl.SSLContext | None = None) -> Proxy:
    """Return *proxy* with the cookie of Ada.  Raises NotStarted."""
    async with VirtualBrowser(trust=trust) as browser:
        page = await browser.sign_in(f"{proxy.origin}/1k")
        if page.status != 200 or len(page.body) != 1024:  # noqa: PLR2004
            raise NotStarted(f"signing in ended with {page.status}: {page.text[:200]}")
        return replace(proxy, cookie=browser.cookie_header(f"{proxy.origin}/1k"))


def _fresh(configuration: str, cookie: str) -> Iterable[str]:
    """Yield Cookie fields of FRESH sessions like that of *cookie*."""
    return like(configuration, cookie, ["127.0.0.1"] * FRESH)


def like(configuration: str, cookie: str, hosts: Iterable[str]) -> Iterable[str]:
    """Yield Cookie fields of other sessions like that of *cookie*, at *hosts*."""
    settings = load_text(configuration)
    store = CookieStore(
        settings.session,
        KeyRing(settings.session.keys),
        secure=False,
        random_bytes=secrets.token_bytes,
    )
    now = time.time()  # noqa: TID251 - here is the edge
    session = store.read(cookie.encode(), "127.0.0.1", now)
    if session is None:
        raise NotStarted("the session's cookie does not open")
    for number, host in enumerate(hosts):
        another = replace(session, id=f"{number:032x}")
        (written,) = store.write(another, host, now, b"")
        yield written.partition(b";")[0].decode()


def _nginx() -> str:
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"  # noqa: TID251 - here is the edge
