"""One request, and the head of its answer: what a check looks at."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

CUT = 64 * 1024  # bytes that are read of a body, so that its connection ends well


class Unreached(Exception):  # noqa: N818 - says what is the case
    """No answer came; the message says why, without what was asked."""


class Untrusted(Unreached):
    """Something is there, and its certificate is not trusted."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The head of an answer."""

    status: int
    location: str
    date: str
    set_cookies: tuple[str, ...] = field(repr=False)


async def look(
    http: aiohttp.ClientSession,
    url: str,
    seconds: float,
    headers: Mapping[str, str] | None = None,
) -> Seen:
    """Return how *url* answers a GET within *seconds*; redirects are not followed.

    Raises Unreached.
    """
    try:
        async with (
            asyncio.timeout(seconds),
            http.get(
                url,
                headers=headers,
                allow_redirects=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            ) as answer,
        ):
            await answer.content.read(CUT)
            return Seen(
                answer.status,
                answer.headers.get("Location", ""),
                answer.headers.get("Date", ""),
                tuple(answer.headers.getall("Set-Cookie", ())),
            )
    except TimeoutError:
        raise Unreached(f"no answer within {seconds:g} s") from None
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
        raise Untrusted(_why_untrusted(error)) from None
    except aiohttp.ClientConnectorError as error:
        raise Unreached(_why_unreached(error.os_error)) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unreached(f"no HTTP answer ({type(error).__name__})") from None


def _why_unreached(error: OSError) -> str:
    match error:
        case ConnectionRefusedError():
            return "connection refused"
        case socket.gaierror():
            return "this machine knows no host of that name"
        case _:
            return error.strerror or type(error).__name__


def _why_untrusted(
    error: aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError,
) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        return getattr(cause, "verify_message", "") or "its certificate is not trusted"
    return "it does not speak TLS as it should"
