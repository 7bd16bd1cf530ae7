"""The `gateway demo` command: the gateway, and everything around it, on loopback."""

import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import repeat

from config.session import KEY_SIZE, new_key
from gateway.app import Gateway
from gateway.demo.listener import Listener, bind, free_ports
from gateway.demo.logto import EmulatedLogto
from gateway.demo.settings import demo_settings
from gateway.demo.upstream import application
from gateway.operations import logs

FIRST_PORT = 8080

WORDS = """\

The gateway's demo, with an emulated Logto and X: no account is needed.
NOT FOR PRODUCTION: whoever reaches this machine's loopback can be anyone.

  Open   {gateway}/

  Try    - sign in as Ada or as Bob, or cancel at X (Logto then shows its own page)
         - the WebSocket and the event stream on the page
         - a deep link, signed out:  {gateway}/notes/42?from=mail
         - a page for Ada alone:     {gateway}/only-ada
         - a page for everyone:      {gateway}/public
         - your account:             {gateway}/.gateway/
         - sign out; then open the page again: X asks again

  Behind the gateway
         the application   {application}
         emulated Logto    {logto}

  Is this a remote machine? Forward both ports, under the same numbers:
         ssh -L {gateway_port}:127.0.0.1:{gateway_port} \
-L {logto_port}:localhost:{logto_port} ...

  Ctrl-C stops it. The gateway's log follows.
"""


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo: origins, and the Logto in it."""

    gateway: str
    application: str
    logto: EmulatedLogto

    def words(self) -> str:
        """Return what the terminal says."""
        return WORDS.format(
            gateway=self.gateway,
            application=self.application,
            logto=self.logto.endpoint,
            gateway_port=self.gateway.rpartition(":")[2],
            logto_port=self.logto.endpoint.rpartition(":")[2],
        )


@asynccontextmanager
async def running_demo(first_port: int = 0) -> AsyncIterator[Demo]:
    """Start Logto, the application and the gateway; stop them at the end.

    They take *first_port* and the next two, or the next free ones; 0 takes any.
    """
    ports: Iterator[int] = free_ports(first_port) if first_port else repeat(0)
    (listening,) = bind("127.0.0.1", next(ports))
    listen = f"127.0.0.1:{listening.getsockname()[1]}"
    async with AsyncExitStack() as stack:
        stack.enter_context(listening)
        upstream = Listener(application, "127.0.0.1", next(ports))
        await stack.enter_async_context(upstream)
        logto = await stack.enter_async_context(EmulatedLogto.start(port=next(ports)))
        logto.client.register_gateway(f"http://{listen}")
        settings = demo_settings(
            listen=listen,
            upstream=upstream.origin,
            logto=logto.endpoint,
            client=logto.client,
            key=new_key(secrets.token_bytes(KEY_SIZE)),
        )
        gateway = Gateway(settings, sockets=[listening])
        await gateway.start()
        stack.push_async_callback(gateway.stop)
        yield Demo(f"http://{listen}", upstream.origin, logto)


def run(first_port: int = FIRST_PORT) -> int:
    """Run the demo until Ctrl-C or SIGTERM.  Returns the exit code."""
    logs.configure()
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(first_port))
    return 0


async def _run(first_port: int) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows: Ctrl-C is a KeyboardInterrupt
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
    async with running_demo(first_port) as demo:
        sys.stdout.write(demo.words() + "\n")
        sys.stdout.flush()
        await stop.wait()
    sys.stdout.write("The demo has stopped.\n")
