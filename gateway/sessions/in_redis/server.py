"""The adapter to redis-py: connections to one Redis or Valkey server, and their errors.

The one module that knows the package, which it imports when a server is wanted: nobody
else needs it.  Nothing that was sent is tried twice here: it may have been done.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Any, NoReturn

from redis import exceptions
from redis.asyncio import connection as connections

from config.redis_url import RedisAddress
from gateway.sessions.in_redis.bounds import Bounds
from gateway.sessions.in_redis.condition import Condition, StoreAway

Argument = bytes | str | int | float
Reply = Any  # what a script returns: bytes, a number, a list of them, None
CONFIRM_EVERY = 0.3  # seconds between two pings of who listens
CLIENT_NAME = "logto-gateway"
BUSY = "all of session.redis_connections are in use"
_CANNOT_ASK = ("BUSY ", "MASTERDOWN", "NOPERM", "CLUSTERDOWN", "NOAUTH")
_WRONG_USER = "it does not accept the user or password of session.redis_url"
_WORDS = (
    ((exceptions.AuthenticationError, exceptions.AuthorizationError), _WRONG_USER),
    (exceptions.BusyLoadingError, "it is still loading its data"),
    (exceptions.ReadOnlyError, "it is a replica, and takes no writes"),
    (exceptions.OutOfMemoryError, "its memory is full (maxmemory)"),
    (RuntimeError, "the connection was lost"),
)
# The last is uvloop's, where what was lost is written to: redis-py does not see it.
_LOST = (exceptions.RedisError, OSError, RuntimeError)
_LOST_WHILE_IDLE = (RuntimeError, TypeError)  # Python 3.13's own loop: the latter


class RedisServer:
    """Asks the server at *address*; *ca_file* names whom to trust for ``rediss://``.

    What it answers, or that it does not, goes to *condition*.
    """

    def __init__(
        self, address: RedisAddress, ca_file: str, bounds: Bounds, condition: Condition
    ) -> None:
        self._bounds = bounds
        self.condition = condition
        kind, options = _connection(address, ca_file)
        self._options: dict[str, Any] = {
            **options,
            "db": address.database,
            "username": address.username or None,
            "password": address.password or None,
            "socket_connect_timeout": bounds.connect_timeout,
            "socket_timeout": bounds.timeout,
            "protocol": 2,
            "driver_info": None,
            "client_name": CLIENT_NAME,
        }
        self._kind = kind
        self._pool = connections.BlockingConnectionPool(
            max_connections=bounds.connections,
            timeout=bounds.timeout,
            connection_class=kind,
            **self._options,
        )

    async def read(
        self,
        script: str,
        keys: Sequence[str],
        *arguments: Argument,
        anyway: bool = False,
    ) -> Reply:
        """Return what *script* reads, *anyway* or if it is not away.

        Raises StoreAway.
        """
        if not anyway:
            self.condition.check()
        try:
            return await self._script(script, keys, arguments)
        except _LOST as error:
            self._unasked(error)

    async def write(
        self, script: str, keys: Sequence[str], *arguments: Argument
    ) -> Reply:
        """Return what *script* says once it has written.  Raises StoreAway."""
        self.condition.check()
        try:
            reply = await self._script(script, keys, arguments)
        except _LOST as error:
            self._unwritten(error)
        if reply == 1:  # else there was nothing to write, perhaps
            self.condition.took()
        return reply

    async def claim(self, key: str, value: str, milliseconds: int) -> bool:
        """Set *key* to *value* for a while, if it is not set; tell whether it was not.

        Raises StoreAway.
        """
        self.condition.check()
        command = ("SET", key, value, "NX", "PX", milliseconds)
        try:
            async with self._connection() as connection:
                reply = await _ask(connection, command)
        except _LOST as error:
            self._unwritten(error)
        self.condition.took()
        return reply is not None

    async def listen(
        self,
        channel: str,
        heard: Callable[[bytes], None],
        confirmed: Callable[[float], None],
    ) -> NoReturn:
        """Have *heard* get each message of *channel*, until Redis is lost.

        *confirmed* is told a time of the event loop: every message from before it was
        heard.  Raises StoreAway, never having connected twice: nothing is missed
        without anybody knowing.
        """
        connection = self._kind(**self._options)
        try:
            await connection.connect()
            await connection.send_command("SUBSCRIBE", channel)
            await connection.read_response()
            while True:
                await self._confirm(connection, heard, confirmed)
        except _LOST as error:
            self._unasked(error)
        finally:
            await connection.disconnect(nowait=True)

    async def close(self) -> None:
        """Close all connections; those that hang are left to the system."""
        with contextlib.suppress(*_LOST):
            await self._pool.disconnect()

    async def _confirm(
        self,
        connection: Any,  # noqa: ANN401 - of redis-py
        heard: Callable[[bytes], None],
        confirmed: Callable[[float], None],
    ) -> None:
        """Ping, and hear what comes until it is time to ping again."""
        loop = asyncio.get_running_loop()
        sent = loop.time()
        await connection.send_command("PING")
        next_at, answered = sent + CONFIRM_EVERY, False
        while not answered or loop.time() < next_at:
            if answered:
                left = max(0.001, next_at - loop.time())
                reply = await connection.read_response(timeout=left)
            else:
                reply = await connection.read_response()  # within socket_timeout
            match reply:
                case [b"message", _, bytes(payload)]:
                    heard(payload)
                case [b"pong", _]:
                    answered = True
                    confirmed(sent)
                case _:
                    pass

    async def _script(
        self, script: str, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> Reply:
        digest = sha1(script.encode(), usedforsecurity=False).hexdigest()
        rest = (len(keys), *keys, *arguments)
        async with self._connection() as connection:
            try:
                return await _ask(connection, ("EVALSHA", digest, *rest))
            except exceptions.NoScriptError:
                return await _ask(connection, ("EVAL", script, *rest))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call] # of redis-py
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    def _unasked(self, error: Exception) -> NoReturn:
        reason = why(error, self._bounds)
        if reason != BUSY:  # it may answer others
            self.condition.lost(reason)
        raise StoreAway(reason) from None

    def _unwritten(self, error: Exception) -> NoReturn:
        answered = isinstance(error, exceptions.ResponseError)
        if not answered or str(error).startswith(_CANNOT_ASK):
            self._unasked(error)
        reason = why(error, self._bounds)
        self.condition.refused(reason)
        raise StoreAway(reason) from None


def why(error: Exception, bounds: Bounds) -> str:
    """Return in words what *error* says of the server."""
    if isinstance(error, exceptions.TimeoutError):
        return f"it did not answer within {bounds.timeout:g} s"
    if "No connection available" in str(error):
        return BUSY
    if "no permissions" in str(error) or "the script can't run" in str(error):
        return f"its user may not do all that the gateway needs: {error}"
    for kind, words in _WORDS:
        if isinstance(error, kind) or isinstance(error.__cause__, kind):
            return words
    return str(error) or type(error).__name__


async def _ask(connection: Any, command: Sequence[Argument]) -> Reply:  # noqa: ANN401 - of redis-py
    try:
        await connection.send_command(*command)
    except _LOST_WHILE_IDLE:  # nothing was sent
        await connection.send_command(*command)  # which connects anew
    return await connection.read_response()


def _connection(address: RedisAddress, ca_file: str) -> tuple[Any, dict[str, Any]]:
    """Return the class of connections to *address*, and what they take."""
    if address.scheme == "unix":
        return connections.UnixDomainSocketConnection, {"path": address.path}
    place = {"host": address.host, "port": address.port}
    if address.scheme == "redis":
        return connections.Connection, place
    return _tls_connection(ssl.create_default_context(cafile=ca_file or None)), place


def _tls_connection(trust: ssl.SSLContext) -> Any:  # noqa: ANN401 - a class
    """Return the class of connections over TLS that *trust* whom we choose alone."""
    trust.minimum_version = ssl.TLSVersion.TLSv1_2

    class TlsConnection(connections.SSLConnection):
        def __init__(self, **options: Any) -> None:  # noqa: ANN401 - of redis-py
            super().__init__(**options)
            self.ssl_context.context = trust

    return TlsConnection
