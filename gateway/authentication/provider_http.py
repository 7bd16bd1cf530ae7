"""Asking Logto over HTTP: bounded in time and size, JSON or nothing.

What is not a usable answer is :class:`ProviderUnavailable`; redirects are not followed,
because they would carry a code or a secret to somewhere else.
"""

import asyncio
import ssl
from collections.abc import Sequence

import aiohttp

from config.logto import Logto
from gateway.authentication.errors import ProviderUnavailable
from gateway.authentication.provider_call import Answer, Call
from gateway.authentication.strict_json import NotStrictJson, parse_object

LARGEST_ANSWER = 256 * 1024  # bytes
PAUSES = (0.1, 0.2)  # seconds before the second and the third try
# Node closes idle connections after 5 s; a POST on one that it is just closing fails.
KEEP_ALIVE = 2.0  # seconds
_AWAY = frozenset({408, 425, 429})


class _TryAgain(Exception):  # noqa: N818 - never leaves this module
    """The call failed in a way that may pass in a moment."""


def open_session(settings: Logto) -> aiohttp.ClientSession:
    """Return the HTTP session for Logto: no proxy variables, no cookies kept.

    Reads ``settings.ca_file`` (blocking, at start); the certificates in it are then
    the only ones that are trusted for Logto. Raises OSError where it cannot.
    """
    trust: ssl.SSLContext | bool = True  # the system's authorities
    if settings.ca_file:
        trust = ssl.create_default_context(cafile=settings.ca_file)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust, keepalive_timeout=KEEP_ALIVE),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


class ProviderHttp:
    """Sends calls to Logto on *http*; each takes *timeout* seconds at most in all.

    Some have the patience for more.

    *pauses* are the seconds between the tries of one call.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        timeout: float,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        if http.trust_env:
            raise ValueError("the session for Logto must not trust the environment")
        self._http = http
        self._timeout = timeout
        self._pauses = pauses

    async def ask(self, call: Call) -> Answer:
        """Return Logto's answer to *call*.

        Tries again after a connection refused or a 5xx, where that cannot do harm.
        Raises ProviderUnavailable for whatever is not an answer in time, of bearable
        size, with status 200 or 4xx and with JSON in it.
        """
        seconds = self._timeout * call.patience
        try:
            async with asyncio.timeout(seconds):
                for pause in self._pauses:
                    try:
                        return await self._ask_once(call)
                    except _TryAgain:
                        await asyncio.sleep(pause)
                return await self._ask_once(call)
        except _TryAgain as failure:
            raise ProviderUnavailable(str(failure)) from None
        except TimeoutError:
            raise ProviderUnavailable(
                f"Logto's {call.name} did not answer within {seconds:g} s."
            ) from None

    async def _ask_once(self, call: Call) -> Answer:
        try:
            async with self._http.request(
                "GET" if call.form is None else "POST",
                call.url,
                data=call.form,
                headers=_headers(call),
                allow_redirects=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            ) as response:
                return await _read(call, response)
        except aiohttp.ClientConnectorError as error:
            raise _TryAgain(
                f"Logto's {call.name} cannot be reached: {_cause(error)}."
            ) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Neither the text nor the cause: they may hold what was sent.
            text = f"Logto's {call.name} broke off ({type(error).__name__})."
            if call.repeatable:
                raise _TryAgain(text) from None
            raise ProviderUnavailable(text) from None


async def _read(call: Call, response: aiohttp.ClientResponse) -> Answer:
    if response.status >= 500 or response.status in _AWAY:  # noqa: PLR2004
        text = f"Logto's {call.name} answers with status {response.status}."
        raise _TryAgain(text) if call.repeatable else ProviderUnavailable(text)
    if response.status != 200 and response.status < 400:  # noqa: PLR2004
        raise ProviderUnavailable(
            f"Logto's {call.name} answers with status {response.status}: "
            "redirects are not followed."
        )
    if response.status == 200 and not call.wants_json:  # noqa: PLR2004
        return Answer(response.status, {})
    try:
        document = parse_object(await _body(call, response))
    except NotStrictJson:
        document = None
    if document is None or not _is_json(response):
        raise ProviderUnavailable(
            f"Logto's {call.name} answers with status {response.status} "
            "and something other than JSON."
        )
    return Answer(response.status, document)


async def _body(call: Call, response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise ProviderUnavailable(
                f"Logto's {call.name} answers with more than {LARGEST_ANSWER} bytes."
            )
    return bytes(body)


def _is_json(response: aiohttp.ClientResponse) -> bool:
    kind = response.content_type
    encoding = response.headers.get("Content-Encoding", "identity")
    return encoding == "identity" and (
        kind == "application/json"
        or (kind.startswith("application/") and kind.endswith("+json"))
    )


def _headers(call: Call) -> dict[str, str]:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if call.bearer is not None:
        headers["Authorization"] = f"Bearer {call.bearer}"
    return headers


def _cause(error: aiohttp.ClientConnectorError) -> str:
    """Return the system's words for *error*, such as "Connection refused"."""
    if isinstance(
        error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError
    ):
        return "its certificate is not trusted, or it does not speak TLS"
    return error.os_error.strerror or type(error.os_error).__name__
