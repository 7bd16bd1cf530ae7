"""``gateway sessions revoke``: tells the running gateway whom to sign out."""

import asyncio
from dataclasses import dataclass

import aiohttp

from config.listen import TcpAddress
from config.settings import Settings
from gateway.operations.order import PATH, SIGNATURE, Order, write_order
from gateway.sessions.revocations import Whose

OK, FAILURE, BAD_USAGE = 0, 1, 2  # exit codes
PATIENCE = 10.0  # seconds
_WHO = {
    Whose.SUBJECT: "Whoever had signed in as the subject {}",
    Whose.X_ID: "Whoever had signed in as the X account {}",
    Whose.EVERYBODY: "Everybody who had signed in",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to say, and the exit code."""

    sentence: str
    code: int


def revoke(settings: Settings, whose: str, value: str, now: float) -> Outcome:
    """Have the gateway of *settings* end the sessions of *whose* *value*.

    *whose* is "subject", "x-id" or "everybody"; *now* is in unix seconds.
    """
    where = settings.admin.listen
    if where is None:
        return Outcome(
            "admin.listen is empty, so a running gateway cannot be told anything: "
            "give it an address, and restart it",
            BAD_USAGE,
        )
    if isinstance(where, TcpAddress) and not where.port:
        return Outcome(
            "admin.listen has port 0, so nobody knows where the gateway listens: "
            "give it a port, and restart it",
            BAD_USAGE,
        )
    body, signature = write_order(
        Order(Whose(whose), value, now), settings.session.keys[0]
    )
    try:
        status, told = asyncio.run(_post(settings, body, signature))
    except (OSError, aiohttp.ClientError, TimeoutError):
        return Outcome(
            f"no gateway answers at {where} (admin.listen): "
            "start it, or name its configuration with --config",
            FAILURE,
        )
    return _outcome(settings, status, told, _WHO[Whose(whose)].format(value))


def _outcome(settings: Settings, status: int, told: str, who: str) -> Outcome:
    done = f"{who} is signed out."
    match status:
        case 200 if settings.session.store == "redis":
            return Outcome(f"{done} All gateways that share this Redis know it.", OK)
        case 500 if settings.session.store == "redis":
            return Outcome(
                f"{done} But only at this gateway: Redis could not be told, which is "
                "tried again. See the gateway's log",
                FAILURE,
            )
        case 200 if settings.server.state_directory:
            return Outcome(f"{done} A restart will remember it.", OK)
        case 200:
            return Outcome(
                f"{done} A restart forgets it: "
                "server.state_directory is where it would be kept.",
                OK,
            )
        case 500:
            return Outcome(
                f"{done} But it could not be written to server.state_directory, "
                "so a restart forgets it: see the gateway's log",
                FAILURE,
            )
        case _:
            return Outcome(
                f"what answers at {settings.admin.listen} refuses the order "
                f"({status}): {told or 'is it a gateway?'}",
                FAILURE,
            )


async def _post(settings: Settings, body: bytes, signature: str) -> tuple[int, str]:
    """Return the status and the first line of the answer."""
    where = settings.admin.listen
    connector: aiohttp.BaseConnector
    if isinstance(where, TcpAddress):
        connector, host = aiohttp.TCPConnector(), str(where)
    else:
        path = where.path if where is not None else ""
        connector, host = aiohttp.UnixConnector(path), "localhost"
    headers = {SIGNATURE: signature, "Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
        http.post(
            f"http://{host}{PATH}", data=body, headers=headers, allow_redirects=False
        ) as answer,
    ):
        start = await answer.content.read(200)
        line = start.decode("ascii", "replace").partition("\n")[0]
        return answer.status, "".join(c for c in line if c.isprintable())
